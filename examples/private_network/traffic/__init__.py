"""Traffic for the private network: checkable content, a file server, a SOCKS5 client, transfers
that account for every byte, and a runner for onion-proxy."""
