"""Names and texts of strangers, made safe for a folder and a page on somebody's disk."""

import re
from collections.abc import Sequence

from markupsafe import Markup, escape

LONGEST = 80
"""Characters of a file's name, which every file system and zip program takes."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
STEP = 1000


def file_name(name: str) -> str:
    """Give a name that no system reads as a path or a device; put a number before it, which also makes it unique."""
    last = re.split(r"[/\\]", name)[-1]
    stem, dot, ending = _UNSAFE.sub("_", last).rpartition(".")
    ending = ending[:10]
    return (f"{stem[: LONGEST - len(ending) - 1]}{dot}{ending}" if stem else f"{ending}").strip("._") or "file"


def marked(text: str, marks: Sequence[tuple[int, int]]) -> Markup:
    """Write a text for a page, with its matched stretches marked."""
    parts, at = [], 0
    for start, end in marks:
        parts += [escape(text[at:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>")]
        at = end
    return Markup("").join([*parts, escape(text[at:])])


def size(count: float) -> str:
    """Write bytes for people: ``1.2 MB``."""
    for unit in ("B", "kB", "MB"):
        if count < STEP:
            return f"{count:.0f} {unit}"
        count /= STEP
    return f"{count:.1f} GB"
