"""Stored access policies as XML.

https://learn.microsoft.com/rest/api/storageservices/set-container-acl
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from strongroom.domain.container import AccessPolicy
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.xml import document, leaf, node, parse

MOST_POLICIES = 5
LONGEST_ID = 64
LETTERS = frozenset("racwdxyltfmeopi")

_FRACTION = re.compile(r"(\.\d{6})\d+")


def read_policies(body: bytes) -> tuple[AccessPolicy, ...]:
    """Read ``SignedIdentifiers``; no body means none.

    Raises:
        Fault: It cannot be read, or they are more than five (``InvalidXmlDocument``), or a time or permission is none
            (``InvalidXmlNodeValue``).
    """
    if not body.strip():
        return ()
    root = parse(body)
    if root.tag != "SignedIdentifiers":
        raise Fault("InvalidXmlDocument")
    found = tuple(_policy(one) for one in root.findall("SignedIdentifier"))
    if len(found) > MOST_POLICIES or len({one.id for one in found}) < len(found):
        raise Fault("InvalidXmlDocument")
    return found


def _policy(one: Element) -> AccessPolicy:
    name = (one.findtext("Id") or "").strip()
    if not 1 <= len(name) <= LONGEST_ID:
        raise Fault("InvalidXmlDocument")
    permission = (one.findtext("AccessPolicy/Permission") or "").strip()
    if not LETTERS.issuperset(permission):
        raise Fault("InvalidXmlNodeValue", XmlNodeName="Permission", XmlNodeValue=permission)
    return AccessPolicy(id=name, start=_instant(one, "Start"), expiry=_instant(one, "Expiry"), permission=permission)


def _instant(one: Element, which: str) -> datetime | None:
    text = (one.findtext(f"AccessPolicy/{which}") or "").strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", text))
    except ValueError:
        raise Fault("InvalidXmlNodeValue", XmlNodeName=which, XmlNodeValue=text) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def policies_xml(policies: Iterable[AccessPolicy]) -> bytes:
    """Give policies as ``SignedIdentifiers``."""
    return document(node("SignedIdentifiers", (_policy_xml(one) for one in policies)))


def _policy_xml(one: AccessPolicy) -> str:
    parts = [leaf(name, _spelt(at)) for name, at in (("Start", one.start), ("Expiry", one.expiry)) if at is not None]
    if one.permission:
        parts.append(leaf("Permission", one.permission))
    return node("SignedIdentifier", (leaf("Id", one.id), *([node("AccessPolicy", parts)] if parts else ())))


def _spelt(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}0Z"
