"""Names of members: kept as the parent spells them, but for what could mislead a reader or a file system."""

import re
from collections.abc import Iterable

from strongroom.analyzers import decoding
from strongroom.domain.findings import PROPERTIES, Segment
from strongroom.domain.locator import Locator

LONGEST = 1000
"""Characters of a member's path."""
LISTED = 16_000
"""Characters of names in a properties segment."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(name: str, number: int) -> str:
    """Give a member's path without ``..``, leading slashes and control characters (direction marks among them).

    Args:
        name: As the parent spells it.
        number: Its place in the parent, for one without a name.
    """
    if "/" not in name:
        name = name.replace("\\", "/")
    name = _SURROGATE.sub("\ufffd", _CONTROL.sub("", name))
    steps = [step for step in name.split("/") if step.strip() not in ("", ".", "..")]
    path = "/".join(steps)
    if len(path) > LONGEST:
        suffix = steps[-1].rpartition(".")[2]
        path = path[: LONGEST - 20] + "…" + ("." + suffix if len(suffix) < len(".extension") else "")
    return path or f"member-{number}"


def decode(raw: bytes, fallback: str) -> str:
    """Decode a name whose charset is not stated: UTF-8 where it is that, else what it most likely is.

    Args:
        raw: The bytes.
        fallback: Encoding to use where nothing better is found.
    """
    if _holds(raw, "utf-8"):
        return raw.decode("utf-8")
    if fallback == "cp437" and all(char.isalpha() for char in raw.decode("cp437") if char > "\x7f"):
        return raw.decode("cp437")
    guessed = decoding.guess(raw)
    return raw.decode(guessed if guessed and _holds(raw, guessed) else fallback, "replace")


def _holds(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def listing(names: Iterable[str]) -> Segment:
    """Give a segment of the names, so that a parent is found by what it holds."""
    text: list[str] = []
    room = LISTED
    for name in names:
        if (room := room - len(name) - 1) < 0:
            break
        text.append(name)
    return Segment(kind=PROPERTIES, text="\n".join(text), locator=Locator(part="member names"))


class Unique:
    """Gives a path that came before a number, so that no member hides another."""

    def __init__(self) -> None:
        """Start with none."""
        self._seen: dict[str, int] = {}

    def take(self, path: str) -> str:
        """Give the path, or ``name-2.ext`` where it came before."""
        count = self._seen[path] = self._seen.get(path, 0) + 1
        if count == 1:
            return path
        stem, dot, suffix = path.rpartition(".")
        other = f"{stem}-{count}.{suffix}" if dot and "/" not in suffix and stem else f"{path}-{count}"
        return self.take(other) if other in self._seen else self._mark(other)

    def _mark(self, path: str) -> str:
        self._seen[path] = 1
        return path
