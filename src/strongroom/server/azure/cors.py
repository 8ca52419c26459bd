"""What pages of other origins may ask of the service, by the rules that were set for it (CORS).

https://learn.microsoft.com/rest/api/storageservices/cross-origin-resource-sharing--cors--support-for-the-azure-storage-services
"""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from strongroom.server.azure.call import Headers, Reply, Request
from strongroom.server.azure.faults import Fault

Rules = Sequence[Mapping[str, Any]]

ALWAYS_THERE = ("date", "connection", "transfer-encoding")
"""Headers that an answer may have besides those that an operation names."""


def preflight(request: Request, rules: Rules) -> Reply:
    """Answer OPTIONS: may a page of some origin ask in this way?

    Raises:
        Fault: It does not say what it asks for (``InvalidHeaderValue``), or no rule permits it (``CorsPreflightFailure``).
    """
    origin, method = request.headers.get("origin"), request.headers.get("access-control-request-method")
    for name, value in (("Origin", origin), ("Access-Control-Request-Method", method)):
        if not value:
            details = f"Invalid required CORS header {name}"
            raise Fault("InvalidHeaderValue", "A required CORS header is not present.", MessageDetails=details)
    assert origin is not None
    assert method is not None
    headers = request.headers.get("access-control-request-headers")
    for rule in rules:
        if _has_origin(rule, origin) and _has_method(rule, method) and (headers is None or _has_headers(rule, headers)):
            allowed = [("access-control-allow-origin", origin), ("access-control-allow-methods", method)]
            if headers is not None:
                allowed.append(("access-control-allow-headers", headers))
            allowed.append(("access-control-max-age", str(rule["age"])))
            return Reply(status=200, headers=[*allowed, ("access-control-allow-credentials", "true")])
    raise Fault("CorsPreflightFailure", MessageDetails="No CORS rules matches this request")


def headers_for(request: Request, rules: Rules, names: Iterable[str]) -> Headers:
    """Give what an answer to a page of another origin tells its browser.

    Args:
        request: With an ``Origin``.
        rules: In their order; the first that fits counts.
        names: Of the answer's headers.
    """
    origin = request.headers["origin"]
    for rule in rules:
        if _has_origin(rule, origin) and _has_method(rule, request.method):
            is_any = rule["origins"] == "*"
            found = [
                ("access-control-expose-headers", _exposed(rule, names)),
                ("access-control-allow-origin", "*" if is_any else origin),
            ]
            return found if is_any else [*found, ("vary", "Origin"), ("access-control-allow-credentials", "true")]
    return [("vary", "Origin")] if rules else []


def _listed(text: str) -> list[str]:
    return [one.strip().lower() for one in text.split(",") if one.strip()]


def _has_origin(rule: Mapping[str, Any], origin: str) -> bool:
    return any(fnmatchcase(origin.strip().lower(), one.replace("[", "[[]")) for one in _listed(rule["origins"]))


def _has_method(rule: Mapping[str, Any], method: str) -> bool:
    return method.strip().lower() in _listed(rule["methods"])


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(name == one or (one.endswith("*") and name.startswith(one[:-1])) for one in patterns)


def _has_headers(rule: Mapping[str, Any], headers: str) -> bool:
    return all(_fits(one, _listed(rule["headers"])) for one in _listed(headers))


def _exposed(rule: Mapping[str, Any], names: Iterable[str]) -> str:
    patterns = _listed(rule["exposed"])
    there = [name for name in dict.fromkeys((*names, *ALWAYS_THERE)) if _fits(name.lower(), patterns)]
    said = [one.strip() for one in rule["exposed"].split(",") if one.strip() and not one.strip().endswith("*")]
    return ",".join([*there, *(one for one in said if one.lower() not in {name.lower() for name in there})])
