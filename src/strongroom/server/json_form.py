"""Values to the JSON that programs read; docs/reference has each shape."""

import json
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum

from strongroom.domain.content import Name
from strongroom.domain.hit import Hit, Match, Results
from strongroom.domain.locator import Locator


def to_json(value: object) -> str:
    """Write a value as indented JSON."""
    return json.dumps(plain(value), ensure_ascii=False, indent=2)


def plain(value: object) -> object:
    """Turn a value into what JSON knows; a character that is not valid Unicode becomes ``?``."""
    if isinstance(value, Hit):
        return _hit(value)
    if isinstance(value, Locator):
        return _locator(value)
    if isinstance(value, Name):
        return {**_fields(value), "text": plain(str(value))}
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return _fields(value)
    return _basic(value)


def _basic(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    return value


def _fields(value: object) -> dict[str, object]:
    return {f.name: plain(getattr(value, f.name)) for f in fields(value)}  # type: ignore[arg-type]


def _locator(locator: Locator) -> dict[str, object]:
    given = {name: item for name, item in _fields(locator).items() if item not in (None, [])}
    return {**given, "label": locator.label()}


def _match(match: Match) -> dict[str, object]:
    return {**_fields(match), **_moment(match), "marks": [list(mark) for mark in match.marks]}


def _moment(match: Match) -> dict[str, object]:
    return {"t_start": match.t_start, "t_end": match.t_end, "frame": match.frame}


def _hit(hit: Hit) -> dict[str, object]:
    best = hit.matches[0]
    return {
        "content": hit.content,
        "names": plain(hit.names),
        "container": hit.names[0].container,
        "kind": best.kind,
        "type": hit.type,
        "media_type": hit.media_type,
        "size": hit.size,
        "score": hit.score,
        "locator": _locator(best.locator),
        "snippet": plain(best.snippet),
        **_moment(best),
        "matches": [_match(match) for match in hit.matches],
        "properties": plain(hit.properties),
    }


def results_json(results: Results) -> str:
    """Write a page of a search; the shape is documented and stable."""
    return to_json(results)
