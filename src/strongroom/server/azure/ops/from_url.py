"""Writing from a URL: whole blobs, blocks, appends, pages."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def put_blob_from_url(call: Call) -> Reply:
    """Put blob from url."""
    del call
    raise Fault("NotImplemented")


def put_block_from_url(call: Call) -> Reply:
    """Put block from url."""
    del call
    raise Fault("NotImplemented")


def append_block_from_url(call: Call) -> Reply:
    """Append block from url."""
    del call
    raise Fault("NotImplemented")


def put_pages_from_url(call: Call) -> Reply:
    """Put pages from url."""
    del call
    raise Fault("NotImplemented")
