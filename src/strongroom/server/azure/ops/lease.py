"""Leases of blobs and containers."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def lease_container(call: Call) -> Reply:
    """Lease container."""
    del call
    raise Fault("NotImplemented")


def lease_blob(call: Call) -> Reply:
    """Lease blob."""
    del call
    raise Fault("NotImplemented")
