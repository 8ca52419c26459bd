"""Lists of containers and of blobs."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def list_containers(call: Call) -> Reply:
    """List containers."""
    del call
    raise Fault("NotImplemented")


def list_blobs(call: Call) -> Reply:
    """List blobs."""
    del call
    raise Fault("NotImplemented")
