"""Structured data (JSON, lines of JSON, XML): values with the names that lead to them; streamed, no entity expanded."""

import json
import re
from collections.abc import Iterator
from itertools import chain
from xml.parsers import expat

from strongroom.analyzers import decoding, passages
from strongroom.domain.findings import Finding, Problem, Property
from strongroom.errors import LimitExceeded
from strongroom.ports.source import Source

_TOKEN = re.compile(
    r'[\s,:]*(?:([{}\[\]])|("[^"\\]*(?:\\.[^"\\]*)*")|(-?\d[-+.\deE]*|true|false|null|NaN|-?Infinity)(?=[\s,\]}]))', re.DOTALL
)
_BLANK = re.compile(r"[\s,:]*\Z")
_HOPEFUL = re.compile(r'[\s,:]*(?:"|.{0,400}\Z)', re.DOTALL)
"""What may become a token when more comes."""
_DECODER = json.JSONDecoder(strict=False)
_DEEPEST = 1000
_LONGEST_TOKEN = 1 << 26
_LONGEST_PATH = 120
_OPAQUE = 400
"""Characters of a run without a space above which it is data (base64), not words."""
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)""")
_INLINE = 80


def read_json(source: Source) -> Iterator[Finding]:
    """Yield the values of JSON, or of lines of JSON, as ``path: value`` lines; what is not valid is read as plain text.

    Raises:
        Unreadable: It is binary data.
    """
    with source.open() as opened:
        values = _Values(decoding.stream(opened))
        yield from passages.segments(values, lines=True)
        if values.problem:
            yield Problem(reason=values.problem)
            yield from passages.segments(values.rest, part="not valid JSON", lines=True)


class _Values:
    """The values of a JSON text as lines; it stops where the text is not valid, and leaves the rest."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self._steps: list[str] = []
        self._key: str | None = None
        self._at = 0
        self.problem: str | None = None
        self.rest: Iterator[str] = iter(())

    def __iter__(self) -> Iterator[str]:
        buffer = ""
        enough = 0
        for chunk in self._chunks:
            buffer += chunk
            if len(buffer) < enough:
                continue
            at = 0
            while match := _TOKEN.match(buffer, at):
                try:
                    line = self._take(match)
                except ValueError:
                    self._stop(buffer[at:])
                    return
                at = match.end()
                if line:
                    yield line
            self._at += at
            buffer = buffer[at:]
            enough = 0 if at else 2 * len(buffer)
            if len(buffer) > _LONGEST_TOKEN or not _HOPEFUL.match(buffer):
                break
        yield from self._end(buffer)

    def _end(self, buffer: str) -> Iterator[str]:
        """Take a last bare value, which nothing follows."""
        match = _TOKEN.match(buffer + "\n")
        if match and not _BLANK.match(buffer):
            try:
                line = self._take(match)
            except ValueError:
                self._stop(buffer)
                return
            buffer = buffer[match.end() :]
            yield line or ""
        if self._steps or not _BLANK.match(buffer):
            self._stop(buffer)

    def _stop(self, rest: str) -> None:
        self.problem = f"it is not valid JSON after character {self._at:,}; the rest was read as plain text"
        self.rest = chain([rest], self._chunks)

    def _take(self, match: "re.Match[str]") -> str | None:
        """Follow one token; give a line where it is a value.

        Raises:
            ValueError: It cannot stand here.
        """
        mark, string, word = match.groups()
        if mark in ("{", "["):
            if len(self._steps) >= _DEEPEST:
                raise ValueError("nested too deep")
            self._steps.append(mark + (self._key or ""))
            self._key = None
        elif mark:
            if not self._steps or self._steps.pop()[0] != {"}": "{", "]": "["}[mark] or self._key is not None:
                raise ValueError("closes what is not open")
        elif self._steps and self._steps[-1][0] == "{" and self._key is None:
            self._key = _string(string or "")
        else:
            value = _string(string) if string else "" if word == "null" else word
            line = self._line(value)
            self._key = None
            return line
        return None

    def _line(self, value: str) -> str | None:
        if not value.strip() or _is_opaque(value):
            return None
        path = ".".join([*(step[1:] for step in self._steps if len(step) > 1), *([self._key] if self._key else [])])
        return f"{path[-_LONGEST_PATH:]}: {value}\n" if path else value + "\n"


def _string(token: str) -> str:
    if "\\" not in token and len(token) > 1:
        return token[1:-1]
    return str(_DECODER.decode(token))


def _is_opaque(value: str) -> bool:
    return len(value) > _OPAQUE and not any(char.isspace() for char in value[:_OPAQUE]) and value[:_OPAQUE].isascii()


def read_xml(source: Source) -> Iterator[Finding]:
    """Yield the text of XML, each piece after its element's name; what is not well-formed is read as plain text.

    Raises:
        Unreadable: It is binary data.
        LimitExceeded: It declares entities, as an entity bomb does.
    """
    with source.open() as opened:
        declared = _DECLARED.search(opened.read(1024))
        opened.seek(0)
        pieces = _Pieces(decoding.stream(opened, declared.group(1).decode("ascii") if declared else None))
        yield from passages.segments(pieces)
        if pieces.title:
            yield Property(name="title", value=pieces.title)
        if pieces.problem:
            yield Problem(reason=pieces.problem)
            yield from passages.segments(pieces.rest, part="not well-formed XML", lines=True)


class _Pieces:
    """The text of an XML document; it stops where that is not well-formed, and leaves the rest.

    Expat is used as defusedxml uses it: a declared entity is refused, nothing outside is ever fetched.
    """

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self._out: list[str] = []
        self._words: list[str] = []
        self._path: list[str] = []
        self._fed = 0
        self.title: str | None = None
        self.problem: str | None = None
        self.rest: Iterator[str] = iter(())

    def __iter__(self) -> Iterator[str]:
        parser = self._parser()
        for chunk in chain(self._chunks, [None]):
            data = (chunk or "").encode("utf-8", "replace")
            try:
                parser.Parse(data, chunk is None)
            except expat.ExpatError as error:
                self._flush()
                yield from self._out
                self.problem = f"it is not well-formed XML ({error}); the rest was read as plain text"
                begin = max(0, parser.ErrorByteIndex - self._fed)
                self.rest = chain([data[begin:].decode("utf-8", "ignore")], self._chunks)
                return
            self._fed += len(data)
            yield from self._out
            self._out.clear()

    def _parser(self) -> "expat.XMLParserType":
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._words.append
        parser.EntityDeclHandler = self._entity
        return parser

    def _entity(self, name: str, *_: object) -> None:
        raise LimitExceeded(f"it declares the entity {name[:40]!r}, as an entity bomb does; it is not read further")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._flush()
        local = name.rpartition(":")[2]
        self._path.append(local)
        for key, value in attributes.items():
            if not key.startswith("xmlns") and any(map(str.isalpha, value)) and not _is_opaque(value):
                self._out.append(f"{local} {key.rpartition(':')[2]}: {value}\n")

    def _end(self, _: str) -> None:
        self._flush()
        self._path.pop()

    def _flush(self) -> None:
        text = "".join(self._words).strip()
        self._words.clear()
        if not text or _is_opaque(text):
            return
        name = self._path[-1] if self._path else ""
        if name.lower() == "title" and self.title is None:
            self.title = text[:500]
        self._out.append(f"{name}: {text}\n" if len(text) <= _INLINE else f"{text}\n\n")
