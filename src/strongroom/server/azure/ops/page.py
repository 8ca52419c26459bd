"""Pages of page blobs."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def put_pages(call: Call) -> Reply:
    """Put pages."""
    del call
    raise Fault("NotImplemented")


def get_page_ranges(call: Call) -> Reply:
    """Get page ranges."""
    del call
    raise Fault("NotImplemented")
