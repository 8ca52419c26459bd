"""The XML of the service's properties, and of its statistics.

https://learn.microsoft.com/rest/api/storageservices/set-blob-service-properties
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element

from strongroom.server.azure.call import NEWEST
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire import xml
from strongroom.server.azure.wire.headers import http_date

MOST_RULES = 5
"""CORS rules that a service may have."""
MOST_DAYS = 365
"""Days for which something deleted may be kept."""
MOST_NAMES = 64
"""Origins, or headers, that a CORS rule may name."""
MOST_CHARACTERS = 256
"""Characters of one of them."""
METHODS = frozenset({"DELETE", "GET", "HEAD", "MERGE", "POST", "OPTIONS", "PUT", "PATCH"})
"""What a CORS rule may allow."""

NO_RETENTION: Mapping[str, Any] = {"enabled": False}
NO_METRICS: Mapping[str, Any] = {"version": "1.0", "enabled": False, "retention": NO_RETENTION}
DEFAULTS: Mapping[str, Any] = {
    "logging": {"version": "1.0", "delete": True, "read": True, "write": True, "retention": NO_RETENTION},
    "hour_metrics": NO_METRICS,
    "minute_metrics": NO_METRICS,
    "cors": [],
    "default_version": NEWEST,
    "delete_retention": NO_RETENTION,
    "static_website": {"enabled": False},
}
"""What holds until it is set."""

_CORS = {
    "AllowedOrigins": "origins",
    "AllowedMethods": "methods",
    "AllowedHeaders": "headers",
    "ExposedHeaders": "exposed",
    "MaxAgeInSeconds": "age",
}
_WEBSITE = {
    "IndexDocument": "index",
    "ErrorDocument404Path": "error",
    "DefaultIndexDocumentPath": "default",
}


def spell_properties(stored: Mapping[str, Any]) -> bytes:
    """Give the document of Get Blob Service Properties."""
    have = {**DEFAULTS, **stored}
    parts = [
        _spell_logging(have["logging"]),
        _spell_metrics("HourMetrics", have["hour_metrics"]),
        _spell_metrics("MinuteMetrics", have["minute_metrics"]),
        xml.node("Cors", [_spell_rule(rule) for rule in have["cors"]]),
        xml.leaf("DefaultServiceVersion", have["default_version"]),
        _spell_retention("DeleteRetentionPolicy", have["delete_retention"]),
        _spell_website(have["static_website"]),
    ]
    if "versioning" in have:
        parts.append(_flag("IsVersioningEnabled", value=have["versioning"]))
    return xml.document(xml.node("StorageServiceProperties", parts))


def spell_stats(at: datetime) -> bytes:
    """Give the document of Get Blob Service Stats: there is one place, which is always up to date."""
    told = [xml.leaf("Status", "live"), xml.leaf("LastSyncTime", http_date(at))]
    return xml.document(xml.node("StorageServiceStats", [xml.node("GeoReplication", told)]))


def _flag(name: str, *, value: bool) -> str:
    return xml.leaf(name, "true" if value else "false")


def _spell_retention(name: str, value: Mapping[str, Any]) -> str:
    parts = [_flag("Enabled", value=value["enabled"])]
    if value.get("days"):
        parts.append(xml.leaf("Days", value["days"]))
    if "permanent" in value:
        parts.append(_flag("AllowPermanentDelete", value=value["permanent"]))
    return xml.node(name, parts)


def _spell_logging(value: Mapping[str, Any]) -> str:
    flags = [_flag(name, value=value[name.lower()]) for name in ("Delete", "Read", "Write")]
    retention = _spell_retention("RetentionPolicy", value["retention"])
    return xml.node("Logging", [xml.leaf("Version", value["version"]), *flags, retention])


def _spell_metrics(name: str, value: Mapping[str, Any]) -> str:
    parts = [xml.leaf("Version", value["version"]), _flag("Enabled", value=value["enabled"])]
    if "apis" in value:
        parts.append(_flag("IncludeAPIs", value=value["apis"]))
    return xml.node(name, [*parts, _spell_retention("RetentionPolicy", value["retention"])])


def _spell_rule(rule: Mapping[str, Any]) -> str:
    return xml.node("CorsRule", [xml.leaf(name, rule[key]) for name, key in _CORS.items()])


def _spell_website(value: Mapping[str, Any]) -> str:
    parts = [_flag("Enabled", value=value["enabled"])]
    return xml.node(
        "StaticWebsite", [*parts, *(xml.leaf(name, value[key]) for name, key in _WEBSITE.items() if value.get(key))]
    )


def read_properties(body: bytes) -> dict[str, Any]:
    """Read the document of Set Blob Service Properties; gives only what it names.

    Raises:
        Fault: It is none (``InvalidXmlDocument``), or has a value that it cannot have (``InvalidXmlNodeValue``).
    """
    root = xml.parse(body)
    if root.tag != "StorageServiceProperties":
        raise Fault("InvalidXmlDocument")
    readers: Mapping[str, tuple[str, Callable[[Element], Any]]] = {
        "Logging": ("logging", _read_logging),
        "HourMetrics": ("hour_metrics", _read_metrics),
        "MinuteMetrics": ("minute_metrics", _read_metrics),
        "Cors": ("cors", _read_rules),
        "DefaultServiceVersion": ("default_version", lambda element: element.text or NEWEST),
        "DeleteRetentionPolicy": ("delete_retention", _read_retention),
        "StaticWebsite": ("static_website", _read_website),
        "IsVersioningEnabled": ("versioning", _read_flag),
    }
    found: dict[str, Any] = {}
    for element in root:
        if element.tag not in readers:
            continue
        name, read = readers[element.tag]
        if name in found:
            raise Fault("InvalidXmlDocument")
        found[name] = read(element)
    return found


def _wrong(element: Element) -> Fault:
    return Fault("InvalidXmlNodeValue", XmlNodeName=element.tag, XmlNodeValue=(element.text or "")[:MOST_CHARACTERS])


def _part(element: Element, name: str) -> Element:
    found = element.find(name)
    if found is None:
        raise Fault("InvalidXmlDocument")
    return found


def _read_flag(element: Element) -> bool:
    text = (element.text or "").strip().lower()
    if text not in ("true", "false"):
        raise _wrong(element)
    return text == "true"


def _read_number(element: Element, least: int, most: int) -> int:
    text = (element.text or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise _wrong(element)
    return int(text)


def _read_retention(element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {"enabled": _read_flag(_part(element, "Enabled"))}
    if found["enabled"]:
        found["days"] = _read_number(_part(element, "Days"), 1, MOST_DAYS)
    permanent = element.find("AllowPermanentDelete")
    if permanent is not None:
        found["permanent"] = _read_flag(permanent)
    return found


def _read_logging(element: Element) -> dict[str, Any]:
    flags = {name.lower(): _read_flag(_part(element, name)) for name in ("Delete", "Read", "Write")}
    retention = _read_retention(_part(element, "RetentionPolicy"))
    return {"version": _part(element, "Version").text or "1.0", **flags, "retention": retention}


def _read_metrics(element: Element) -> dict[str, Any]:
    version, apis, retention = (element.find(name) for name in ("Version", "IncludeAPIs", "RetentionPolicy"))
    found: dict[str, Any] = {"version": "1.0", "enabled": _read_flag(_part(element, "Enabled")), "retention": NO_RETENTION}
    if version is not None and version.text:
        found["version"] = version.text
    if apis is not None:
        found["apis"] = _read_flag(apis)
    if retention is not None:
        found["retention"] = _read_retention(retention)
    return found


def _read_rules(element: Element) -> list[dict[str, Any]]:
    rules = element.findall("CorsRule")
    if len(rules) > MOST_RULES:
        raise Fault("InvalidXmlDocument")
    return [_read_rule(rule) for rule in rules]


def _read_rule(element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, key in _CORS.items():
        part = element.find(name)
        found[key] = (part.text or "").strip() if part is not None else ""
        names = found[key].split(",")
        if part is not None and (len(names) > MOST_NAMES or any(len(one) > MOST_CHARACTERS for one in names)):
            raise _wrong(part)
    for name in ("AllowedOrigins", "AllowedMethods"):
        if not found[_CORS[name]]:
            raise _wrong(_part(element, name))
    if not {one.strip().upper() for one in found["methods"].split(",")} <= METHODS:
        raise _wrong(_part(element, "AllowedMethods"))
    found["age"] = _read_number(_part(element, "MaxAgeInSeconds"), 0, 2**31 - 1)
    return found


def _read_website(element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {"enabled": _read_flag(_part(element, "Enabled"))}
    for name, key in _WEBSITE.items():
        part = element.find(name)
        if part is not None and part.text:
            found[key] = part.text
    return found
