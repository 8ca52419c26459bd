"""Block ids, and lists of blocks in XML.

https://learn.microsoft.com/rest/api/storageservices/put-block-list and ``get-block-list``.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable

from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.xml import document, leaf, node, parse
from strongroom.vault import Block, BlockRef

LONGEST_ID = 64
"""Bytes of a block id, before Base64."""

MOST_BLOCKS = 50_000

WHICH = {"Latest": "latest", "Committed": "committed", "Uncommitted": "uncommitted"}


def block_id_of(text: str | None) -> str:
    """Give a block id back that may be one; it is kept in Base64, as it came.

    Raises:
        Fault: There is none (``MissingRequiredQueryParameter``), it is not Base64 (``InvalidQueryParameterValue``), or is
            too long (``OutOfRangeInput``).
    """
    if not text:
        raise Fault("MissingRequiredQueryParameter", QueryParameterName="blockid")
    try:
        raw = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise _wrong("InvalidQueryParameterValue", text, "Not a valid base64 string.") from None
    if b64encode(raw).decode() != text:
        raise _wrong("InvalidQueryParameterValue", text, "Not a valid base64 string.")
    if len(raw) > LONGEST_ID:
        raise _wrong("OutOfRangeInput", text, f"Block ID length cannot exceed {LONGEST_ID}.")
    return text


def _wrong(code: str, text: str, reason: str) -> Fault:
    return Fault(code, QueryParameterName="blockid", QueryParameterValue=text, Reason=reason)


def refs_of(body: bytes) -> list[BlockRef]:
    """Read the list of Put Block List; an empty one, or none at all, makes an empty blob.

    Raises:
        Fault: It cannot be read (``InvalidXmlDocument``), names something else than blocks (``InvalidBlockList``), or too
            many (``BlockListTooLong``).
    """
    root = parse(body)
    if _plain(root.tag) != "BlockList":
        raise Fault("InvalidXmlDocument")
    if len(root) > MOST_BLOCKS:
        raise Fault("BlockListTooLong")
    found: list[BlockRef] = []
    for one in root:
        which, text = WHICH.get(_plain(one.tag)), (one.text or "").strip()
        if which is None or not text:
            raise Fault("InvalidBlockList")
        found.append(BlockRef(block_id=text, which=which))
    return found


def _plain(tag: str) -> str:
    return tag.rpartition("}")[2]


def block_list(committed: Iterable[Block], waiting: Iterable[Block]) -> bytes:
    """Spell the reply of Get Block List; a list that was not asked for is empty."""
    parts = [
        node(name, [node("Block", (leaf("Name", one.block_id), leaf("Size", one.size))) for one in some])
        for name, some in (("CommittedBlocks", committed), ("UncommittedBlocks", waiting))
    ]
    return document(node("BlockList", parts))
