"""Blocks: putting, committing and listing them."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def put_block(call: Call) -> Reply:
    """Put block."""
    del call
    raise Fault("NotImplemented")


def put_block_list(call: Call) -> Reply:
    """Put block list."""
    del call
    raise Fault("NotImplemented")


def get_block_list(call: Call) -> Reply:
    """Get block list."""
    del call
    raise Fault("NotImplemented")
