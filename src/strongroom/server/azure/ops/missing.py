"""Operations of the protocol that Strongroom does not have."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def not_implemented(call: Call) -> Reply:
    """Not implemented."""
    del call
    raise Fault("NotImplemented")
