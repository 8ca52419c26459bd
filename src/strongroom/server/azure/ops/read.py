"""Get Blob and Get Blob Properties."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def get_blob(call: Call) -> Reply:
    """Get blob."""
    del call
    raise Fault("NotImplemented")


def get_blob_properties(call: Call) -> Reply:
    """Get blob properties."""
    del call
    raise Fault("NotImplemented")
