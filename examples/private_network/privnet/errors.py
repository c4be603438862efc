"""The one error that callers of this package see."""


class NetworkError(Exception):
    """What went wrong, in words for the person at the keyboard."""
