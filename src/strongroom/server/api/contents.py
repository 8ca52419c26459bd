"""One content: its card, its bytes, and the pictures that were made of it."""

import io
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from PIL import Image

from strongroom.errors import AnalysisError, UsageError
from strongroom.server.api.form import MOST, Limit, Offset, Sha, as_json, gives, problems
from strongroom.server.api.ranged import BYTES, ranged
from strongroom.server.door.visit import Asks, Visit

router = APIRouter(prefix="/contents/{sha}", tags=["contents"])

LOOKED_AT = {"cache-control": "private, max-age=600"}
"""Pictures that a grid shows again and again: whoever had them keeps them for ten minutes."""
QUALITY = 80
PICTURES = ("image/jpeg", "image/png")


@router.get("", responses=problems(404))
def card(visit: Asks, sha: Sha) -> JSONResponse:
    """Give all that is known of a content but its text: names, properties, readings, what lies inside, history."""
    return as_json(visit.room.card(sha))


@router.get("/inside", responses=problems(404))
def inside(visit: Asks, sha: Sha, after: Offset = 0, limit: Limit = MOST) -> JSONResponse:
    """Give what lies inside a content, such as the files of an archive or the attachments of a mail."""
    return as_json(visit.room.inside(sha, after=after, limit=limit))


@router.head("/bytes", include_in_schema=False)
@router.get("/bytes", responses=problems(404, 416) | BYTES, response_class=Response)
def content_bytes(
    request: Request,
    visit: Asks,
    sha: Sha,
    *,
    inline: Annotated[bool, Query(description="Whether a browser may show it, where that is safe.")] = False,
) -> Response:
    """Give the bytes of a content, wholly or in part (`Range`, `If-Range`, `If-None-Match`).

    Parts of one content that you read within a minute are one entry in the ledger.
    """
    return ranged(request, visit.room.open(sha, is_part="range" in request.headers), sha, inline=inline)


@router.get(
    "/pages/{number}.png", responses=problems(404) | gives("The page.", "image/png"), response_class=Response, name="page"
)
def page(
    visit: Asks,
    sha: Sha,
    number: Annotated[int, Path(ge=1, le=1_000_000, description="The page, counted from 1.")],
    mark: Annotated[list[Annotated[str, Query(max_length=200)]], Query(max_length=50, description="Words to mark.")] = [],  # noqa: B006
) -> Response:
    """Draw a page of a PDF or an office file, or a picture, with words marked on it."""
    data = visit.room.page(sha, number, marks=mark)
    return Response(data, media_type="image/png", headers=LOOKED_AT)


@router.get(
    "/pages/{number}/picture", responses=problems(404) | gives("The page.", *PICTURES), response_class=Response,
)  # fmt: skip
def picture(
    visit: Asks,
    sha: Sha,
    number: Annotated[int, Path(ge=1, le=1_000_000, description="The page, counted from 1.")],
    mark: Annotated[list[Annotated[str, Query(max_length=200)]], Query(max_length=50, description="Words to mark.")] = [],  # noqa: B006
) -> Response:
    """Draw a page as the form that packs it well: PNG for letters and lines, JPEG for scans and photographs."""
    data = visit.room.page(sha, number, marks=mark, form="fit")
    return Response(data, media_type=PICTURES[data.startswith(b"\x89PNG")], headers=LOOKED_AT)


@router.get("/pages/{number}", responses=problems(404))
def leaf(
    visit: Asks, sha: Sha, number: Annotated[int, Path(ge=1, le=1_000_000, description="The page, counted from 1.")]
) -> JSONResponse:
    """Give the size of a page, and how many there are: of a PDF, or of an office file that LibreOffice has read."""
    return as_json(visit.room.leaf(sha, number))


@router.get("/thumbnail", responses=problems(404) | gives("A small picture.", *PICTURES), response_class=Response)
def thumbnail(
    visit: Asks,
    sha: Sha,
    size: Annotated[int, Query(ge=16, le=512, description="Pixels of the longer side, at most.")] = 320,
    page: Annotated[int | None, Query(ge=1, le=1_000_000, description="Of this page; the pixels are those across.")] = None,
) -> Response:
    """Give a small picture of a content: of its first page, a frame, its waveform."""
    media_type, data = visit.room.thumbnail(sha, size=size, page=page)
    return Response(data, media_type=media_type, headers=LOOKED_AT)


@router.get(
    "/renditions/{role}", responses=problems(404) | gives("The derived bytes.", "application/octet-stream"),
    response_class=Response,
)  # fmt: skip
def rendition(
    visit: Asks,
    sha: Sha,
    role: Annotated[str, Path(pattern="^[a-z0-9-]{1,64}$", description="As the card names it: `pdf`, `waveform`.")],
) -> Response:
    """Give what an analysis derived from a content: its pages as PDF, its waveform, its film strip."""
    media_type, data = visit.room.rendition(sha, role)
    return Response(data, media_type=media_type, headers=LOOKED_AT)


def _frame(visit: Visit, sha: str, size: int, t: float | None) -> tuple[str, bytes] | None:
    """Give a small picture of a video at a time; None where no time is given, or the content shows nothing then."""
    if t is None:
        return None
    try:
        data = visit.room.frame(sha, t, form="jpg")
    except (AnalysisError, UsageError):
        return None
    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        picture.thumbnail((size, size))
        picture.save(out, "JPEG", quality=QUALITY)
    return "image/jpeg", out.getvalue()
