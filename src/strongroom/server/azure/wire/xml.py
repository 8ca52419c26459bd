"""XML, out by plain strings and in without entities."""

from collections.abc import Iterable
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape, quoteattr

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from strongroom.server.azure.faults import Fault

MOST_BYTES = 16 << 20
"""The longest XML that is read; 50,000 blocks need some 6 MiB."""

HEAD = '<?xml version="1.0" encoding="utf-8"?>'


def leaf(name: str, value: str | int) -> str:
    """Give an element with a text."""
    return f"<{name}>{escape(str(value))}</{name}>" if value != "" else f"<{name} />"


def node(name: str, parts: Iterable[str], **attributes: str) -> str:
    """Give an element with elements inside."""
    inside = "".join(parts)
    head = start(name, **attributes)
    return f"{head}{inside}</{name}>" if inside else f"{head.removesuffix('>')} />"


def start(name: str, **attributes: str) -> str:
    """Give the tag that an element begins with."""
    return f"<{name}{''.join(f' {key}={quoteattr(value)}' for key, value in attributes.items())}>"


def document(*root: str) -> bytes:
    """Give a root element, whole or in parts, as a document in UTF-8."""
    return "".join((HEAD, *root)).encode("utf-8")


def parse(body: bytes) -> Element:
    """Read a document.

    Raises:
        Fault: It is not well formed, has a document type or entities (``InvalidXmlDocument``), or is empty.
    """
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise Fault("InvalidXmlDocument") from error
    return root
