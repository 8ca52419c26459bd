"""Charts as SVG, drawn on the server by Vega-Lite, in the page's own colours: one drawing serves light and dark."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import vl_convert
from markupsafe import Markup

WIDTHS = {"wide": 860, "narrow": 300}
"""Pixels of the plot, for screens and for phones: one drawing made smaller could not be read."""
HEIGHT = 260
COLOURS = 10
"""Of parts: ``--part-0`` to ``--part-9`` in places.css."""
TICKS = 5
"""About so many numbers stand beside the plot."""
QUIET, INK, LINE = "var(--quiet)", "var(--ink)", "var(--line)"
KEPT = 16
"""Drawings that are kept; the same numbers give the same one."""


@lru_cache(maxsize=KEPT)
def stacked(
    names: tuple[str, ...], rows: tuple[tuple[date, tuple[int, ...]], ...], *, unit: str, whole: bool, width: str
) -> Markup:
    """Draw how parts of a sum grew, one on the other; what it shows is to be told in words beside it.

    Args:
        names: Of the parts, the lowest first.
        rows: Days in order, each with one number a part.
        unit: Written behind numbers: ``B`` for bytes.
        whole: Whether only whole numbers make sense.
        width: One of `WIDTHS`.

    Returns:
        An ``<svg>`` without any style or script of its own.
    """
    values = [
        {"day": day.isoformat(), "part": name, "order": at, "amount": amounts[at]}
        for day, amounts in rows
        for at, name in enumerate(names)
    ]
    spec = _spec(names, values, unit)
    peak = max((sum(amounts) for _, amounts in rows), default=0)
    if whole and peak < TICKS:
        spec["encoding"]["y"]["axis"]["values"] = list(range(peak + 1))
    spec["width"] = WIDTHS[width]
    spec["encoding"]["color"]["legend"]["columns"] = 6 if width == "wide" else 2
    spec["encoding"]["x"]["axis"]["tickCount"] = 8 if width == "wide" else 3
    drawn = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    # The figure around it says what it is: inside, readers would meet every line of the grid.
    return Markup(drawn.replace("<svg ", f'<svg aria-hidden="true" focusable="false" data-width="{width}" ', 1))  # noqa: S704 - Vega escapes texts


def _spec(names: Sequence[str], values: Sequence[object], unit: str) -> dict[str, Any]:
    amount = {"format": "~s", "labelExpr": f"datum.value ? format(datum.value, '~s') + '{unit}' : '0'", "tickCount": TICKS}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": None,
        "height": HEIGHT,
        "data": {"values": values},
        "mark": {"type": "area", "interpolate": "step-after", "stroke": "var(--ground)", "strokeWidth": 0.5},
        "encoding": {
            "x": {"field": "day", "type": "temporal", "title": None, "scale": {"type": "utc"}, "axis": {"grid": False}},
            "y": {"field": "amount", "type": "quantitative", "title": None, "stack": True, "axis": amount},
            "order": {"field": "order"},
            "color": {
                "field": "part",
                "type": "nominal",
                "scale": {"domain": list(names), "range": [f"var(--part-{at % COLOURS})" for at in range(len(names))]},
                "legend": {"orient": "bottom", "title": None, "symbolType": "square", "labelLimit": 240},
            },
        },
        "config": {
            "font": "system-ui, sans-serif",
            "view": {"stroke": None},
            "axis": {"labelColor": QUIET, "gridColor": LINE, "domainColor": LINE, "tickColor": LINE, "labelFontSize": 12},
            "legend": {"labelColor": INK, "labelFontSize": 13, "symbolStrokeColor": "transparent"},
        },
    }
