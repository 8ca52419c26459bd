"""How somebody who could not prove who they are is told so."""

from strongroom.server.azure.faults import Fault


def refused(detail: str) -> Fault:
    """Give the fault of somebody who could not prove who they are.

    Args:
        detail: Why, for the owner of the key to understand; nothing in it is secret.
    """
    return Fault("AuthenticationFailed", AuthenticationErrorDetail=detail)
