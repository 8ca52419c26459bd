"""What is said of names that no container or blob may have."""

from strongroom.server.azure.faults import Fault
from strongroom.storage.names import BLOB_CHARACTERS

LENGTHS = range(3, 64)
BLOB_LENGTHS = range(1, BLOB_CHARACTERS + 1)
TOO_LONG = "The specified resource name length is not within the permissible limits."


def name_fault(name: str) -> Fault:
    """Give the fault of a name that no container may have: it is too short or too long, or else ill-formed."""
    if len(name) not in LENGTHS:
        return Fault("OutOfRangeInput", TOO_LONG)
    return Fault("InvalidResourceName")


def blob_name_fault(name: str) -> Fault:
    """Give the fault of a name that no blob may have: it is too long, or else has too many parts, or a wrong character."""
    return Fault("OutOfRangeInput", TOO_LONG) if len(name) not in BLOB_LENGTHS else Fault("InvalidResourceName")
