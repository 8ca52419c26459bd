"""The viewer: one content, opened at the match, with all that is known of it."""

from strongroom.server.web.viewer.view import router

__all__ = ["router"]
