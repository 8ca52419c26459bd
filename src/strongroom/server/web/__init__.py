"""The page: HTML that works without script for searching and reading, and small modules for what needs life."""

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI

from strongroom.server.web import ask, containers, exports, growth, labels, search, searches, settings, viewer, work
from strongroom.server.web.examples import Examples
from strongroom.server.web.outside import PAGES
from strongroom.server.web.static import Static

__all__ = ["PAGES", "mount", "routers"]


def routers() -> Sequence[APIRouter]:
    """Give the routes of the page."""
    return (
        search.router,
        ask.router,
        viewer.router,
        containers.router,
        labels.router,
        work.router,
        growth.router,
        searches.router,
        exports.router,
        settings.router,
    )


def mount(app: FastAPI) -> None:
    """Give the application what the routes need beside the room."""
    app.state.examples = Examples()
    app.mount("/static", Static())
