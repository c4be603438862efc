"""What kind each block of the documents is that is neither run, compared nor compiled, and why. A
block is named by its page and its first line; one that is named nowhere fails the test."""

# Shell that no test runs as it stands. Its syntax, its options and its paths are checked all the same.
NOT_RUN = {
    ("README.md", "bash examples/quickstart.sh    # fresh Debian 12: installs, builds, runs a private tor "
     "network, moves files"): "the gate runs both lines",
    ("CONTRIBUTING.md", "bash test/run.sh            # everything: installs Debian 12 packages, builds, "
     "runs all tests"): "builds everything five times over; the gate runs its parts",
    ("examples/onion_proxy/README.md",
     "python3 examples/private_network/private_network.py start --dir /tmp/net"):
        "test/e2e runs the same with a network of its own",
    ("examples/private_network/README.md",
     "./private_network.py start                 # 3 authorities, 4 relays, 2 exits, free ports"):
        "test/e2e runs them all",
    ("host_api/README.md", "cmake --preset release"): "the build that this test is a part of",
    ("host_api/conformance/README.md",
     "cmake --build --preset release --target mpath_validate conflux"):
        "as above; host_api.validate runs the second line",
    ("host_api/conformance/check/README.md",
     "MPATH_CHECK_TARGET=/usr/lib/mpath/conflux.so MPATH_CHECK_REPORT=/tmp/report.jsonl \\"):
        "stands for the reader's own proxy; host_api/README.md runs it with minimal_host",
    ("host_api/conformance/check/README.md",
     "mpath-replay run.trace build/release/lib/conflux.so   # identical: 1234 calls, or the first "
     "difference"): "host_api/README.md runs it with a trace of its own",
    ("host_api/conformance/probe/README.md", "cat >probe.script <<'TEXT'"):
        "stands for the reader's own proxy; host_api/README.md runs it with minimal_host",
    ("packaging/OPERATING.md", "packaging/build-deb.sh --output /tmp/packages"):
        "needs root; the packages' own test installs them in a chroot",
    ("host_api/embedding/rust.md",
     "rustc --edition 2021 -O -D warnings examples/rust_host/main.rs -o rust_host"):
        "docs_hosts.RustHost builds and runs it, where there is a rustc",
    ("test/mutation/README.md",
     "test/mutation/mutate.py                          # a sample of 300, seed 1"): "takes hours",
}

# The same for all shell of the pages below a directory.
NOT_RUN_BELOW = {
    "test/bench/": "measures for minutes to hours",
}

# Text that is no code: what it is, and where it comes from.
PICTURES = {
    ("README.md", "MB/s, 40 MB each, stock tor 0.4.9 relays at 2000 KB/s, profile fast, 2026-11-22"):
        "captured; its date and how to measure it again stand beside it",
    ("README.md", "conflux top  proxy live  up 5 s                              every 1 s  23:42:31"):
        "captured; test/sidecar/ctl takes such pictures and compares them",
    ("ARCHITECTURE.md", "host process (any Tor-like proxy)                        outside"): "a diagram",
    ("host_api/ABI.md", "leg_set_path                 legs_add, link"): "a diagram",
    ("host_api/ABI.md", "tunnel_create          legs_add"): "a diagram",
}

# Configuration of other programs.
FOREIGN = {
    ("packaging/monitoring/README.md", "server {"): "nginx",
}

# Parts of our configuration that are valid only under `profile: lab`; the page says so.
LAB_ONLY = {
    ("packaging/monitoring/README.md", "endpoint: https://collector.example:4317"),
}

# Lines that are part of a program: the file of test/docs/fragments that has the rest.
FRAGMENTS = {
    ("README.md", 'auto opened = mpath::open_plugin({.path = "/usr/lib/mpath/conflux.so", .pins = {}}, '
     "{yaml, name});"): "hook_up.cc",
}

# Names in backticks that look like files of the repository and are none.
NOT_FILES = {
    "nodes/NICK": "a directory that a private network makes",
    "test_conflux_cell.c": "of C tor",
    "test_conflux_pool.c": "of C tor",
    "test_entrynodes.c": "of C tor",
    "client/circuit.rs": "of Arti",
    "NAME.cc": "NAME stands for a name",
    "corpus/NAME": "NAME stands for a name",
}
