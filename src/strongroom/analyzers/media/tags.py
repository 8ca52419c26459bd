"""What a recording says of itself: its tags, when and where it was taken, by which camera."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from av.container import InputContainer

from strongroom.analyzers import decoding
from strongroom.analyzers.image_facts import LONGEST, Facts, add_words, moment
from strongroom.domain.findings import PROPERTIES, Segment
from strongroom.domain.locator import Locator

WORDS = (
    *("title", "album", "artist", "show", "genre", "description", "lyrics", "keywords", "publisher", "copyright", "place"),
    "released",
)
"""The fields that a person wrote; they can be searched."""
CHAPTERS = 500
"""Chapters that are given, at most."""

_NAMES = {
    "title": ("title", "com.apple.quicktime.title", "com.apple.quicktime.displayname", "wm/subtitle", "tit3"),
    "album": ("album", "com.apple.quicktime.album"),
    "artist": (
        *("artist", "album_artist", "performer", "author", "composer", "com.apple.quicktime.artist", "wm/composer", "lyricist"),
        *("com.apple.quicktime.author", "director", "conductor"),
    ),
    "show": ("show", "episode_id", "network", "service_name", "wm/seriestitle"),
    "genre": ("genre", "com.apple.quicktime.genre"),
    "description": (
        *("description", "comment", "synopsis", "subtitle", "summary", "com.apple.quicktime.comment", "wm/subtitledescription"),
        "com.apple.quicktime.description",
    ),
    "keywords": ("keywords", "com.apple.quicktime.keywords"),
    "publisher": ("publisher", "service_provider", "com.apple.quicktime.publisher"),
    "copyright": ("copyright", "com.apple.quicktime.copyright"),
    "place": ("com.apple.quicktime.location.name", "location_name", "recording_location"),
    "released": ("date", "year", "date_released", "tdor", "originaldate", "wm/year", "com.apple.quicktime.year"),
    "track": ("track", "wm/tracknumber"),
    "software": ("encoder", "encoded_by", "software", "com.apple.quicktime.software", "encoding_tool", "writing_application"),
}
"""Fields and the names that FFmpeg gives them, lower case."""
_MAKE = ("com.apple.quicktime.make", "make", "com.android.manufacturer", "manufacturer")
_MODEL = ("com.apple.quicktime.model", "model", "com.android.model", "product_name")
_TAKEN = ("com.apple.quicktime.creationdate", "date_recorded", "date", "creation_time", "originator_date", "wm/encodingtime")
"""Best first: the first tells the local time with its zone, ``creation_time`` is in UTC."""
_UNSET = 1971
"""The year before which no file was recorded: clocks that were not set count from 1904 or 1970."""
_ZONE = re.compile(r"([+-]\d\d)(\d\d)$")
_CLOCK = re.compile(r"\d\d:\d\d(:\d\d)?")
_PLACE = re.compile(r"([+-]\d{2,6}(?:\.\d*)?)([+-]\d{3,7}(?:\.\d*)?)(?:[+-].*)?")
"""ISO 6709, annex H."""
_NUMBERED = re.compile(r"(chapter|kapitel|chapitre|part|track)?[ _]*\d{1,3}", re.IGNORECASE)


def read_facts(container: InputContainer) -> Facts:
    """Read what a recording says of itself.

    Args:
        container: Opened with ``errors="surrogateescape"``, so that tags in old encodings can be told.
    """
    tags = _tags(container)
    fields: dict[str, list[str]] = {}
    for name, keys in _NAMES.items():
        for key in keys:
            add_words(fields, name, [tags[key]] if key in tags else ())
    for key, value in tags.items():
        if key.startswith("lyrics"):
            add_words(fields, "lyrics", [value])
    make, model = (next((tags[key].strip() for key in keys if key in tags), "") for keys in (_MAKE, _MODEL))
    add_words(fields, "camera", [model if model.lower().startswith(make.lower()) else f"{make} {model}"])
    numbers: dict[str, int | float] = {}
    for key, value in tags.items():
        if "location" in key and not numbers:
            numbers.update(_where(value))
    taken = _taken(tags)
    if taken is not None and fields.get("released", [""])[0].startswith(taken.date().isoformat()):
        del fields["released"]
    return Facts(fields=fields, numbers=numbers, taken_at=taken)


def chapters(container: InputContainer) -> Iterator[Segment]:
    """Give the titles of chapters, each with its time; those that are only numbered say nothing."""
    for number, chapter in enumerate(container.chapters()[:CHAPTERS], 1):
        title = " ".join(_readable([chapter["metadata"].get("title", "")])[0].split())[:LONGEST]
        base = chapter["time_base"]
        if not title or _NUMBERED.fullmatch(title) or base is None:
            continue
        start, end = (max(0.0, round(float(chapter[side] * base), 3)) for side in ("start", "end"))
        yield Segment(
            kind=PROPERTIES, text=title, locator=Locator(part=f"chapter {number}", t_start=start, t_end=max(start, end))
        )


def _tags(container: InputContainer) -> dict[str, str]:
    """Give all tags under lower-case names; Ogg has them in its streams."""
    held = dict(container.metadata)
    if container.format.name == "ogg":
        for stream in container.streams:
            held = {**stream.metadata, **held}
    return dict(zip((key.lower() for key in held), _readable(held.values()), strict=True))


def _readable(values: Iterable[str]) -> list[str]:
    """Give values as text whose bytes were no UTF-8: RIFF, and ID3 of the first version, tell no encoding."""
    raw = [value.encode("utf-8", "surrogateescape") for value in values]
    odd = [one for one in raw if _is_odd(one)]
    if not odd:
        return [one.decode() for one in raw]
    encoding = decoding.sniff(b"\n".join(odd)).name
    return [one.decode(encoding if _is_odd(one) else "utf-8", "replace").replace("\0", " ") for one in raw]


def _is_odd(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return True
    return False


def _taken(tags: Mapping[str, str]) -> datetime | None:
    day = tags.get("date", "")
    for key in _TAKEN:
        value = _ZONE.sub(r"\1:\2", tags.get(key, "").strip())
        if _CLOCK.fullmatch(value):  # Broadcast Wave has the day and the time apart
            value = f"{day} {value}"
        found = moment(value)
        if found is not None and found.year >= _UNSET:
            return found
    return None


def _where(value: str) -> dict[str, int | float]:
    match = _PLACE.match(value.strip())
    if match is None:
        return {}
    latitude, longitude = _degrees(match[1], 2), _degrees(match[2], 3)
    if latitude == longitude == 0 or abs(latitude) > 90 or abs(longitude) > 180:  # noqa: PLR2004 - degrees
        return {}
    return {"latitude": latitude, "longitude": longitude}


def _degrees(text: str, digits: int) -> float:
    """Read degrees, or degrees and minutes, or these and seconds, by the number of digits before the point."""
    figures, rest = text[1:], 0.0
    sign, whole = (-1 if text[0] == "-" else 1), figures.partition(".")[0]
    if len(whole) >= digits + 4:
        rest = float(figures[digits : digits + 2]) / 60 + float(figures[digits + 2 :]) / 3600
    elif len(whole) >= digits + 2:
        rest = float(figures[digits:]) / 60
    else:
        return round(sign * float(figures), 6)
    return round(sign * (float(figures[:digits]) + rest), 6)
