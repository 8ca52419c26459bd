"""Text of every kind: prose, Markdown, source code, logs; subtitles, tables, web pages and structured data by their readers."""

import re
from collections.abc import Callable, Iterator
from itertools import chain

from strongroom.analyzers import decoding, markup, passages, structured, subtitles, tables
from strongroom.domain.analysis import AnalyzerSpec
from strongroom.domain.findings import Finding, Property
from strongroom.domain.media import TEXT_TYPES
from strongroom.ports.source import Source
from strongroom.ports.tools import Tools

_MORE_TYPES = (
    *("application/xhtml+xml", "application/rss+xml", "application/atom+xml", "image/svg+xml", "application/ld+json"),
    *("application/geo+json", "application/x-yaml", "application/x-sh", "application/x-shellscript", "application/sql"),
    *("application/x-subrip", "application/x-tex", "application/x-php", "application/x-httpd-php", "application/x-javascript"),
    *("application/typescript", "application/x-perl", "application/x-ruby", "application/x-python", "application/jsonl"),
)
_CODE = re.compile(r"text/(x-|css|javascript|typescript|vcard|calendar|diff)|application/")
_NOT_OURS = frozenset({"text/rtf"})
_SENTENCE = re.compile(r"[.!?…][\"'”’)]*(?:\s|$)|[。！？]")  # noqa: RUF001
_LINES_JUDGED = 200
_PROSE = 0.15
"""Sentences a line above which lines are those of prose."""
_FRONT = re.compile(r"\A---\s*\n(.*?)\n---\s*\n", re.DOTALL)
_FRONT_FIELD = re.compile(
    r"^(title|author|date|lang(?:uage)?|description):[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE | re.IGNORECASE
)
_HEADING = re.compile(r"^#[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_ISO = re.compile(r"\d{4}-\d\d-\d\d")


class TextAnalyzer:
    """Reads whatever is text, streaming; passages carry character offsets into the decoded (or extracted) text."""

    spec = AnalyzerSpec(name="text", version=1, accepts=("text/*", *TEXT_TYPES, *_MORE_TYPES))

    def analyze(self, source: Source, tools: Tools) -> Iterator[Finding]:
        """Yield passages and what the text says of itself.

        Raises:
            Unreadable: It is binary data.
        """
        del tools
        if source.media_type not in _NOT_OURS:
            yield from _READERS.get(source.media_type, plain)(source)


def plain(source: Source) -> Iterator[Finding]:
    """Read text as it stands.

    Args:
        source: The text; its media type says whether lines matter more than sentences.

    Raises:
        Unreadable: It is binary data.
    """
    with source.open() as opened:
        chunks = decoding.stream(opened)
        head = next(chunks, "")
        if subtitles.is_subtitles(head):
            yield from subtitles.read(chain([head], chunks))
            return
        if source.media_type == "text/markdown" or _FRONT.match(head):
            yield from _front(head)
        lines = bool(_CODE.match(source.media_type)) or (source.media_type != "text/markdown" and _is_listing(head))
        yield from passages.segments(chain([head], chunks), lines=lines)


def _is_listing(head: str) -> bool:
    """Say whether lines stand for themselves, as in logs, lists, poems and code of unknown kind."""
    rows = [row for row in head.split("\n", _LINES_JUDGED)[:_LINES_JUDGED] if row.strip()]
    return len(rows) > 1 and sum(len(_SENTENCE.findall(row)) for row in rows) < _PROSE * len(rows)


def _front(head: str) -> Iterator[Property]:
    """Give what a Markdown file says of itself: its front matter, else its first heading."""
    front = _FRONT.match(head)
    found = {name.lower(): value for name, value in _FRONT_FIELD.findall(front.group(1))} if front else {}
    heading = _HEADING.search(head)
    if "title" not in found and heading:
        found["title"] = heading.group(1)
    if "lang" in found:
        found["language"] = found.pop("lang")
    if not _ISO.match(found.get("date", "")):
        found.pop("date", None)
    yield from (Property(name=name, value=value.strip()) for name, value in found.items())


_READERS: dict[str, Callable[[Source], Iterator[Finding]]] = {
    "text/html": markup.read_source,
    "application/xhtml+xml": markup.read_source,
    **dict.fromkeys(tables.TYPES, tables.read),
    **dict.fromkeys(
        (
            "application/json",
            "application/ld+json",
            "application/geo+json",
            "application/x-ndjson",
            "application/jsonl",
            "text/json",
        ),
        structured.read_json,
    ),
    **dict.fromkeys(
        ("application/xml", "text/xml", "application/rss+xml", "application/atom+xml", "image/svg+xml"), structured.read_xml
    ),
}
