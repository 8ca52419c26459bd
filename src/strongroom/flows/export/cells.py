"""Text that a table program takes as text: what a stranger named a file must not become a formula, or break a row."""

import re

LONGEST = 32_000
"""Characters of a cell; Excel takes 32,767."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]+")
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What begins a formula, in Excel, LibreOffice or their East Asian editions (OWASP, CSV injection)."""


def clean(text: str) -> str:
    """Give text without control characters and what is no valid Unicode, no longer than a cell holds."""
    text = _CONTROL.sub(" ", text.encode("utf-8", "replace").decode("utf-8"))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def quoted(value: object) -> object:
    """Give a value for a CSV file: a text that would be read as a formula begins with ``'`` in place of it; numbers stay."""
    if not isinstance(value, str):
        return value
    text = clean(value)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or value[:1] in ("\t", "\r", "\n") else text
