"""Outlook messages (msg, MS-OXMSG) on olefile; a message within one becomes an Internet message of its own."""

import struct
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import HeaderParser
from email.utils import format_datetime
from typing import TYPE_CHECKING

from strongroom.analyzers import decoding, eml, markup
from strongroom.analyzers.letter import KEPT, Attachment, Letter
from strongroom.domain.media import EML
from strongroom.errors import LimitExceeded, Unreadable

if TYPE_CHECKING:
    import olefile

_SUBJECT, _HEADERS, _SENT, _DELIVERED = 0x0037, 0x007D, 0x0039, 0x0E06
_SENDER, _SENDER_ADDRESS, _SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
_TO, _CC, _BCC, _BODY, _HTML, _RTF = 0x0E04, 0x0E03, 0x0E02, 0x1000, 0x1013, 0x1009
_MESSAGE_ID, _REFERENCES, _REPLY = 0x1035, 0x1039, 0x1042
_RECIPIENT_TYPE, _NAME, _ADDRESS, _SMTP = 0x0C15, 0x3001, 0x3003, 0x39FE
_LONG_NAME, _SHORT_NAME, _DATA, _MIME = 0x3707, 0x3704, 0x3701, 0x370E
_CODEPAGE, _MESSAGE_CODEPAGE = 0x3FDE, 0x3FFD
_RECIPIENTS = {1: "to", 2: "cc", 3: "bcc"}
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_LARGEST = 256 * 1024**2
"""Bytes of one attachment: olefile reads it whole."""
_DEEPEST = 8
_UTF8_PAGE = 65001
_Path = tuple[str, ...]


def parse(ole: "olefile.OleFileIO", at: _Path = (), depth: int = 0) -> Letter:
    """Read the message in a storage.

    Args:
        ole: The open file.
        at: The storage; empty for the message itself.
        depth: How many messages it lies in.

    Raises:
        Unreadable: It is no message.
        LimitExceeded: Messages lie too deep in each other.
    """
    if depth >= _DEEPEST:
        raise LimitExceeded(f"messages lie more than {_DEEPEST} deep in each other")
    store = _Store(ole, at, 32 if not at else 24)
    headers = _headers(store)
    html, text = store.data(_HTML).rstrip(b"\0"), store.text(_BODY)
    if not text.strip() and html:
        text = "".join(markup.text([decoding.lenient(html, store.charset)]))
    elif not text.strip() and (string := store.text(_HTML)):
        text = "".join(markup.text([string]))
    if not headers and not text and not store.children("__attach"):
        raise Unreadable("it is not an Outlook message, or nothing in it can be read")
    return Letter(
        headers=headers,
        date=store.instant(_SENT) or store.instant(_DELIVERED),
        body=text.replace("\r\n", "\n").strip(),
        names=tuple(_file_name(one) for one in _stores(ole, store, "__attach")),
        attachments=_attachments(ole, store, depth, rtf=None if text.strip() else store.data(_RTF)),
    )


def html(ole: "olefile.OleFileIO") -> str:
    """Give the HTML that a message says, as it was sent: not to be shown before it is cleaned; empty where it has none."""
    store = _Store(ole, (), 32)
    data = store.data(_HTML).rstrip(b"\0")
    return decoding.lenient(data, store.charset) if data else store.text(_HTML)


class _Store:
    """The properties of one storage: a message, a recipient, an attachment."""

    def __init__(self, ole: "olefile.OleFileIO", at: _Path, header: int) -> None:
        self._ole = ole
        self.at = at
        raw = self._stream("__properties_version1.0")[header:]
        self._fixed = {
            number: value for _, number, _, value in (struct.unpack_from("<HHL8s", raw, i) for i in range(0, len(raw) - 15, 16))
        }
        self._names = {path[len(at)].upper(): path[len(at)] for path in ole.listdir() if path[: len(at)] == list(at)}

    @property
    def charset(self) -> str:
        page = self.number(_CODEPAGE) or self.number(_MESSAGE_CODEPAGE) or 1252
        return "utf-8" if page == _UTF8_PAGE else decoding.known(f"cp{page}") or "cp1252"

    def number(self, number: int) -> int:
        return int.from_bytes(self._fixed.get(number, b"")[:4], "little")

    def instant(self, number: int) -> datetime | None:
        ticks = int.from_bytes(self._fixed.get(number, b""), "little")
        with suppress(OverflowError):
            return _EPOCH + timedelta(microseconds=ticks // 10) if ticks else None
        return None

    def text(self, number: int) -> str:
        wide = self._property(number, "001F")
        if wide:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        return self._property(number, "001E").decode(self.charset, "replace").rstrip("\0")

    def data(self, number: int) -> bytes:
        return self._property(number, "0102")

    def children(self, prefix: str) -> list[str]:
        return sorted(name for name in self._names.values() if name.startswith(prefix))

    def has(self, number: int, kind: str) -> bool:
        return f"__SUBSTG1.0_{number:04X}{kind}" in self._names

    def _property(self, number: int, kind: str) -> bytes:
        name = self._names.get(f"__SUBSTG1.0_{number:04X}{kind}")
        return self._stream(name) if name else b""

    def _stream(self, name: str) -> bytes:
        path = [*self.at, name]
        if self._ole.get_type(path) != 2 or self._ole.get_size(path) > _LARGEST:  # noqa: PLR2004
            return b""
        return bytes(self._ole.openstream(path).read())


def _stores(ole: "olefile.OleFileIO", store: _Store, prefix: str) -> Iterator[_Store]:
    return (_Store(ole, (*store.at, name), 8) for name in store.children(prefix))


def _headers(store: _Store) -> dict[str, str]:
    transport = HeaderParser().parsestr(store.text(_HEADERS))
    found = {name: eml.decode_words(str(transport[name])) for name in KEPT if transport[name]}
    address = store.text(_SENDER_SMTP) or store.text(_SENDER_ADDRESS)
    sender = " ".join(filter(None, (store.text(_SENDER), f"<{address}>" if address else "")))
    people: dict[str, list[str]] = {}
    for one in _stores(store._ole, store, "__recip"):  # noqa: SLF001
        address = one.text(_SMTP) or one.text(_ADDRESS)
        name = one.text(_NAME)
        word = f"{name} <{address}>" if name and address and name != address else name or address
        people.setdefault(_RECIPIENTS.get(one.number(_RECIPIENT_TYPE), "to"), []).append(word)
    own = {
        "subject": store.text(_SUBJECT),
        "from": sender,
        **{
            key: ", ".join(people.get(key, ())) or store.text(number)
            for key, number in (("to", _TO), ("cc", _CC), ("bcc", _BCC))
        },
        "message-id": store.text(_MESSAGE_ID),
        "references": store.text(_REFERENCES),
        "in-reply-to": store.text(_REPLY),
    }
    return {**{name: value.strip() for name, value in own.items() if value.strip()}, **found}


def _file_name(store: _Store) -> str:
    name = store.text(_LONG_NAME) or store.text(_SHORT_NAME) or store.text(_NAME)
    if store.has(_DATA, "000D") and name and not name.lower().endswith(".eml"):
        return name.removesuffix(".msg") + ".eml"
    return name


def _attachments(ole: "olefile.OleFileIO", store: _Store, depth: int, rtf: bytes | None) -> Iterator[Attachment]:
    if rtf:
        yield Attachment(name="body.rtf", media_type="application/rtf", data=unpack_rtf(rtf))
    for one in _stores(ole, store, "__attach"):
        if one.has(_DATA, "000D"):
            inner = parse(ole, (*one.at, "__substg1.0_3701000D"), depth + 1)
            yield Attachment(name=_file_name(one) or "message.eml", media_type=EML, data=to_eml(inner, depth))
        else:
            media_type = one.text(_MIME) or "application/octet-stream"
            yield Attachment(name=_file_name(one) or None, media_type=media_type, data=one.data(_DATA))


def to_eml(letter: Letter, depth: int) -> bytes:
    """Write a message that has no bytes of its own (Outlook keeps it in pieces) as an Internet message, always the same."""
    message = EmailMessage()
    for name, value in letter.headers.items():
        if name not in ("message-id", "references", "in-reply-to") or value.isascii():
            message[name] = " ".join(value.split())
    if letter.date:
        message["date"] = format_datetime(letter.date)
    message.set_content(letter.body, cte="base64")
    for attachment in letter.attachments:
        main, _, sub = attachment.media_type.partition("/")
        main, sub = ("application", "octet-stream") if main in ("message", "multipart") or not sub else (main, sub)
        message.add_attachment(attachment.data, maintype=main, subtype=sub, filename=attachment.name or "")
    if message.is_multipart():
        message.set_boundary(f"=_strongroom_{depth}")
    return message.as_bytes()


def unpack_rtf(data: bytes) -> bytes:
    """Undo Outlook's compression of RTF (MS-OXRTFCP); give what can be got of damaged data."""
    if data[8:12] != b"LZFu":
        return data[16:]
    window = bytearray(_RTF_START.ljust(4096, b" "))
    write, out, at = len(_RTF_START), bytearray(), 16
    while at < len(data):
        flags, at = data[at], at + 1
        for bit in range(8):
            if at + 1 >= len(data):
                return bytes(out)
            if not flags >> bit & 1:
                piece, at = data[at : at + 1], at + 1
                window[write] = piece[0]
                out += piece
                write = (write + 1) % 4096
                continue
            word, at = int.from_bytes(data[at : at + 2], "big"), at + 2
            if word >> 4 == write:
                return bytes(out)
            for step in range((word & 15) + 2):
                byte = window[((word >> 4) + step) % 4096]
                window[write] = byte
                out.append(byte)
                write = (write + 1) % 4096
    return bytes(out)


_RTF_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans Serif"
    b"SymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
