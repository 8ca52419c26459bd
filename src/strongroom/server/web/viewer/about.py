"""What a content says of itself, in words that a reader would use."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from markupsafe import Markup, escape

from strongroom.domain.card import Card
from strongroom.domain.times import clock
from strongroom.server.web.pages import counted, when

KNOWN = frozenset({"duration", "height", "phash", "page-count", "has-audio", "has-video", "container", "streams", "shots"})
"""Properties that are told elsewhere, or tell a reader nothing."""
LABELS = {
    "width": "Pixels",
    "bit-rate": "Data rate",
    "message-id": "Message id",
    "software": "Made by",
    "producer": "Made by",
    "date": "Dated",
    "modified": "Last changed",
    "gps": "Place",
    "latitude": "Place",
    "iso": "ISO",
    "orientation": "Turned",
}
TURNS = {1: "not at all", 3: "upside down", 6: "a quarter to the right", 8: "a quarter to the left"}
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
LONGEST = 400
"""Characters of a value that are shown."""


def facts(card: Card) -> Iterator[tuple[str, str]]:
    """Give label and value of each property, readable."""
    said = card.properties
    for name, value in said.items():
        if name in KNOWN or (name == "longitude" and "latitude" in said) or value in ("", None):
            continue
        label = LABELS.get(name) or name.replace("-", " ").capitalize()
        yield label, _read(name, value, said)


def _read(name: str, value: object, said: Mapping[str, object]) -> str:
    form = FORMS.get(name)
    if form is not None and isinstance(value, int | float) and not isinstance(value, bool):
        return form(value, said)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))[:LONGEST]
    if isinstance(value, str) and INSTANT.fullmatch(value):
        return _when(value)
    text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _when(value: str) -> str:
    """Write an instant; one without a zone stands as it was written."""
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return value
    return escape(value.replace("T", " ")) if instant.tzinfo is None else when(instant.astimezone(UTC))


Form = Callable[[float, Mapping[str, object]], str]
FORMS: Mapping[str, Form] = {
    "width": lambda value, said: f"{value:,.0f} by {said.get('height', '?')}",
    "bit-rate": lambda value, _: f"{value / 1000:,.0f} kbit/s",
    "sample-rate": lambda value, _: f"{value / 1000:g} kHz",
    "frame-rate": lambda value, _: f"{value:g} pictures a second",
    "loudness": lambda value, _: f"{value:g} LUFS",
    "silence-share": lambda value, _: f"{value:.0%}",
    "latitude": lambda value, said: f"{value:.5f}, {said.get('longitude', '?')} (latitude, longitude)",
    "altitude": lambda value, _: f"{value:g} m",
    "orientation": lambda value, _: TURNS.get(round(value), "mirrored"),
    "exposure-time": lambda value, _: f"1/{1 / value:.0f} s" if 0 < value < 1 else f"{value:g} s",
    "f-number": lambda value, _: f"f/{value:g}",
    "focal-length": lambda value, _: f"{value:g} mm",
}
"""How numbers are written, by their property."""


def read_as(state: str) -> str:
    """Give what became of a reading, in words."""
    return {"done": "read", "failed": "failed", "skipped": "passed over"}.get(state, state)


def length(card: Card) -> Markup | str:
    """Give how long, or of how many pages, a content is."""
    if card.duration:
        return clock(card.duration)
    return counted(card.page_count, "page") if card.page_count and card.type != "image" else ""
