"""The page's own files: their addresses change with their bytes, so that a browser may keep them."""

from os import PathLike, stat_result
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from strongroom.server.web.pages import STATIC, edition

FOREVER = "public, max-age=31536000, immutable"


class Static(StaticFiles):
    """Serves the files beside this module, each below the name of the edition."""

    def __init__(self) -> None:
        """Name the folder."""
        super().__init__(directory=str(STATIC))

    def get_path(self, scope: Any) -> str:
        """Give the path within the folder; that of another edition leads to today's file."""
        return super().get_path(scope).partition("/")[2]

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Any, status_code: int = 200
    ) -> Response:
        """Answer with a file, to be kept by the browser where its address names this edition."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = FOREVER if f"/{edition()}/" in scope["path"] else "no-cache"
        return response
