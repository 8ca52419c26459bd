"""Index tags, and blobs found by them, as XML.

https://learn.microsoft.com/rest/api/storageservices/set-blob-tags
"""

from collections.abc import Iterable, Mapping

from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.listing_xml import name_leaf
from strongroom.server.azure.wire.tags import checked_tags
from strongroom.server.azure.wire.xml import document, leaf, node, parse
from strongroom.storage.catalog.tags import Tagged


def read_tags(body: bytes) -> dict[str, str]:
    """Read ``Tags``.

    Raises:
        Fault: It cannot be read (``InvalidXmlDocument``), or see `checked_tags`.
    """
    root = parse(body)
    if root.tag != "Tags" or root.find("TagSet") is None:
        raise Fault("InvalidXmlDocument")
    pairs = ((one.findtext("Key") or "", one.findtext("Value") or "") for one in root.iterfind("TagSet/Tag"))
    return checked_tags(pairs)


def tags_node(tags: Mapping[str, str]) -> str:
    """Give tags as an element."""
    pairs = (node("Tag", (leaf("Key", name), leaf("Value", value))) for name, value in tags.items())
    return node("Tags", (node("TagSet", pairs),))


def tags_xml(tags: Mapping[str, str]) -> bytes:
    """Give tags as a document."""
    return document(tags_node(tags))


def found_xml(endpoint: str, where: str, found: Iterable[Tagged], following: str) -> bytes:
    """Give what Find Blobs by Tags found.

    Args:
        endpoint: URL of the service.
        where: What was asked.
        found: The blobs.
        following: Where the next page starts; empty at the end.
    """
    blobs = node("Blobs", map(_found, found))
    parts = (name_leaf("Where", where), blobs, name_leaf("NextMarker", following))
    return document(node("EnumerationResults", parts, ServiceEndpoint=endpoint))


def _found(one: Tagged) -> str:
    parts = [name_leaf("Name", one.name), leaf("ContainerName", one.container), tags_node(one.tags)]
    if one.version is not None:
        parts += [leaf("VersionId", one.version), leaf("IsCurrentVersion", "true")]
    return node("Blob", parts)
