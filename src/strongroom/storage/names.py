"""Names: what a container or a blob may be called, and how a file's name on disk is spelt as one."""

import re
import unicodedata

from strongroom.errors import NameRefused

CONTAINER_RULE = re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,62}")
RESERVED_CONTAINERS = frozenset({"$root", "$web", "$logs"})
BLOB_CHARACTERS = 1024
BLOB_SEGMENTS = 254
LEAST = "\x01"
"""A name with this at its end is the least text after the name: no name holds it (nor NUL, which PostgreSQL cannot take)."""

_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")


def check_container_name(name: str) -> str:
    """Give the name back if a container may have it.

    Azure's rule: 3 to 63 of ``a-z``, ``0-9`` and single hyphens, or one of its reserved names.
    https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata

    Raises:
        NameRefused: It breaks the rule.
    """
    if name in RESERVED_CONTAINERS or (len(name) <= 63 and CONTAINER_RULE.fullmatch(name)):  # noqa: PLR2004
        return name
    raise NameRefused(
        f"{name!r} cannot name a container: use 3 to 63 of a-z, 0-9 and single hyphens, a letter or digit first and last"
    )


def check_blob_name(name: str) -> str:
    """Give the name back if a blob may have it.

    Raises:
        NameRefused: It is empty or too long, has too many ``/``, or a character that no listing could carry.
    """
    if not 1 <= len(name) <= BLOB_CHARACTERS:
        raise NameRefused(f"a blob's name has 1 to {BLOB_CHARACTERS:,} characters, and this one has {len(name):,}")
    if name.count("/") >= BLOB_SEGMENTS:
        raise NameRefused(f"a blob's name has at most {BLOB_SEGMENTS} parts between slashes: {name[:60]!r}…")
    bad = None if name.isascii() and name.isprintable() else next((c for c in name if not _may_stand(c)), None)
    if bad is not None:
        raise NameRefused(f"a blob's name cannot hold the character U+{ord(bad):04X}: {name[:60]!r}; rename it")
    return name


def readable_name(name: str) -> str:
    r"""Spell a name found on disk so that any blob may have it, and that `disk_name` gives it back exactly.

    Bytes that are not UTF-8, control characters and a backslash that would look like an escape become ``\xNN``.

    Args:
        name: As Python gives it, with lone surrogates for bytes that are not UTF-8 (PEP 383).
    """
    if name.isascii() and name.isprintable() and "\\x" not in name:
        return name
    spelt = "".join(c if _may_stand(c) else _escape(c.encode("utf-8", "surrogateescape")) for c in _hide_escapes(name))
    return spelt.replace("\0", "\\x5c")


def disk_name(name: str) -> str:
    """Give the name on disk that `readable_name` spelt so."""
    if "\\x" not in name:
        return name
    raw = _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), name.encode("utf-8", "surrogateescape"))
    return raw.decode("utf-8", "surrogateescape")


def successor(prefix: str) -> str | None:
    """Give the least text greater than every text that begins so; None where there is none.

    Texts compare by code point, which is also the bytewise order of UTF-8.
    """
    while prefix:
        code = ord(prefix[-1]) + 1
        if code <= 0x10FFFF:  # noqa: PLR2004
            return prefix[:-1] + chr(0xE000 if 0xD800 <= code <= 0xDFFF else code)  # noqa: PLR2004
        prefix = prefix[:-1]
    return None


def _may_stand(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs") and character not in "\ufffe\uffff"


def _hide_escapes(name: str) -> str:
    """Mark with NUL, which no file name holds, each backslash that begins what looks like an escape."""
    return re.sub(r"\\(?=x[0-9a-f]{2})", "\0", name)


def _escape(raw: bytes) -> str:
    return "".join("\0" if byte == 0 else f"\\x{byte:02x}" for byte in raw)
