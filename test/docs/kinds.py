"""What kind each block of the documents is that is neither run, compared nor compiled, and why. A
block is named by its page and how its first line begins; one that is named nowhere fails the test.
"""

# Shell that no test runs as it stands. Its syntax, options and paths are checked all the same.
NOT_RUN = {
    ("README.md", "bash examples/quickstart.sh"): "the gate runs both lines",
    ("CONTRIBUTING.md", "bash test/run.sh"): "builds everything; the gate runs its parts",
    ("examples/onion_proxy/PERFORMANCE.md", "# CPU time and instructions of a cell's work"):
        "measures for minutes; the bench's smoke tests run the first lines",
    ("examples/onion_proxy/README.md", "python3 examples/private_network/private_network.py start"):
        "test/e2e runs the same with a network of its own",
    ("examples/private_network/README.md", "./private_network.py start"): "test/e2e runs them all",
    ("examples/scheduler_lab/README.md", "build/release/bin/scheduler_lab examples"):
        "test/scheduler_lab runs all scenarios in process",
    ("host_api/README.md", "cmake --preset release"): "the build that this test is a part of",
    ("host_api/conformance/README.md", "cmake --build --preset release"):
        "as above; host_api.validate runs the second line",
    ("host_api/conformance/check/README.md", "MPATH_CHECK_TARGET=/usr/lib/mpath/conflux.so"):
        "stands for the reader's own proxy; host_api/README.md runs it with minimal_host",
    ("host_api/conformance/check/README.md", "mpath-replay run.trace"):
        "host_api/README.md runs it with a trace of its own",
    ("host_api/conformance/probe/README.md", "cat >probe.script"):
        "stands for the reader's own proxy; host_api/README.md runs it with minimal_host",
    ("host_api/embedding/rust.md", "rustc --edition 2021"):
        "docs_hosts.RustHost builds and runs it, where there is a rustc",
    ("packaging/OPERATING.md", "packaging/build-deb.sh"):
        "needs root; the packages' own test installs them in a chroot",
    ("test/mutation/README.md", "test/mutation/mutate.py"): "takes hours",
}

# The same for all shell of the pages below a directory.
NOT_RUN_BELOW = {
    "test/bench/": "measures for minutes to hours",
}

# Text that is no code: what it is, and where it comes from.
PICTURES = {
    ("README.md", "MB/s, 20 rounds in turn, stock tor"):
        "captured; its date and how to measure it again stand beside it",
    ("README.md", "conflux top  proxy live"):
        "captured; test/sidecar/ctl takes such pictures and compares them",
    ("ARCHITECTURE.md", "host process (any Tor-like proxy)"): "a diagram",
    ("host_api/ABI.md", "leg_set_path"): "a diagram",
    ("host_api/ABI.md", "tunnel_create"): "a diagram",
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
    ("README.md", "auto opened = mpath::open_plugin("): "hook_up.cc",
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


def named_in(table: dict, block) -> str | None:
    """What a table says of a block; None: nothing."""
    return next((what for (page, first), what in table.items()
                 if page == block.page and block.first.startswith(first)), None)
