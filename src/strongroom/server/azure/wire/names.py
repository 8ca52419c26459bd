"""What is said of names that no container may have."""

from strongroom.server.azure.faults import Fault

LENGTHS = range(3, 64)


def name_fault(name: str) -> Fault:
    """Give the fault of a name that no container may have: it is too short or too long, or else ill-formed."""
    if len(name) not in LENGTHS:
        return Fault("OutOfRangeInput", "The specified resource name length is not within the permissible limits.")
    return Fault("InvalidResourceName")
