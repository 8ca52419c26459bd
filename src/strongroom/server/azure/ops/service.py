"""The service itself: its properties, statistics, account, delegation keys."""

from xml.etree.ElementTree import Element

from strongroom.server.azure.auth.delegation import user_delegation_key
from strongroom.server.azure.auth.times import read_time
from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire import xml
from strongroom.server.azure.wire.service_properties import read_properties, spell_properties, spell_stats

MOST_PROPERTIES = 1 << 20
"""Bytes of the properties' XML."""
MOST_KEY_INFO = 64 << 10
"""Bytes of the XML that asks for a delegation key."""

XML = (("content-type", "application/xml"),)


def get_blob_service_properties(call: Call) -> Reply:
    """Get blob service properties."""
    return Reply(status=200, headers=XML, body=spell_properties(call.vault.service_properties()))


def set_blob_service_properties(call: Call) -> Reply:
    """Set blob service properties; those that are not named stay."""
    changes = read_properties(call.request.body.read(MOST_PROPERTIES))
    if changes:
        call.vault.set_service_properties(changes)
    return Reply(status=202)


def get_blob_service_stats(call: Call) -> Reply:
    """Get blob service stats, which the secondary place tells."""
    if not call.request.address.is_secondary:
        raise Fault("InvalidQueryParameterValue", QueryParameterName="comp", QueryParameterValue="stats")
    return Reply(status=200, headers=XML, body=spell_stats(call.request.at))


def get_account_information(call: Call) -> Reply:
    """Get account information."""
    del call
    return Reply(
        status=200,
        headers=(
            ("x-ms-sku-name", "Standard_RAGRS"),
            ("x-ms-account-kind", "StorageV2"),
            ("x-ms-is-hns-enabled", "false"),
        ),
    )


def get_user_delegation_key(call: Call) -> Reply:
    """Get user delegation key."""
    root = xml.parse(call.request.body.read(MOST_KEY_INFO))
    start, expiry = _text(root, "Start"), _text(root, "Expiry")
    if root.tag != "KeyInfo" or not expiry:
        raise Fault("InvalidXmlDocument")
    key = user_delegation_key(
        call.vault,
        call.identity,
        read_time(start) if start else None,
        read_time(expiry),
        now=call.request.at,
        version=call.request.version,
        user_tenant=_text(root, "DelegatedUserTid"),
    )
    parts = {
        "SignedOid": key.oid,
        "SignedTid": key.tid,
        "SignedStart": key.start,
        "SignedExpiry": key.expiry,
        "SignedService": key.service,
        "SignedVersion": key.version,
        **({"SignedDelegatedUserTid": key.user_tid} if key.user_tid else {}),
        "Value": key.value,
    }
    document = xml.node("UserDelegationKey", [xml.leaf(name, value) for name, value in parts.items()])
    return Reply(status=200, headers=XML, body=xml.document(document))


def _text(root: Element, name: str) -> str:
    found = root.find(name)
    return (found.text or "").strip() if found is not None else ""
