"""The HTTP API, version 1: a router a noun, and every verb of the room."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter

from strongroom.server.api import (
    ask,
    blobs,
    containers,
    contents,
    entities,
    exports,
    recordings,
    retention,
    room,
    search,
    searches,
    session,
    texts,
    users,
    work,
)
from strongroom.server.api import document as documents


def routers() -> Sequence[APIRouter]:
    """Give every router; their paths begin behind ``/api/v1``."""
    reading = (search, entities, ask, contents, texts, recordings, exports, searches)
    nouns = (*reading, containers, blobs, retention, room, work, users, session)
    found = [noun.router for noun in nouns]
    return [*found, documents.router_of(found)]


def document() -> dict[str, Any]:
    """Give the OpenAPI document."""
    return documents.document(list(routers()))
