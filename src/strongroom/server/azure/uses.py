"""Who uses what, for the ledger."""

from strongroom.server.azure.call import Call, Request
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.route import Operation


class Silent:
    """Notes nothing."""

    def note(self, call: Call, operation: Operation) -> None:
        """Take a use."""

    def refuse(self, request: Request, fault: Fault) -> None:
        """Take a refusal."""
