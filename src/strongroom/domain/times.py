"""Times in a recording, as people write and read them."""

import re

from strongroom.errors import UsageError

MINUTE = 60
HOUR = 3600
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d{1,2}(?:[.,]\d+)?)", re.ASCII)
_UNITS = re.compile(r"(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:[.,]\d+)?)s?)?", re.ASCII)


def seconds(text: str) -> float:
    """Read a time: ``1:02:03``, ``62:03.5``, ``1h2m3s`` or ``3723``.

    Raises:
        UsageError: It is none of these.
    """
    plain = text.strip().lower()
    found = _CLOCK.fullmatch(plain) or _UNITS.fullmatch(plain)
    if found is None:
        raise UsageError(f"{text!r} is no time: write hours, minutes and seconds as 1:02:03, or seconds as 3723.5")
    hours, minutes, rest = (float((part or "0").replace(",", ".")) for part in found.groups())
    return hours * HOUR + minutes * MINUTE + rest


def clock(of: float, digits: int = 0, mark: str = ".") -> str:
    """Write a time as ``1:02:03``.

    Args:
        of: Seconds.
        digits: Digits after the second; what lies beyond is cut off where there are none, else rounded.
        mark: Stands before them.
    """
    unit = 10**digits
    whole, fraction = divmod(round(of * unit) if digits else int(of), unit)
    text = f"{whole // HOUR}:{whole % HOUR // MINUTE:02}:{whole % MINUTE:02}"
    return f"{text}{mark}{fraction:0{digits}}" if digits else text
