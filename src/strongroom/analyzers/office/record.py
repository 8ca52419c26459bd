"""What an office file says of itself: docProps of OOXML, meta.xml of ODF."""

from collections.abc import Iterator
from typing import Any

from strongroom.analyzers.office.package import Package, attribute, local
from strongroom.domain.findings import PROPERTIES, Property, Segment
from strongroom.domain.locator import Locator

_NAMES = {
    "title": "title", "subject": "subject", "creator": "author", "initial-creator": "author", "keywords": "keywords",
    "keyword": "keywords", "description": "description", "category": "category", "lastModifiedBy": "modified-by",
    "created": "date", "creation-date": "date", "modified": "modified", "date": "modified", "Company": "company",
    "Manager": "manager", "Application": "producer", "generator": "producer", "Pages": "page-count", "Slides": "page-count",
    "contentStatus": "status", "language": "language", "identifier": "identifier", "version": "document-version",
    "HyperlinkBase": "link-base", "printed-by": "printed-by",
}  # fmt: skip
_MOST, _LONGEST = 500, 4000


def properties(package: Package) -> Iterator[Property]:
    """Give the properties of an OOXML or ODF package, custom ones under their own names."""
    held: dict[str, str] = {}
    for name in ("docProps/core.xml", "docProps/app.xml", "meta.xml"):
        root = package.tree(name)
        for element in _elements(root):
            known = _NAMES.get(local(element))
            if known and element.text and element.text.strip():
                held.setdefault(known, element.text.strip()[:_LONGEST])
    for name, value in _custom(package):
        held.setdefault(name, value)
    for name, value in list(held.items())[:_MOST]:
        yield Property(name=name, value=int(value) if name == "page-count" and value.isdigit() else value)


def _elements(root: Any | None) -> Iterator[Any]:
    for element in root.iter() if root is not None else ():
        if isinstance(element.tag, str):
            yield element


def _custom(package: Package) -> Iterator[tuple[str, str]]:
    for element in _elements(package.tree("docProps/custom.xml")):
        if local(element) == "property" and element.get("name"):
            yield _plain(element.get("name")), "".join(element.itertext()).strip()[:_LONGEST]
    for element in _elements(package.tree("meta.xml")):
        if local(element) == "user-defined":
            yield _plain(attribute(element, "name") or "custom"), (element.text or "").strip()[:_LONGEST]


def _plain(name: str) -> str:
    return "-".join(name.lower().split())[:100]


def as_segment(found: list[Property]) -> Iterator[Segment]:
    """Give one segment with the words of the properties, so that they are found."""
    lines = []
    for one in found:
        if isinstance(one.value, str | tuple) and one.value and one.name not in ("reader", "date", "modified", "producer"):
            words = ", ".join(one.value) if isinstance(one.value, tuple) else one.value
            lines.append(f"{one.name}: {words}")
    if lines:
        yield Segment(kind=PROPERTIES, text="\n".join(lines), locator=Locator(part="properties"))
