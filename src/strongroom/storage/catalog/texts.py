"""Texts from files, made fit for both databases."""

import math
import re
from typing import Any

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
UNFIT = re.compile("[\0\ud800-\udfff]")


def storable(value: Any) -> Any:
    """Give JSON-like data with every text free of what a database refuses: NUL, lone surrogates, numbers without end."""
    if isinstance(value, str):
        return UNFIT.sub(REPLACEMENT, value)
    if isinstance(value, dict):
        return {storable(str(name)): storable(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
