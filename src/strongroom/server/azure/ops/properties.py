"""Metadata, HTTP headers and tier of blobs."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def get_blob_metadata(call: Call) -> Reply:
    """Get blob metadata."""
    del call
    raise Fault("NotImplemented")


def set_blob_metadata(call: Call) -> Reply:
    """Set blob metadata."""
    del call
    raise Fault("NotImplemented")


def set_blob_properties(call: Call) -> Reply:
    """Set blob properties."""
    del call
    raise Fault("NotImplemented")


def set_blob_tier(call: Call) -> Reply:
    """Set blob tier."""
    del call
    raise Fault("NotImplemented")
