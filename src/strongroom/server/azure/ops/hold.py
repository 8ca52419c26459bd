"""Immutability policies and legal holds of blobs."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def set_immutability_policy(call: Call) -> Reply:
    """Set immutability policy."""
    del call
    raise Fault("NotImplemented")


def delete_immutability_policy(call: Call) -> Reply:
    """Delete immutability policy."""
    del call
    raise Fault("NotImplemented")


def set_legal_hold(call: Call) -> Reply:
    """Set legal hold."""
    del call
    raise Fault("NotImplemented")
