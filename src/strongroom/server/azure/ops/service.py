"""The service itself: its properties, statistics, account, delegation keys."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault


def get_blob_service_properties(call: Call) -> Reply:
    """Get blob service properties."""
    del call
    raise Fault("NotImplemented")


def set_blob_service_properties(call: Call) -> Reply:
    """Set blob service properties."""
    del call
    raise Fault("NotImplemented")


def get_blob_service_stats(call: Call) -> Reply:
    """Get blob service stats."""
    del call
    raise Fault("NotImplemented")


def get_account_information(call: Call) -> Reply:
    """Get account information."""
    del call
    raise Fault("NotImplemented")


def get_user_delegation_key(call: Call) -> Reply:
    """Get user delegation key."""
    del call
    raise Fault("NotImplemented")
