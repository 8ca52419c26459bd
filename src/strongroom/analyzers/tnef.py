"""TNEF (``winmail.dat``): what Outlook wraps a message's attachments in (MS-OXTNEF).

Written here because it is small: the one permissive reader on the package index has not moved for years.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from strongroom.analyzers import decoding
from strongroom.errors import Unreadable

_SIGNATURE = 0x223E9F78
_BODY, _TITLE, _DATA, _START, _PROPERTIES = 0x800C, 0x8010, 0x800F, 0x9002, 0x9005
_LONG_NAME, _ATTACHED = 0x3707, 0x3701
_FIXED = {0x2: 4, 0x3: 4, 0x4: 4, 0x5: 8, 0x6: 8, 0x7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = frozenset({0xD, 0x1E, 0x1F, 0x102})
_GUID = 16
_MANY, _NAMED, _MULTI = 10_000, 0x8000, 0x1000


@dataclass(kw_only=True, slots=True)
class Parcel:
    """What a TNEF file wraps."""

    body: str = ""
    """The message's text, where it is here and not beside it."""
    files: list[tuple[str, bytes]] = field(default_factory=list)
    """Names and bytes."""


def is_tnef(data: bytes) -> bool:
    """Say whether bytes begin as TNEF does."""
    return len(data) > 6 and int.from_bytes(data[:4], "little") == _SIGNATURE  # noqa: PLR2004


def read(data: bytes) -> Parcel:
    """Unwrap a TNEF file.

    Raises:
        Unreadable: It is damaged before anything was found.
    """
    parcel = Parcel()
    name, content = "", b""
    try:
        for attribute, value in _attributes(data):
            if attribute == _START:
                _put(parcel, name, content)
                name, content = "", b""
            elif attribute == _TITLE:
                name = name or decoding.lenient(value.rstrip(b"\0"))
            elif attribute == _DATA:
                content = value
            elif attribute == _BODY:
                parcel.body = decoding.lenient(value.rstrip(b"\0"))
            elif attribute == _PROPERTIES:
                found = dict(_properties(value))
                name = found[_LONG_NAME].decode("utf-8") if found.get(_LONG_NAME) else name
                content = content or found.get(_ATTACHED, b"")
    except (struct.error, IndexError, ValueError) as error:
        _put(parcel, name, content)
        if not parcel.files:
            raise Unreadable(f"the TNEF data is damaged ({error})") from error
        return parcel
    _put(parcel, name, content)
    return parcel


def _put(parcel: Parcel, name: str, content: bytes) -> None:
    if content:
        parcel.files.append((name, content))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 6
    while at + 9 < len(data):
        attribute, _, length = struct.unpack_from("<xHHL", data, at)
        at += 9
        if at + length > len(data):
            raise ValueError("it ends too early")
        yield attribute, data[at : at + length]
        at += length + 2


def _properties(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the MAPI properties of an attachment that have bytes; strings as UTF-8."""
    (count,) = struct.unpack_from("<L", data)
    at = 4
    for _ in range(min(count, _MANY)):
        kind, number = struct.unpack_from("<HH", data, at)
        at += 4
        if number >= _NAMED:
            at = _pass_name(data, at)
        values = 1
        if kind & _MULTI or kind in _VARIABLE:
            (values,) = struct.unpack_from("<L", data, at)
            at += 4
        for _ in range(min(values, _MANY)):
            base = kind & ~_MULTI
            if base in _FIXED:
                at += _FIXED[base]
                continue
            if base not in _VARIABLE:
                raise ValueError(f"property type {base:#x} is unknown")
            (length,) = struct.unpack_from("<L", data, at)
            value = data[at + 4 : at + 4 + length]
            at += 4 + length + -length % 4
            yield number, _plain(base, value)


def _pass_name(data: bytes, at: int) -> int:
    (kind,) = struct.unpack_from("<L", data, at + _GUID)
    (length,) = struct.unpack_from("<L", data, at + _GUID + 4)
    return at + _GUID + 8 + (length + -length % 4 if kind else 0)


def _plain(kind: int, value: bytes) -> bytes:
    if kind == 0x1F:  # noqa: PLR2004
        return value.decode("utf-16-le", "replace").rstrip("\0").encode()
    if kind == 0x1E:  # noqa: PLR2004
        return decoding.lenient(value.rstrip(b"\0")).encode()
    return value[_GUID:] if kind == 0xD else value  # noqa: PLR2004
