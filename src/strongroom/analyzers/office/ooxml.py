"""Text of Office Open XML parts (ECMA-376): Word and PowerPoint files, and what all three kinds share."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from strongroom.analyzers.office.package import Package, attribute, done, local
from strongroom.analyzers.office.pieces import Piece

_PARAGRAPHS = frozenset({"p", "comment", "threadedComment", "si", "v", "cm"})
_TEXTS = frozenset({"t", "delText", "text", "v"})
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_SHAPES = frozenset({"docPr", "cNvPr"})
_WORD = (
    (r"document\d*", None),
    (r"header\d*", "header"),
    (r"footer\d*", "footer"),
    ("footnotes", "footnote"),
    ("endnotes", "endnote"),
    ("comments", "comment"),
    (r"glossary/document", "building block"),
)
_SHARED = (
    (r".*/charts/chart[^/]*\.xml", "chart"),
    (r".*/chartEx[^/]*\.xml", "chart"),
    (r".*/diagrams/data[^/]*\.xml", "diagram"),
    (r"xl/drawings/drawing[^/]*\.xml", "drawing"),
    (r"xl/pivotCache/pivotCacheDefinition[^/]*\.xml", "pivot table"),
)
_MOST_NESTED = 200


def paragraphs(package: Package, name: str, part: str | None = None, page: int | None = None) -> Iterator[Piece]:
    """Give the paragraphs of a part, whatever its vocabulary: Word, DrawingML, charts, comments.

    Deleted and hidden text is given too; what stands twice for older programs (``mc:Fallback``) is given once.

    Args:
        package: The file.
        name: The part; nothing is given where it is missing.
        part: What it is, for the locator.
        page: Slide.
    """
    open_: list[list[str]] = []
    author: str | None = None
    for event, element in _once(package, name):
        kind = local(element)
        if event == "start":
            if kind in ("comment", "cm"):
                author = attribute(element, "author")
            if kind in _PARAGRAPHS and len(open_) < _MOST_NESTED:
                open_.append([])
        elif kind in _SHAPES and (told := _alternative(element)):
            yield Piece(text=told, page=page, part="picture description")
        elif open_:
            open_[-1].append((element.text or "") if kind in _TEXTS else _BREAKS.get(kind, ""))
            if kind in _PARAGRAPHS:
                if text := "".join(open_.pop()).strip():
                    yield Piece(text=text, page=page, part=f"{part} by {author}" if part == "comment" and author else part)
                done(element)


def _once(package: Package, name: str) -> Iterator[tuple[str, Any]]:
    """Leave out what stands a second time for older programs."""
    fallback = 0
    for event, element in package.events(name):
        if local(element) == "Fallback":
            fallback += 1 if event == "start" else -1
        elif not fallback:
            yield event, element


def _alternative(element: object) -> str:
    words = [attribute(element, "title"), attribute(element, "descr")]
    return "\n".join(dict.fromkeys(word.strip() for word in words if word and word.strip()))


def relations(package: Package, name: str) -> dict[str, tuple[str, str, bool]]:
    """Give what a part refers to: id → (kind, target, whether it is outside the file)."""
    folder, base = posixpath.split(name)
    root = package.tree(posixpath.join(folder, "_rels", base + ".rels"))
    found = {}
    for element in root if root is not None else ():
        if not isinstance(element.tag, str):
            continue
        target, outside = element.get("Target") or "", element.get("TargetMode") == "External"
        if not outside:
            target = posixpath.normpath(posixpath.join(folder, target)) if not target.startswith("/") else target.lstrip("/")
        found[element.get("Id") or ""] = ((element.get("Type") or "").rpartition("/")[2], target, outside)
    return found


def links(package: Package) -> Iterator[Piece]:
    """Give the targets of hyperlinks and of what lies outside the file."""
    for name in package.names():
        if name.endswith(".rels"):
            owner = name.replace("_rels/", "").removesuffix(".rels")
            for kind, target, outside in relations(package, owner).values():
                if outside and target and kind != "attachedTemplate":
                    yield Piece(text=target[:2000], part="links")


def shared(package: Package, skip: frozenset[str] = frozenset()) -> Iterator[Piece]:
    """Give the texts of charts, diagrams, drawings and pivot tables that no reader came by."""
    for name in package.names():
        for pattern, part in _SHARED:
            if name not in skip and re.fullmatch(pattern, name):
                yield from _values(package, name) if part == "pivot table" else paragraphs(package, name, part)


def _values(package: Package, name: str) -> Iterator[Piece]:
    for event, element in package.events(name):
        if event == "end" and local(element) in ("s", "n", "d", "cacheField"):
            value = element.get("v") or element.get("name")
            if value:
                yield Piece(text=value, part="pivot table")
            done(element)


def word(package: Package) -> Iterator[Piece]:
    """Give the text of a Word file: body, headers, footers, notes, comments, charts, diagrams."""
    for pattern, part in _WORD:
        for name in package.names():
            if re.fullmatch(rf"word/{pattern}\.xml", name):
                yield from paragraphs(package, name, part)
    yield from shared(package)
    yield from links(package)


def slides(package: Package) -> Iterator[Piece]:
    """Give the text of a PowerPoint file slide by slide: shapes, notes, comments, charts, diagrams."""
    used: set[str] = set()
    for page, name in enumerate(_slide_names(package), 1):
        used.add(name)
        yield from paragraphs(package, name, page=page)
        for kind, target, outside in relations(package, name).values():
            part = {"notesSlide": "notes", "comments": "comment", "chart": "chart", "diagramData": "diagram"}.get(kind)
            if part and not outside and target not in used:
                used.add(target)
                yield from paragraphs(package, target, part, page)
    rest = (name for name in package.names() if re.fullmatch(r"ppt/(slides|notesSlides|comments)/[^/]+\.xml", name))
    yield from chain.from_iterable(paragraphs(package, name, "not shown") for name in rest if name not in used)
    yield from shared(package, frozenset(used))
    masters = (
        name for name in package.names() if re.fullmatch(r"ppt/(slideMasters|slideLayouts|handoutMasters)/[^/]+\.xml", name)
    )
    yield from (replace(piece, part="master") for name in masters for piece in _own(package, name))
    yield from links(package)


def _own(package: Package, name: str) -> Iterator[Piece]:
    """Give the text of a master without its placeholders, which only say where to click."""
    held: list[Piece] = []
    placeholder = False
    texts: list[str] = []
    for event, element in package.events(name):
        kind = local(element)
        if event == "start" and kind == "sp":
            placeholder, texts = False, []
        elif event == "end" and kind == "ph":
            placeholder = True
        elif event == "end" and kind == "t":
            texts.append(element.text or "")
        elif event == "end" and kind == "sp":
            if not placeholder and "".join(texts).strip():
                held.append(Piece(text="".join(texts).strip()))
            done(element)
    yield from held


def _slide_names(package: Package) -> list[str]:
    root = package.tree("ppt/presentation.xml")
    targets = relations(package, "ppt/presentation.xml")
    names = []
    if root is not None:
        for element in root.iter("{*}sldId"):
            ids = [value for key, value in element.attrib.items() if key.endswith("}id")]
            if ids and ids[0] in targets and targets[ids[0]][1] in package:
                names.append(targets[ids[0]][1])
    if names:
        return names
    found = [name for name in package.names() if re.fullmatch(r"ppt/slides/slide\d+\.xml", name)]
    return sorted(found, key=lambda name: int(re.sub(r"\D", "", name)))
