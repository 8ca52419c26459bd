"""Copies of blobs, by the server."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def copy_blob_from_url(call: Call) -> Reply:
    """Copy blob from url."""
    del call
    raise Fault("NotImplemented")


def copy_blob(call: Call) -> Reply:
    """Copy blob."""
    del call
    raise Fault("NotImplemented")


def incremental_copy(call: Call) -> Reply:
    """Incremental copy."""
    del call
    raise Fault("NotImplemented")


def abort_copy(call: Call) -> Reply:
    """Abort copy."""
    del call
    raise Fault("NotImplemented")
