"""What the end-to-end tests stand on: content, file server, SOCKS5, names, proxy, network."""

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY / "examples" / "private_network"))
