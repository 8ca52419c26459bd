"""Internet messages (RFC 5322, MIME), read tolerantly: charsets and encodings are often missing or wrong."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.header import decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value, parsedate_to_datetime

from strongroom.analyzers import decoding, markup, names
from strongroom.analyzers.bounds import ODDITIES
from strongroom.analyzers.eml_large import Slim
from strongroom.analyzers.letter import KEPT, Attachment, Letter
from strongroom.errors import AnalysisError, Unreadable

_KNOWN = frozenset({"from", "to", "subject", "date", "received", "message-id", "mime-version", "return-path", "sender", "cc"})
_LONGEST_BODY = 1 << 25
"""Bytes of a body that is itself encoded and large."""
_STUB = 40
"""Characters of a text part below which it says no more than that there is an HTML part."""
_WHITE = re.compile(r"\s+")
_WORD = re.compile(r"=\?[^?\s]+\?[bqBQ]\?[^?]*\?=")
_ENVELOPED = frozenset({"enveloped-data", "authenveloped-data"})


def parse(data: bytes, large: Slim | None = None) -> Letter:
    """Read a message.

    Args:
        data: The message as it was sent.
        large: What was left out of it, where it is large.

    Raises:
        Unreadable: It has none of the headers that a message has.
    """
    try:
        message = message_from_bytes(data, policy=policy.compat32)
        headers = _headers(message)
        if not _KNOWN & headers.keys():
            raise Unreadable("it is not a mail message: it has none of the headers that one has")
        bodies: list[Message] = []
        files: list[Message] = []
        _sort(message, bodies, files)
        return Letter(
            headers=headers,
            date=_date(headers.get("date", "")),
            body="\n\n".join(filter(None, (_body(part, large) for part in bodies))),
            names=tuple(filter(None, (_file_name(part) for part in files))),
            attachments=_attachments(files, large or Slim()),
            problems=("it ends too early: a part of it is missing",) if _is_cut(message) else (),
            encrypted=_encryption(message),
        )
    except AnalysisError:
        raise
    except ODDITIES as error:
        raise Unreadable(f"the message is damaged beyond reading ({error})") from error


def decode_words(raw: str) -> str:
    """Decode a header: encoded words (RFC 2047), raw bytes of any charset, folded lines."""
    if any("\udc80" <= char <= "\udcff" for char in raw):
        raw = decoding.lenient(raw.encode("utf-8", "surrogateescape"))
    if _WORD.search(raw):
        raw = _decoded(raw)
    return _WHITE.sub(" ", raw.replace("\0", "")).strip()


def _decoded(raw: str) -> str:
    out = []
    try:
        for piece, charset in decode_header(raw):
            if isinstance(piece, str):
                out.append(piece)
            elif charset is None:
                out.append(piece.decode("latin-1"))
            else:
                out.append(piece.decode(decoding.known(charset) or "utf-8", "replace"))
    except ODDITIES:
        return raw
    return "".join(out) or raw


def _headers(message: Message) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, raw in message.raw_items():
        lowered = name.lower()
        if lowered in KEPT or lowered in _KNOWN:
            value = decode_words(str(raw))
            found[lowered] = (
                f"{found[lowered]}, {value}" if lowered in ("to", "cc") and lowered in found else found.get(lowered, value)
            )
    return found


def _date(raw: str) -> datetime | None:
    try:
        return parsedate_to_datetime(raw)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def _sort(part: Message, bodies: list[Message], files: list[Message]) -> None:
    """Part what is said from what is attached; of alternatives the plain text is taken, where it says something."""
    kind = part.get_content_type()
    inner = _parts(part)
    if kind == "message/rfc822" or not part.is_multipart():
        is_said = kind in ("text/plain", "text/html") and not _is_attached(part)
        (bodies if is_said or (kind.startswith("text/") and not bodies and not _is_attached(part)) else files).append(part)
    elif kind == "multipart/alternative":
        kinds: dict[bool, list[Message]] = {True: [], False: []}
        for one in inner:
            some: list[Message] = []
            _sort(one, some, files)
            for each in some:
                kinds[each.get_content_type() == "text/plain"].append(each)
        plain = [one for one in kinds[True] if len(_body(one)) >= _STUB or not kinds[False]]
        bodies.extend(plain or kinds[False][-1:])
    else:
        for one in inner:
            _sort(one, bodies, files)


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or _file_name(part) is not None


def _file_name(part: Message) -> str | None:
    raw = _parameter(part, "content-disposition", "filename") or _parameter(part, "content-type", "name")
    if raw is None:
        return (
            f"{names.clean(_subject(part) or 'message', 1)[:100]}.eml" if part.get_content_type() == "message/rfc822" else None
        )
    return decode_words(collapse_rfc2231_value(raw, "replace", "utf-8")) or None


def _parameter(part: Message, header: str, name: str) -> str | tuple[str | None, str | None, str] | None:
    """Give a header's parameter; raw bytes in it are decoded first, which the email package would replace."""
    raw = next((str(value) for key, value in part.raw_items() if key.lower() == header), "")
    if not raw.isascii():
        part = Message(policy=policy.compat32)
        part[header] = decoding.lenient(raw.encode("utf-8", "surrogateescape"))
    return part.get_param(name, None, header)


def _subject(part: Message) -> str:
    inner = _parts(part)
    return _headers(inner[0]).get("subject", "").replace("/", "_") if inner else ""


def _parts(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _payload(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _body(part: Message, large: Slim | None = None) -> str:
    if part.get_content_type() == "text/html":
        return "".join(markup.text([_markup(part, large)])).strip()
    return decoding.lenient(_raw(part, large), _charset(part)).replace("\r\n", "\n").strip()


def _raw(part: Message, large: Slim | None) -> bytes:
    raw = _payload(part)
    return b"".join(_first(large.unfold(raw))) if large else raw


def _charset(part: Message) -> str | None:
    charset = part.get_param("charset")
    return collapse_rfc2231_value(charset) if charset else None


def _markup(part: Message, large: Slim | None) -> str:
    raw = _raw(part, large)
    return decoding.lenient(raw, _charset(part) or markup.charset(raw[:4096]))


def html(data: bytes, large: Slim | None = None) -> str:
    """Give the HTML that a message says, as it was sent: not to be shown before it is cleaned; empty where it has none.

    Args:
        data: The message as it was sent.
        large: What was left out of it, where it is large.

    Raises:
        Unreadable: It is damaged.
    """
    try:
        message = message_from_bytes(data, policy=policy.compat32)
        return "\n".join(_markup(part, large) for part in _html_parts(message))
    except ODDITIES as error:
        raise Unreadable(f"the message is damaged beyond reading ({error})") from error


def _html_parts(part: Message) -> Iterator[Message]:
    if part.get_content_maintype() == "multipart":
        for one in _parts(part):
            yield from _html_parts(one)
    elif part.get_content_type() == "text/html" and not _is_attached(part):
        yield part


def _first(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Give chunks while they are no more than a body may be long."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > _LONGEST_BODY:
            return
        yield chunk


def _attachments(files: list[Message], large: Slim) -> Iterator[Attachment]:
    for part in files:
        kind = part.get_content_type()
        inner = _parts(part)
        if kind == "message/rfc822" and inner:
            data = inner[0].as_bytes(policy=policy.compat32.clone(linesep="\r\n"))
        else:
            data = _payload(part)
        more = large.unfold(data) if large.runs else None
        yield Attachment(name=_file_name(part), media_type=kind, data=data, chunks=more)


def _encryption(message: Message) -> str:
    kind = message.get_content_type()
    if kind == "multipart/encrypted":
        return "its body is encrypted with PGP; its headers can be found, its words not"
    if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime") and (
        str(message.get_param("smime-type") or "enveloped-data").lower() in _ENVELOPED
    ):
        return "its body is encrypted with S/MIME; its headers can be found, its words not"
    return ""


def _is_cut(message: Message) -> bool:
    return any(type(defect).__name__ == "CloseBoundaryNotFoundDefect" for part in message.walk() for defect in part.defects)
