"""What a PDF says of itself: the information dictionary, XMP, bookmarks, and the files attached to it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pypdfium2
from lxml import etree

from strongroom.domain.findings import PROPERTIES, Property, Segment
from strongroom.domain.locator import Locator

_MOST_BOOKMARKS = 5000
_MOST_PACKETS, _LONGEST_PACKET = 8, 1 << 18
_BLOCK = 1 << 20
_END = b"</x:xmpmeta>"
_MOST_TEXT = 16_000
_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?\s*(?:(Z)|([+-])(\d\d)'?(\d\d)?)?")
_NAMES = {"Title": "title", "Author": "author", "Subject": "subject", "Keywords": "keywords", "Creator": "creator",
          "Producer": "producer", "CreationDate": "date", "ModDate": "modified"}  # fmt: skip
_TOLD = ("dc", "purl.org/dc/elements", "photoshop", "pdf/1.3", "xmpRights", "xap/1.0/rights", "Iptc4xmp", "iptc.org", "prism")
"""Parts of the XMP namespaces whose words are of use to a reader; the rest are ids and histories of programs."""


def iso_date(text: str) -> str | None:
    """Turn a PDF date (``D:20240131120000+01'00'``, ISO 32000-1 7.9.4) into ISO 8601; None where it is none."""
    match = _DATE.match(text.strip())
    if not match:
        return None
    year, month, day, hour, minute, second, zulu, sign, zone_hours, zone_minutes = match.groups()
    date = f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}"
    if zulu:
        return date + "+00:00"
    return date + (f"{sign}{zone_hours}:{zone_minutes or '00'}" if sign else "")


def facts(document: Any, path: Path) -> Iterator[Property | Segment]:
    """Give the properties of a document, and one segment with their words.

    Args:
        document: An open ``pypdfium2.PdfDocument``.
        path: Its file, in which XMP is looked for (PDFium does not read it).
    """
    lines: dict[str, None] = {}
    yield Property(name="page-count", value=len(document))
    for key, value in document.get_metadata_dict(skip_empty=True).items():
        name = _NAMES.get(key)
        text = value.replace("\0", "").strip()[:_MOST_TEXT]
        if name is None or not text:
            continue
        if name in ("date", "modified"):
            if date := iso_date(text):
                yield Property(name=name, value=date)
        else:
            yield Property(name=name, value=text)
            lines[text] = None
    for text in _xmp(path):
        lines[text] = None
    if lines:
        yield Segment(kind=PROPERTIES, text="\n".join(lines)[:_MOST_TEXT], locator=Locator(part="properties"))


def _xmp(path: Path) -> Iterator[str]:
    """Give the words of XMP packets that lie in the file uncompressed, as the standard asks for."""
    at = 0
    with path.open("rb") as stream:
        for _ in range(_MOST_PACKETS):
            at = _found(stream, b"<x:xmpmeta", at)
            if at < 0:
                return
            stream.seek(at)
            data = stream.read(_LONGEST_PACKET)
            end = data.find(_END)
            if end < 0:
                return
            yield from _packet(data[: end + len(_END)])
            at += end


def _found(stream: BinaryIO, wanted: bytes, at: int) -> int:
    """Give the next place of some bytes, -1 where there is none; a mapped file would count as memory of the worker."""
    stream.seek(at)
    tail = b""
    while block := stream.read(_BLOCK):
        place = (tail + block).find(wanted)
        if place >= 0:
            return at - len(tail) + place
        at += len(block)
        tail = (tail + block)[1 - len(wanted) :]
    return -1


def _packet(data: bytes) -> Iterator[str]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
    root = etree.fromstring(data, parser)
    if root is None:
        return
    for element in root.iter(etree.Element):
        if not isinstance(element.tag, str):
            continue
        for name, value in element.attrib.items():
            if _tells(name) and value.strip():
                yield value.strip()
        path = (element, *element.iterancestors())
        if element.text and element.text.strip() and not len(element) and any(_tells(node.tag) for node in path):
            yield element.text.strip()


def _tells(name: str) -> bool:
    return any(part in name.partition("}")[0] for part in _TOLD)


def bookmarks(document: Any) -> Iterator[str]:
    """Give the titles of a document's outline, as lines."""
    for count, mark in enumerate(document.get_toc()):
        if count >= _MOST_BOOKMARKS:
            return
        title = mark.get_title().replace("\0", "").strip()
        if title:
            yield title + "\n"


def attachments(document: Any) -> Iterator[Any]:
    """Give the files attached to a document (``pypdfium2.PdfAttachment``)."""
    for i in range(document.count_attachments()):
        try:
            yield document.get_attachment(i)
        except pypdfium2.PdfiumError:
            yield None
