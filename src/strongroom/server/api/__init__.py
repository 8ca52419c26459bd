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
    recordings,
    retention,
    room,
    search,
    session,
    texts,
    users,
    work,
)
from strongroom.server.api import document as documents


def routers() -> Sequence[APIRouter]:
    """Give every router; their paths begin behind ``/api/v1``."""
    nouns = (search, entities, ask, contents, texts, recordings, containers, blobs, retention, room, work, users, session)
    found = [noun.router for noun in nouns]
    return [*found, documents.router_of(found)]


def document() -> dict[str, Any]:
    """Give the OpenAPI document."""
    return documents.document(list(routers()))
