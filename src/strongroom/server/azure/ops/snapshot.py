"""Snapshots."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def snapshot_blob(call: Call) -> Reply:
    """Snapshot blob."""
    del call
    raise Fault("NotImplemented")
