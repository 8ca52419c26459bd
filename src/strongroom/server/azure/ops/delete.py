"""Deleting blobs, and restoring them."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def delete_blob(call: Call) -> Reply:
    """Delete blob."""
    del call
    raise Fault("NotImplemented")


def undelete_blob(call: Call) -> Reply:
    """Undelete blob."""
    del call
    raise Fault("NotImplemented")
