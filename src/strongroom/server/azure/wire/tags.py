"""Index tags of blobs as the protocol spells them: a header like a query string, and XML.

https://learn.microsoft.com/rest/api/storageservices/set-blob-tags
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_plus

from strongroom.server.azure.faults import Fault

MOST_TAGS = 10
LONGEST_NAME = 128
LONGEST_VALUE = 256

_ALLOWED = re.compile(r"[A-Za-z0-9 +\-./:=_]*")


def tags_of(header: str | None) -> dict[str, str]:
    """Give the tags in ``x-ms-tags``: ``name=value&name=value``, percent-encoded.

    Raises:
        Fault: See `checked_tags`; also where a pair lacks its ``=`` (``InvalidHeaderValue``).
    """
    if not header:
        return {}
    pairs = [pair.partition("=") for pair in header.split("&")]
    if not all(equals for _, equals, _ in pairs):
        raise Fault("InvalidHeaderValue", HeaderName="x-ms-tags", HeaderValue=header)
    return checked_tags((unquote_plus(name), unquote_plus(value)) for name, _, value in pairs)


def checked_tags(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give pairs as tags that a blob may have.

    Raises:
        Fault: They are too many or too long (``TagsTooLarge``), a name is empty (``EmptyTagName``) or there twice
            (``DuplicateTagNames``), or one holds a character that none may (``InvalidTag``).
    """
    given = list(pairs)
    if len(given) > MOST_TAGS:
        raise Fault("TagsTooLarge")
    for name, value in given:
        if not name:
            raise Fault("EmptyTagName")
        if len(name) > LONGEST_NAME or len(value) > LONGEST_VALUE:
            raise Fault("TagsTooLarge")
        if not _ALLOWED.fullmatch(name) or not _ALLOWED.fullmatch(value):
            raise Fault("InvalidTag")
    found = dict(given)
    if len(found) < len(given):
        raise Fault("DuplicateTagNames")
    return found


def count_headers(tags: Mapping[str, str]) -> list[tuple[str, str]]:
    """Give ``x-ms-tag-count``; none where there are no tags."""
    return [("x-ms-tag-count", str(len(tags)))] if tags else []
