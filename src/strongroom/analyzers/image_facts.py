"""What a picture file says of itself: EXIF, IPTC, XMP and text chunks."""

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from PIL import Image, ImageFile, IptcImagePlugin

from strongroom.analyzers.image_reading import FAULTS
from strongroom.domain.findings import PROPERTIES, Property, Segment
from strongroom.domain.locator import Locator

LONGEST = 10_000
"""Characters of one field."""
WORDS = ("title", "description", "keywords", "artist", "copyright", "place")
"""The fields that a person wrote; they can be searched."""

_EXIF_IFD, _GPS_IFD, _LENS = 0x8769, 0x8825, 0xA434
_BASE = {0x010E: "description", 0x0131: "software", 0x013B: "artist", 0x8298: "copyright"}
_WINDOWS = {0x9C9B: "title", 0x9C9C: "description", 0x9C9D: "artist", 0x9C9E: "keywords"}
_IPTC = {
    (2, 5): "title",
    (2, 105): "title",
    (2, 120): "description",
    (2, 25): "keywords",
    (2, 80): "artist",
    (2, 116): "copyright",
    (2, 92): "place",
    (2, 90): "place",
    (2, 101): "place",
}
_XMP = {
    "title": "title",
    "Headline": "title",
    "description": "description",
    "subject": "keywords",
    "creator": "artist",
    "rights": "copyright",
    "Location": "place",
    "City": "place",
    "Country": "place",
}
_CHUNKS = {
    "title": "title",
    "description": "description",
    "comment": "description",
    "author": "artist",
    "copyright": "copyright",
    "software": "software",
}
_EMPTY = re.compile(
    r"(OLYMPUS|SONY|KONICA|MINOLTA|SAMSUNG) (DIGITAL CAMERA|DSC)|default|untitled|CREATOR: gd-jpeg.*|Created (by|with) .*",
    re.IGNORECASE,
)
"""What programs write where a person wrote nothing."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Facts:
    """What a picture file says of itself."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    """Names to values as text, each once."""
    numbers: dict[str, int | float] = field(default_factory=dict)
    """Names to numbers: ``iso``, ``latitude``, ``longitude``, ``orientation``."""
    taken_at: datetime | None = None
    """When it was taken: with its zone where one is told, else naive."""

    def properties(self) -> list[Property]:
        """Give them as findings."""
        found = [Property(name=name, value=number) for name, number in self.numbers.items()]
        for name, values in self.fields.items():
            found.append(Property(name=name, value=tuple(values) if name == "keywords" else "; ".join(values)))
        if self.taken_at is not None:
            found.append(Property(name="date", value=self.taken_at.isoformat()))
        return found

    def segment(self, names: Sequence[str] = WORDS) -> Segment | None:
        """Give the words that a person wrote, by the names of their fields, so that they are found; None for none."""
        lines = [f"{name.capitalize()}: {', '.join(self.fields[name])}" for name in names if name in self.fields]
        if not lines:
            return None
        return Segment(kind=PROPERTIES, text="\n".join(lines), locator=Locator(part="properties"), taken_at=self.taken_at)


def read_facts(image: Image.Image) -> Facts:
    """Read what an opened picture file says of itself; a damaged block is left out."""
    fields: dict[str, list[str]] = {}
    numbers: dict[str, int | float] = {}
    taken: list[datetime] = []
    with warnings.catch_warnings(action="ignore"):
        for read in (_exif, _xmp, _iptc, _chunks):
            try:
                read(image, fields, numbers, taken)
            except (*FAULTS, ParseError):
                continue
    return Facts(fields=fields, numbers=numbers, taken_at=taken[0] if taken else None)


Fields = dict[str, list[str]]
Numbers = dict[str, int | float]


def add_words(fields: Fields, name: str, values: Iterable[object]) -> None:
    """Add values to a field, each once; blanks are folded, and what only a program wrote is left out."""
    kept = fields.get(name, [])
    for value in values:
        words = " ".join(_text(value).replace("\x00", " ").split())[:LONGEST]
        if words and words not in kept and not _EMPTY.fullmatch(words):
            kept.append(words)
    if kept:
        fields[name] = kept


def _text(value: object) -> str:
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value.decode("latin-1")
    if isinstance(value, str):
        try:
            return value.encode("latin-1").decode("utf-8")  # Pillow reads EXIF as Latin-1; many programs write UTF-8
        except UnicodeError:
            return value
    return str(value)


def _exif(image: Image.Image, fields: Fields, numbers: Numbers, taken: list[datetime]) -> None:
    exif = image.getexif()
    if not exif:
        return
    detail, place = exif.get_ifd(_EXIF_IFD), exif.get_ifd(_GPS_IFD)
    for tag, name in _BASE.items():
        add_words(fields, name, [exif[tag]] if tag in exif else ())
    for tag, name in _WINDOWS.items():
        raw = exif.get(tag)
        if isinstance(raw, bytes | tuple):
            words = bytes(raw).decode("utf-16-le", "ignore").rstrip("\x00")
            add_words(fields, name, words.split(";") if name == "keywords" else [words])
    make, model = (" ".join(_text(exif.get(tag, "")).replace("\x00", " ").split()) for tag in (0x010F, 0x0110))
    add_words(fields, "camera", [model if model.lower().startswith(make.lower()) else f"{make} {model}"])
    add_words(fields, "lens", [detail[_LENS]] if _LENS in detail else ())
    comment = detail.get(0x9286)
    if isinstance(comment, bytes):
        add_words(fields, "description", [_user_comment(comment)])
    _measures(detail, numbers)
    if (turn := exif.get(0x0112)) and isinstance(turn, int):
        numbers["orientation"] = turn
    _where(place, numbers)
    when = moment(detail.get(0x9003), detail.get(0x9011)) or moment(detail.get(0x9004), detail.get(0x9012))
    if when or (when := moment(exif.get(0x0132), detail.get(0x9010))):
        taken.append(when)


def _user_comment(raw: bytes) -> str:
    code, words = raw[:8].rstrip(b"\x00"), raw[8:]
    return words.decode("utf-16", "ignore") if code == b"UNICODE" else words.decode("utf-8", "ignore")


def _measures(detail: Mapping[int, Any], numbers: Numbers) -> None:
    for tag, name in ((0x8827, "iso"), (0x829A, "exposure-seconds"), (0x829D, "aperture"), (0x920A, "focal-length")):
        value = detail.get(tag)
        value = value[0] if isinstance(value, tuple) and value else value
        number = _number(value)
        if number:
            numbers[name] = int(number) if name == "iso" else round(number, 6)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if abs(number) < 1e9 else None  # noqa: PLR2004 - also leaves out infinity and not-a-number


def _where(place: Mapping[int, Any], numbers: Numbers) -> None:
    for name, tag, negative, most in (("latitude", 2, "S", 90), ("longitude", 4, "W", 180)):
        parts = [_number(part) for part in place.get(tag, ())]
        if len(parts) == 3 and None not in parts:  # noqa: PLR2004 - degrees, minutes, seconds
            degrees = sum(part / unit for part, unit in zip(parts, (1, 60, 3600), strict=True) if part is not None)
            signed = -degrees if _text(place.get(tag - 1, "")).strip("\x00 ").upper() == negative else degrees
            if abs(signed) <= most:
                numbers[name] = round(signed, 6)
    if ("latitude" in numbers) != ("longitude" in numbers) or (numbers.get("latitude") == numbers.get("longitude") == 0):
        numbers.pop("latitude", None)
        numbers.pop("longitude", None)


def moment(value: object, offset: object = None) -> datetime | None:
    """Read an EXIF or ISO time; None for zeros, which cameras without a set clock write."""
    match = re.match(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?\s*(Z|[+-]\d\d:\d\d)?", _text(value))
    if match is None:
        return None
    zone = match[7] or (_text(offset).strip("\x00 ") if offset else "")
    zone = zone if re.fullmatch(r"Z|[+-]\d\d:\d\d", zone) else ""
    try:
        return datetime.fromisoformat(f"{match[1]}-{match[2]}-{match[3]}T{match[4]}:{match[5]}:{match[6] or '00'}{zone}")
    except ValueError:
        return None


def _xmp(image: Image.Image, fields: Fields, numbers: Numbers, taken: list[datetime]) -> None:  # noqa: ARG001 - as its siblings
    raw = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if not raw:
        return
    from defusedxml.ElementTree import fromstring

    root: Element = fromstring(raw.strip(b"\x00 \n") if isinstance(raw, bytes) else raw)
    times: dict[str, str] = {}
    for element in root.iter():
        for key, value in element.attrib.items():
            times.setdefault(_local(key), value)
            if _local(key) in _XMP:
                add_words(fields, _XMP[_local(key)], [value])
        times.setdefault(_local(element.tag), element.text or "")
        if _local(element.tag) in _XMP:
            items = [item.text or "" for item in element.iter() if _local(item.tag) == "li"]
            add_words(fields, _XMP[_local(element.tag)], items or [element.text or ""])
    for name in ("DateTimeOriginal", "DateCreated"):
        if not taken and (when := moment(times.get(name, ""))):
            taken.append(when)


def _local(name: object) -> str:
    return str(name).rpartition("}")[2]


def _iptc(image: Image.Image, fields: Fields, numbers: Numbers, taken: list[datetime]) -> None:  # noqa: ARG001 - as its siblings
    if not isinstance(image, ImageFile.ImageFile) or ("photoshop" not in image.info and image.format != "TIFF"):
        return
    records: Mapping[Any, Any] = IptcImagePlugin.getiptcinfo(image) or {}
    for key, name in _IPTC.items():
        value = records.get(key)
        add_words(fields, name, value if isinstance(value, list) else [value] if value else ())


def _chunks(image: Image.Image, fields: Fields, numbers: Numbers, taken: list[datetime]) -> None:  # noqa: ARG001 - as its siblings
    for key, value in image.info.items():
        name = _CHUNKS.get(str(key).lower())
        if name and isinstance(value, str | bytes):
            add_words(fields, name, [value])
