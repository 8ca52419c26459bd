"""What every page of the site shares: the templates, how values are written for people, and where static files lie."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote, urlencode

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from strongroom import __version__
from strongroom.domain.times import clock
from strongroom.server.door.visit import Visit

STATIC = files("strongroom.server.web") / "static"
FORGET = {"cache-control": "no-store"}
"""What a page shows is of this moment, and of this reader."""
UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
STEP = 1000
TEN = 10


def size(count: float) -> str:
    """Write bytes as the makers of disks count them: ``1.2 MB``."""
    unit = 0
    while count >= STEP and unit < len(UNITS) - 1:
        count, unit = count / STEP, unit + 1
    return f"{count:.1f} {UNITS[unit]}" if unit and count < TEN else f"{count:.0f} {UNITS[unit]}"


def number(count: int) -> str:
    """Write a number with its thousands grouped."""
    return f"{count:,}"


def counted(count: int, one: str, many: str = "") -> str:
    """Write how many there are of what: ``1 file``, ``12 files``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def when(instant: datetime | None) -> Markup:
    """Write an instant; the page's script turns it to the reader's zone."""
    if instant is None:
        return Markup("")
    instant = instant.astimezone(UTC)
    return Markup('<time datetime="{}">{} UTC</time>').format(instant.isoformat(), f"{instant:%Y-%m-%d %H:%M}")


def marked(text: str, marks: Sequence[tuple[int, int]]) -> Markup:
    """Write a text with its matched stretches marked."""
    parts, at = [], 0
    for start, end in marks:
        parts += [escape(text[at:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>")]
        at = end
    return Markup("").join([*parts, escape(text[at:])])


def address(path: str, **values: object) -> str:
    """Give a path with a query that leaves out what is empty."""
    given = {name: str(value) for name, value in values.items() if value not in (None, "", False)}
    return f"{path}?{urlencode(given)}" if given else path


@cache
def edition() -> str:
    """Give what names the static files as they are now: it changes with any byte of any of them."""
    digest = sha256()
    for file in sorted(Path(str(STATIC)).rglob("*.*")):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def static(name: str) -> str:
    """Give the address of a static file; a module that imports another one by its relative name gets that edition too."""
    return f"/static/{edition()}/{quote(name)}"


ENVIRONMENT = Environment(
    loader=PackageLoader("strongroom.server.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.globals |= {"static": static, "address": address, "version": __version__}
ENVIRONMENT.filters |= {
    "size": size,
    "number": number,
    "counted": counted,
    "when": when,
    "marked": marked,
    "clock": clock,
}


def fragment(template: str, **values: object) -> str:
    """Write a piece of a page."""
    return ENVIRONMENT.get_template(template).render(**values)


def written(visit: Visit, template: str, *, here: str = "", title: str = "", **values: object) -> str:
    """Write a page for somebody who is signed in; see `page`."""
    return fragment(
        template,
        here=here,
        title=title or here,
        csrf=visit.csrf,
        actor=visit.actor.name,
        room_name=visit.room.path.name,
        unseen=visit.room.unseen(),
        **values,
    )


def page(visit: Visit, template: str, *, here: str = "", title: str = "", status: int = 200, **values: object) -> HTMLResponse:
    """Answer with a page.

    Args:
        visit: Who asks.
        template: A file in ``templates``.
        here: Which of the places in the head it belongs to.
        title: Of the page.
        status: HTTP status.
        values: What the template shows.
    """
    return HTMLResponse(written(visit, template, here=here, title=title, **values), status, headers=FORGET)
