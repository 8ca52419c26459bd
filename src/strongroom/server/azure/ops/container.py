"""Containers: making, telling of, changing, deleting and restoring them."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def create_container(call: Call) -> Reply:
    """Create container."""
    del call
    raise Fault("NotImplemented")


def get_container_properties(call: Call) -> Reply:
    """Get container properties."""
    del call
    raise Fault("NotImplemented")


def delete_container(call: Call) -> Reply:
    """Delete container."""
    del call
    raise Fault("NotImplemented")


def set_container_metadata(call: Call) -> Reply:
    """Set container metadata."""
    del call
    raise Fault("NotImplemented")


def get_container_metadata(call: Call) -> Reply:
    """Get container metadata."""
    del call
    raise Fault("NotImplemented")


def get_container_acl(call: Call) -> Reply:
    """Get container acl."""
    del call
    raise Fault("NotImplemented")


def set_container_acl(call: Call) -> Reply:
    """Set container acl."""
    del call
    raise Fault("NotImplemented")


def restore_container(call: Call) -> Reply:
    """Restore container."""
    del call
    raise Fault("NotImplemented")
