"""Text of EPUB books (EPUB 3.3), chapter by chapter in the order of the spine."""

import posixpath
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote

from lxml import etree, html

from strongroom.analyzers.office.package import Package
from strongroom.analyzers.office.pieces import Piece
from strongroom.domain.findings import Property

_BLOCKS = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "td", "th", "dt", "dd", "figcaption", "caption",
                     "blockquote", "pre", "div"))  # fmt: skip

_DROPPED = ("script", "style", "head")
_NAMES = {"title": "title", "creator": "author", "date": "date", "publisher": "publisher", "language": "language",
          "identifier": "identifier", "subject": "keywords", "description": "subject"}  # fmt: skip


def _content(package: Package) -> str:
    root = package.tree("META-INF/container.xml")
    paths = [element.get("full-path") for element in root.iter("{*}rootfile")] if root is not None else []
    return next((path for path in paths if path), next((name for name in package.names() if name.endswith(".opf")), ""))


def properties(package: Package) -> Iterator[Property]:
    """Give title, authors and the rest of the book's own record."""
    root = package.tree(_content(package))
    held: dict[str, list[str]] = {}
    for element in root.iter("{http://purl.org/dc/elements/1.1/}*") if root is not None else ():
        name = _NAMES.get(element.tag.rpartition("}")[2])
        if name and element.text and element.text.strip():
            held.setdefault(name, []).append(element.text.strip())
    for name, values in held.items():
        yield Property(name=name, value=values[0] if len(values) == 1 else tuple(values))


def text(package: Package) -> Iterator[Piece]:
    """Give the blocks of each chapter, its title as their part."""
    for name in _chapters(package):
        data = package.read(name)
        with suppress(etree.ParserError, etree.XMLSyntaxError, ValueError):
            root = html.fromstring(
                data.removeprefix(b"\xef\xbb\xbf"), parser=html.HTMLParser(encoding="utf-8", huge_tree=False)
            )
            titles = ["".join(element.itertext()).strip() for element in root.iter("title", "h1", "h2")]
            title = next((" ".join(words.split())[:100] for words in titles if words), posixpath.basename(name))
            for dropped in list(root.iter(*_DROPPED)):
                dropped.drop_tree()
            for words in _blocks(root):
                yield Piece(text=words, part=title)


def _chapters(package: Package) -> list[str]:
    base = _content(package)
    root = package.tree(base)
    found: list[str] = []
    if root is not None:
        folder = posixpath.dirname(base)
        places = {element.get("id"): unquote(element.get("href") or "") for element in root.iter("{*}item")}
        for element in root.iter("{*}itemref"):
            name = posixpath.normpath(posixpath.join(folder, places.get(element.get("idref"), "")))
            if name in package and name not in found:
                found.append(name)
    return found or [name for name in package.names() if name.endswith((".xhtml", ".html", ".htm"))]


def _blocks(root: etree._Element) -> Iterator[str]:
    """Give the text of each block; a block within a block begins a new one."""
    held: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if not isinstance(element.tag, str):
            if event == "end":
                held.append(element.tail or "")
            continue
        if element.tag in _BLOCKS or element.tag == "br":
            if words := " ".join("".join(held).split()):
                yield words
            held = []
        if event == "start":
            held.append(element.text or "")
            if element.tag == "img" and element.get("alt"):
                held.append(f" {element.get('alt')} ")
        else:
            held.append(element.tail or "")
    if words := " ".join("".join(held).split()):
        yield words
