"""Appending to append blobs, and sealing them."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def append_block(call: Call) -> Reply:
    """Append block."""
    del call
    raise Fault("NotImplemented")


def seal_append_blob(call: Call) -> Reply:
    """Seal append blob."""
    del call
    raise Fault("NotImplemented")
