"""Index tags of blobs, and finding blobs by them."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def find_blobs_by_tags(call: Call) -> Reply:
    """Find blobs by tags."""
    del call
    raise Fault("NotImplemented")


def get_blob_tags(call: Call) -> Reply:
    """Get blob tags."""
    del call
    raise Fault("NotImplemented")


def set_blob_tags(call: Call) -> Reply:
    """Set blob tags."""
    del call
    raise Fault("NotImplemented")
