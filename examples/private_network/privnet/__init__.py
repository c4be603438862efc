"""A private network of stock tor processes on loopback, for tests and experiments.

    from privnet import NetworkOptions, PrivateNetwork
    with PrivateNetwork.running(NetworkOptions(relays=5), Path("/tmp/net")) as network:
        print(network.authorities_path.read_text())
"""

from .control import ControlClient, ControlError
from .errors import NetworkError
from .layout import Node
from .network import PrivateNetwork
from .options import ClientOptions, NetworkOptions
from .progress import Progress
from .state import default_directory

__all__ = ["ClientOptions", "ControlClient", "ControlError", "NetworkError", "NetworkOptions",
           "Node", "PrivateNetwork", "Progress", "default_directory"]
