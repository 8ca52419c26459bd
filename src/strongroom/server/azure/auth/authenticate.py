"""The door: proves who asks, and that they may ask it."""

from strongroom.server.azure.call import Identity, Request
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.route import Operation
from strongroom.vault import Vault


class Gate:
    """Knows accounts, keys and issuers of tokens."""

    def __init__(self, vault: Vault) -> None:
        """Take the parts."""
        self._vault = vault

    def identify(self, request: Request, operation: Operation) -> Identity:
        """Prove who asks, and that what they show permits the operation.

        Raises:
            Fault: It does not.
        """
        del request, operation
        raise Fault("NotImplemented")
