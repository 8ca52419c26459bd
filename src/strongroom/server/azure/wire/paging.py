"""What requests for pages of a list have in common."""

import re
from collections.abc import Sequence

from strongroom.server.azure.call import Call, Request
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.markers import read_marker

MOST_RESULTS = 5000
MOST_KEY = (1 << 63) - 1
"""The greatest key that a row can have."""
XML = (("content-type", "application/xml"),)

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def limit_of(call: Call) -> int:
    """Give how many entries a page may have, at most `MOST_RESULTS`.

    Raises:
        Fault: It is no number (``InvalidQueryParameterValue``), or less than one (``OutOfRangeQueryParameterValue``).
    """
    text = call.query("maxresults")
    if text is None:
        return MOST_RESULTS
    try:
        found = int(text)
    except ValueError:
        code = "InvalidQueryParameterValue"
        raise Fault(code, QueryParameterName="maxresults", QueryParameterValue=text) from None
    if found < 1:
        raise Fault("OutOfRangeQueryParameterValue", QueryParameterName="maxresults", QueryParameterValue=text)
    return min(found, MOST_RESULTS)


def text_of(call: Call, name: str) -> str:
    """Give a query parameter that names are compared with; empty where there is none.

    Raises:
        Fault: It holds what no database takes (``InvalidQueryParameterValue``).
    """
    found = call.query(name) or ""
    _check(name, found, found)
    return found


def marker_of(call: Call) -> Sequence[str | int]:
    """Give what the marker tells; see `read_marker`.

    Raises:
        Fault: It holds what no database takes (``InvalidQueryParameterValue``).
    """
    marker = text_of(call, "marker")
    found = read_marker(marker)
    for one in found:
        _check("marker", one, marker)
    return found


def _check(name: str, value: str | int, given: str) -> None:
    if _UNSTORABLE.search(value) if isinstance(value, str) else not 0 <= value <= MOST_KEY:
        raise Fault(
            "InvalidQueryParameterValue", QueryParameterName=name, QueryParameterValue=given.encode("utf-8", "replace").decode()
        )


def included(call: Call, known: frozenset[str]) -> frozenset[str]:
    """Give the values of ``include``, in lower case.

    Raises:
        Fault: One is not known (``InvalidQueryParameterValue``).
    """
    text = call.query("include") or ""
    asked = frozenset(one.strip().lower() for one in text.split(",")) - {""}
    if not asked <= known:
        raise Fault("InvalidQueryParameterValue", QueryParameterName="include", QueryParameterValue=text)
    return asked


def endpoint_of(request: Request) -> str:
    """Give the URL of the service as the client named it."""
    host = request.headers.get("host") or "localhost"
    address = request.address
    account = address.account + ("-secondary" if address.is_secondary else "")
    return f"{request.scheme}://{host}/" if address.is_host_style else f"{request.scheme}://{host}/{account}"
