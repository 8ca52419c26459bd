"""The page's own files: their addresses change with their bytes, so that a browser may keep them."""

from os import PathLike, stat_result
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from strongroom.server.web.pages import STATIC

FOREVER = "public, max-age=31536000, immutable"


class Static(StaticFiles):
    """Serves the files beside this module."""

    def __init__(self) -> None:
        """Name the folder."""
        super().__init__(directory=str(STATIC))

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Any, status_code: int = 200
    ) -> Response:
        """Answer with a file, to be kept by the browser where its address names its bytes."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = FOREVER if b"v=" in scope.get("query_string", b"") else "no-cache"
        return response
