"""The access log: a line a request, without the secrets that requests carry."""

import logging
import re

from strongroom.server.azure.call import Request
from strongroom.server.azure.reply import Ready, legible

logger = logging.getLogger("strongroom.server")

WARNED = frozenset({401, 403, 408, 413, 431, 503})
"""Statuses of refusals that somebody should see."""

_SECRET = re.compile(rb"(^|&)(sig|skoid|sktid)=[^&]*", re.IGNORECASE)


def is_told(status: int) -> bool:
    """Say whether requests of a status are written down."""
    return logger.isEnabledFor(logging.WARNING if status in WARNED else logging.INFO)


def tell(request: Request, reply: Ready, *, came: int, sent: int, seconds: float) -> None:
    """Write the line of one request, at WARNING where it was refused.

    Args:
        request: What was asked.
        reply: What was answered.
        came: Bytes of the body that came.
        sent: Bytes of the body that were sent.
        seconds: How long it took.
    """
    if not is_told(reply.status):
        return
    level = logging.WARNING if reply.status in WARNED else logging.INFO
    why = f" {reply.fault.code}: {legible(reply.fault.message)}" if reply.fault is not None else ""
    logger.log(
        level,
        "%s %s %s %s %d in=%d out=%d %.1fms %s %s%s",
        request.client,
        legible(reply.actor) or "-",
        request.method,
        target(request),
        reply.status,
        came,
        sent,
        seconds * 1000,
        reply.operation or "-",
        request.id,
        why,
    )


def target(request: Request) -> str:
    """Give the URL of a request as it may be written down: signatures are left out."""
    query = b"?" + _SECRET.sub(rb"\1\2=-", request.raw_query) if request.raw_query else b""
    return (request.raw_path + query).decode("ascii", "backslashreplace")
