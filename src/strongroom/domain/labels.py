"""What people may write on a blob: index tags, and metadata, within the bounds that blob clients have too.

https://learn.microsoft.com/rest/api/storageservices/set-blob-tags and set-blob-metadata.
"""

import re
from collections.abc import Mapping

from strongroom.errors import UsageError

MOST_TAGS = 10
TAG_NAME, TAG_VALUE = 128, 256
"""Characters."""
MOST_METADATA = 8 << 10
"""Characters that names and values may have together."""
_TAG = re.compile(r"[A-Za-z0-9 +\-./:=_]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")


def checked_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Give tags back if a blob may have them.

    Raises:
        UsageError: They are too many or too long, or hold a character that none may.
    """
    if len(tags) > MOST_TAGS:
        raise UsageError(f"a blob has at most {MOST_TAGS} tags, and these are {len(tags)}: leave some out")
    for name, value in tags.items():
        if not 1 <= len(name) <= TAG_NAME or len(value) > TAG_VALUE:
            raise UsageError(f"a tag's name has 1 to {TAG_NAME} characters and its value at most {TAG_VALUE}: {name[:60]!r}")
        if not _TAG.fullmatch(name) or not _TAG.fullmatch(value):
            raise UsageError(f"a tag holds only A-Z, a-z, 0-9, spaces and + - . / : = _: {name[:60]!r}")
    return dict(tags)


def checked_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Give metadata back if a blob may have it.

    Raises:
        UsageError: It is too much, a name is no identifier, or a value holds what no HTTP header can carry.
    """
    if sum(len(name) + len(value) for name, value in metadata.items()) > MOST_METADATA:
        raise UsageError(f"names and values of metadata have at most {MOST_METADATA:,} characters together: shorten them")
    for name, value in metadata.items():
        if not _NAME.fullmatch(name):
            raise UsageError(f"a name of metadata has letters, digits and _, and begins with no digit: {name[:60]!r}")
        if not _VALUE.fullmatch(value):
            raise UsageError(f"the value of {name!r} holds a character that HTTP headers cannot carry: use Western letters")
    return dict(metadata)
