"""Bytes to text: the encoding found by byte order mark, by proof (UTF-8, UTF-16), then by likeness."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from strongroom.errors import Unreadable

SAMPLE = 1 << 16
"""Bytes that an encoding is judged by."""
_BLOCK = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LEGACY = [
    *(
        "cp1252",
        "cp1250",
        "cp1251",
        "koi8_r",
        "cp866",
        "cp1253",
        "cp1254",
        "cp1255",
        "cp1256",
        "cp1257",
        "cp874",
        "cp437",
        "cp850",
    ),
    *("mac_roman", "cp932", "euc_jp", "gb18030", "big5", "euc_kr"),
]
"""Encodings weighed by likeness: those that files still come in."""
_CONTROL = re.compile(rb"[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f]")
_HIGH_LINE = re.compile(rb"[^\n]*[\x80-\xff][^\n]*\n?")
_HIGH = bytes(range(0x80, 0x100))
_GARBAGE = 0.03
"""Share of control bytes above which bytes are no text."""
_WEIGHED = 4096
"""Bytes of non-ASCII lines that likeness is judged by."""
_FEW = 32
"""Bytes beyond ASCII below which likeness proves nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoding:
    """How bytes are to be read as text."""

    name: str
    """Python's name of it."""
    skip: int = 0
    """Bytes of the byte order mark."""
    sure: bool = True
    """Whether it is proved; if not, the first bytes that refuse it are judged anew."""


def sniff(head: bytes, declared: str | None = None) -> Encoding:
    """Find the encoding of a text.

    Args:
        head: Its first bytes (`SAMPLE` of them, or all).
        declared: What the text says itself, or its mail's header; taken where it holds.

    Raises:
        Unreadable: The bytes are no text.
    """
    mark, marked = next(((mark, name) for mark, name in _MARKS if head.startswith(mark)), (b"", None))
    if proved := marked or _wide(head):
        return Encoding(name=proved, skip=len(mark))
    if len(_CONTROL.findall(head)) > _GARBAGE * len(head):
        raise Unreadable("it is binary data, not text")
    if b"\x1b$" in head or b"\x1b(J" in head:
        return Encoding(name="iso2022_jp")
    if declared and (stated := known(declared)) and _holds(head, stated):
        return Encoding(name=stated)
    if head.isascii():
        return Encoding(name="utf-8", sure=False)
    if _holds(head, "utf-8"):
        return Encoding(name="utf-8")
    return Encoding(name=guess(head) or "cp1252")


def known(name: str) -> str | None:
    """Give Python's name of a charset, None where there is no such text encoding (``rot13`` is none).

    A page that says ASCII or Latin 1 means Windows 1252, as the WHATWG encoding standard has it.
    """
    try:
        found = codecs.lookup(name.strip(" \"'"))
        "".encode(found.name)
    except (LookupError, ValueError, TypeError):
        return None
    return "cp1252" if found.name in ("ascii", "iso8859-1") else found.name


def guess(data: bytes) -> str | None:
    """Give the encoding that bytes beyond ASCII most likely have; None where nothing fits."""
    from charset_normalizer import from_bytes

    sample = b"".join(match.group() for match in _HIGH_LINE.finditer(data))[:_WEIGHED]
    high = len(sample) - len(sample.translate(None, _HIGH))
    if high < _FEW and high * 3 < len(sample) and _holds(sample, "cp1252"):
        return "cp1252"
    best = from_bytes(sample, cp_isolation=_LEGACY, enable_fallback=False).best()
    return best.encoding if best else None


def text(data: bytes, declared: str | None = None) -> str:
    """Decode bytes that are at hand; what cannot be decoded becomes U+FFFD."""
    found = sniff(data[:SAMPLE], declared)
    return data[found.skip :].decode(found.name, "replace")


def lenient(data: bytes, declared: str | None = None) -> str:
    """Decode bytes that are known to be meant as text, whatever they hold."""
    try:
        return text(data, declared)
    except Unreadable:
        return data.decode((declared and known(declared)) or "utf-8", "replace")


def stream(opened: BinaryIO, declared: str | None = None) -> Iterator[str]:
    """Decode a stream from where it stands, in constant memory; line ends stay as they are.

    Args:
        opened: The bytes.
        declared: As for `sniff`.

    Raises:
        Unreadable: The bytes are no text.
    """
    block = opened.read(SAMPLE)
    found = sniff(block, declared)
    decoder = codecs.getincrementaldecoder(found.name)("strict" if not found.sure else "replace")
    block = block[found.skip :]
    while block:
        if not found.sure and not block.isascii():
            found = _settle(block)
            decoder = codecs.getincrementaldecoder(found.name)("replace")
        yield decoder.decode(block)
        block = opened.read(_BLOCK)
    yield decoder.decode(b"", final=True)


def _settle(block: bytes) -> Encoding:
    """Judge a text whose beginning was plain ASCII by the first block that is not."""
    return Encoding(name="utf-8" if _holds(block, "utf-8") else guess(block) or "cp1252")


def _holds(data: bytes, name: str) -> bool:
    """Say whether bytes are valid in an encoding, but for a character cut at the end."""
    try:
        codecs.getincrementaldecoder(name)("strict").decode(data)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _wide(head: bytes) -> str | None:
    """Recognise UTF-16 without its mark: a zero, or the page of a script, in every other byte."""
    half = len(head) // 2
    if half < 2 or b"\x00" not in head:  # noqa: PLR2004
        return None
    low, high = head[: half * 2 : 2], head[1 : half * 2 : 2]
    for name, zeros, others in (("utf-16-le", high, low), ("utf-16-be", low, high)):
        if zeros.count(0) > half * 0.4 and others.count(0) == 0 and _holds(head[: half * 2], name):
            return name
    pairs = {head[i : i + 2] for i in range(0, min(len(head), _WEIGHED) - 1, 2)}
    for name, marks in (("utf-16-le", {b"\n\x00", b" \x00"}), ("utf-16-be", {b"\x00\n", b"\x00 "})):
        if marks & pairs and _holds(head[: half * 2], name):
            decoded = head[: half * 2].decode(name, "replace")
            if sum(not (c.isprintable() or c.isspace()) for c in decoded) <= _GARBAGE * len(decoded):
                return name
    return None
