"""Many deletions or tiers in one request."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def blob_batch(call: Call) -> Reply:
    """Blob batch."""
    del call
    raise Fault("NotImplemented")
