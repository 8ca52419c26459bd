"""Put Blob, for block, append and page blobs."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def put_blob(call: Call) -> Reply:
    """Put blob."""
    del call
    raise Fault("NotImplemented")
