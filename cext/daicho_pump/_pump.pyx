# Moves ZeroMQ frames between pyzmq's sockets and the step thread.


def version() -> str:
    """Version of the pump's distribution."""
    return "0.1.0"
