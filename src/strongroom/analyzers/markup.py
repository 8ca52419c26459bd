"""Web pages: visible text, what the page says of itself, and what is embedded in it; one pass in constant memory."""

# ruff: noqa: SIM905 - a word list reads best as words
import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

from strongroom.analyzers import decoding, passages
from strongroom.analyzers.bounds import Bounds, Meter
from strongroom.domain.findings import Finding, Member, Property
from strongroom.ports.source import Source

_HIDDEN = frozenset({"script", "style", "template", "noframes"})
_PARAGRAPHS = frozenset(
    "p div section article header footer main aside nav h1 h2 h3 h4 h5 h6 ul ol dl table blockquote pre form fieldset figure "
    "figcaption address details summary hr body title".split()
)
_LINES = frozenset({"br", "li", "tr", "dt", "dd", "option", "caption", "legend", "label", "th", "td"})
_CELLS = frozenset({"td", "th"})
_SPOKEN = {"img": ("alt", "title"), "area": ("alt",), "input": ("value", "placeholder"), "a": ("title",), "abbr": ("title",)}
_EMBEDDING = {"img": "src", "source": "src", "audio": "src", "video": "src", "embed": "src", "object": "data", "a": "href"}
_META = {
    "author": "author", "dc.creator": "author", "article:author": "author", "description": "description",
    "og:description": "description", "keywords": "keywords", "date": "date", "dc.date": "date", "dcterms.date": "date",
    "article:published_time": "date", "og:title": "title", "generator": "generator",
}  # fmt: skip
_CHARSET = re.compile(
    rb"""<meta[^>]{0,500}?charset\s*=\s*["']?\s*([\w.:-]+)|\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)""",
    re.IGNORECASE,
)
_DATA = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w=.-]+)*),", re.IGNORECASE)
_WHITE = re.compile(r"[ \t\r\n\f]+")
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
_LONGEST_VALUE = 2000
_PIECE = 1 << 14


def read_source(source: Source) -> Iterator[Finding]:
    """Yield what a page holds.

    Args:
        source: The page.

    Raises:
        Unreadable: It is binary data.
    """
    with source.open() as opened:
        declared = charset(opened.read(4096))
        opened.seek(0)
        yield from read(decoding.stream(opened, declared), Meter(source, Bounds(depth=source.depth + 1)))


def charset(head: bytes) -> str | None:
    """Give the charset that a page declares; None where it declares none."""
    match = _CHARSET.search(head)
    return (match.group(1) or match.group(2)).decode("ascii") if match else None


def read(chunks: Iterable[str], meter: Meter, *, part: str | None = None) -> Iterator[Finding]:
    """Yield passages of the visible text, embedded files, and properties.

    Args:
        chunks: The page in order, cut anywhere.
        meter: Counts what is embedded.
        part: Part of each locator.
    """
    page = _Page()
    for segment in passages.segments(_feed(chunks, page), part=part):
        yield segment
        yield from _members(page, meter)
    yield from _members(page, meter)
    if page.title:
        page.facts.setdefault("title", page.title[:_LONGEST_VALUE])
    yield from (Property(name=name, value=value) for name, value in page.facts.items())


def text(chunks: Iterable[str]) -> Iterator[str]:
    """Give the visible text of a page in pieces."""
    return _feed(chunks, _Page())


def _feed(chunks: Iterable[str], page: "_Page") -> Iterator[str]:
    from lxml import etree

    parser = etree.HTMLParser(target=page, encoding="utf-8", recover=True, huge_tree=True, no_network=True)
    fed = False
    for chunk in chunks:
        for at in range(0, len(chunk), _PIECE):
            parser.feed(chunk[at : at + _PIECE].replace("\0", "\ufffd").encode("utf-8", "replace"))
            fed = True
            yield page.take()
    if fed:
        parser.close()
    yield page.take()


def _members(page: "_Page", meter: Meter) -> Iterator[Finding]:
    while page.embedded:
        media_type, encoded = page.embedded.pop(0)
        meter.member()
        page.count += 1
        subtype = media_type.rpartition("/")[2].partition("+")[0]
        data = _payload(encoded)
        if data:
            yield Member(path=f"embedded-{page.count}.{subtype}", chunks=meter.chunks([data]), media_type=media_type)
            meter.check()


def _payload(uri: str) -> bytes:
    head, _, body = uri.partition(",")
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(body)
    raw = re.sub(rb"[^A-Za-z0-9+/]", b"", unquote_to_bytes(body).translate(bytes.maketrans(b"-_", b"+/")))
    try:
        return base64.b64decode(raw[: len(raw) - (len(raw) % 4 == 1)] + b"=" * (-len(raw) % 4))
    except binascii.Error:
        return b""


class _Page:
    """Target of lxml's parser: gathers text as the page is read."""

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}
        self.title = ""
        self.embedded: list[tuple[str, str]] = []
        self.count = 0
        self._out: list[str] = []
        self._hidden = self._kept = 0
        self._in_title = False
        self._break = ""
        self._space = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        self._in_title = self._in_title or tag == "title"
        self._kept += tag in ("pre", "textarea")
        if tag == "html" and attributes.get("lang"):
            self.facts["language"] = attributes["lang"][:_LONGEST_VALUE]
        if tag == "meta":
            self._meta(attributes)
        self._part(tag, opening=True)
        for name in _SPOKEN.get(tag, ()):
            if (value := attributes.get(name)) and attributes.get("type") != "hidden":
                self.data(f" {value} ")
        uri = attributes.get(_EMBEDDING.get(tag, ""), "")
        if uri[:5].lower() == "data:" and (match := _DATA.match(uri)):
            self.embedded.append((match.group(1) or "text/plain", uri))

    def end(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        self._kept = max(0, self._kept - (tag in ("pre", "textarea")))
        if tag == "title":
            self._in_title = False
        self._part(tag, opening=False)

    def data(self, data: str) -> None:
        if self._hidden:
            return
        if self._in_title and len(self.title) < _LONGEST_VALUE:
            self.title = (self.title + data).lstrip()
        if not self._kept:
            data = _WHITE.sub(" ", data)
        if not data.strip():
            self._space = self._space or bool(data)
            return
        lead = self._break or (" " if self._space or data[0] == " " else "")
        self._out.append(lead + (data if self._kept else data.strip(" ")))
        self._break, self._space = "", data[-1] == " "

    def close(self) -> None:
        """Do nothing: all has been taken."""

    def take(self) -> str:
        """Give the text gathered since last asked."""
        out = "".join(self._out)
        self._out.clear()
        return out

    def _part(self, tag: str, *, opening: bool) -> None:
        if tag in _CELLS and opening:
            self._break = self._break or "\t"
        elif tag in _PARAGRAPHS:
            self._break = "\n\n"
        elif tag in _LINES and tag not in _CELLS:
            self._break = self._break if self._break == "\n\n" else "\n"

    def _meta(self, attributes: dict[str, str]) -> None:
        name = _META.get((attributes.get("name") or attributes.get("property") or "").lower())
        value = (attributes.get("content") or "").strip()[:_LONGEST_VALUE]
        if not name or not value or (name == "date" and not _ISO.match(value)):
            return
        if name not in self.facts:
            self.facts[name] = value
            if name in ("description", "keywords"):
                self._part("p", opening=True)
                self.data(value)
                self._part("p", opening=False)
