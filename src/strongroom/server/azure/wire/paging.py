"""What requests for pages of a list have in common."""

from strongroom.server.azure.call import Call, Request
from strongroom.server.azure.faults import Fault

MOST_RESULTS = 5000
XML = (("content-type", "application/xml"),)


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
