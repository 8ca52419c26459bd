"""Why an item was lost, in words for people."""

import signal

GIB, MIB = 1024**3, 1024**2


def ended(code: int) -> str:
    """Tell how a worker ended by itself.

    Args:
        code: The exit code, or the negative number of a signal.
    """
    if code == -signal.SIGKILL:
        return "the reader was killed (signal 9), most likely because the machine ran out of memory"
    if code < 0:
        return f"the reader crashed (signal {-code})"
    return f"the reader ended unexpectedly (exit code {code})"


def too_long(seconds: float) -> str:
    """Tell that the time limit was passed."""
    return f"took longer than {seconds:g} s"


def too_large(limit: int) -> str:
    """Tell that the memory limit was passed."""
    size = f"{limit / GIB:.3g} GB" if limit >= GIB else f"{limit / MIB:.3g} MB"
    return f"needed more than {size} of memory"
