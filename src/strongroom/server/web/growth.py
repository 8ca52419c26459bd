"""Growth: how much is stored, of what, since when."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup

from strongroom.domain.growth import Amount, Growth
from strongroom.server.door.visit import Asks
from strongroom.server.web import charts
from strongroom.server.web.pages import counted, page, size

router = APIRouter(include_in_schema=False)

ROWS = 31
"""Of the table, unless all are asked for."""
FEWEST = 2
"""Points that make a line."""


@router.get("/growth")
def growth(request: Request, visit: Asks) -> Response:
    """Show what was stored at each time, as a chart and as the table behind it."""
    by = "type" if request.query_params.get("by") == "type" else "container"
    show = "files" if request.query_params.get("show") == "files" else "bytes"
    found = visit.room.growth(by=by)
    rows = found.points[::-1]
    return page(
        visit,
        "growth.html",
        title="Growth",
        growth=found,
        show=show,
        charts=drawings(found, show),
        told=told(found),
        rows=rows if request.query_params.get("all") else rows[:ROWS],
    )


def drawings(found: Growth, show: str) -> list[Markup]:
    """Draw bytes or files over time, once for each width; nothing where there is no time to speak of yet."""
    if len(found.points) < FEWEST:
        return []
    rows = tuple((point.until, tuple(_shown(part, show) for part in point.parts)) for point in found.points)
    unit, whole = ("B", False) if show == "bytes" else ("", True)
    return [charts.stacked(found.parts, rows, unit=unit, whole=whole, width=width) for width in charts.WIDTHS]


def told(found: Growth) -> str:
    """Say in a sentence what the chart shows."""
    if not found.points:
        return "Nothing was stored yet."
    first, last = found.points[0], found.points[-1]
    if len(found.points) == 1:
        return f"{size(last.total.size)} in {counted(last.total.blobs, 'file')} on {last.until:%-d %B %Y}."
    return (
        f"From {size(first.total.size)} in {counted(first.total.blobs, 'file')} on {first.until:%-d %B %Y} "
        f"to {size(last.total.size)} in {last.total.blobs:,} on {last.until:%-d %B %Y}."
    )


def _shown(amount: Amount, show: str) -> int:
    return amount.size if show == "bytes" else amount.blobs
