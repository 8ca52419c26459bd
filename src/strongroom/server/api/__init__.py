"""The HTTP API, version 1: a router a noun, and every verb of the room."""

from collections.abc import Sequence

from fastapi import APIRouter

from strongroom.server.api import search, session


def routers() -> Sequence[APIRouter]:
    """Give every router; their paths begin behind ``/api/v1``."""
    return [search.router, session.router]
