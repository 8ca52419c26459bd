"""What was searched for, found again in what is shown."""

from collections.abc import Iterator
from html.parser import HTMLParser

from markupsafe import Markup, escape

from strongroom.domain import lettering
from strongroom.domain.locator import Box
from strongroom.domain.query import Query, parse
from strongroom.domain.text import Piece
from strongroom.errors import QueryError
from strongroom.index.snippets import marks
from strongroom.server.web.pages import ENVIRONMENT, marked

MOST = 50
"""Words that are asked to be marked on the picture of a page."""
LONGEST = 200
"""Characters of one of them."""


def query_of(text: str) -> Query:
    """Read what is to be marked; what is no query marks nothing."""
    try:
        return parse(text)
    except QueryError:
        return Query()


def spelt(texts: Iterator[str], query: Query) -> tuple[str, ...]:
    """Give what a query matches in some texts as it is spelt there, line by line, each once: what a page's picture marks."""
    found: dict[str, str] = {}
    for text in texts:
        for start, end in marks(text, query):
            for line in text[start:end].split("\n"):
                word = " ".join(line.split())[:LONGEST]
                if word:
                    found.setdefault(word.casefold(), word)
    return tuple(found.values())[:MOST]


def boxes_of(pieces: tuple[Piece, ...], query: Query) -> tuple[Box, ...]:
    """Give the places that a query matches, of text that was read line by line off a picture."""
    found: list[Box] = []
    for piece in pieces:
        lines = piece.text.split("\n")
        if len(lines) != len(piece.locator.boxes):
            continue
        hits, at = marks(piece.text, query), 0
        for line, box in zip(lines, piece.locator.boxes, strict=True):
            inside = [(max(start - at, 0), min(end - at, len(line))) for start, end in hits]
            found += [lettering.stretch(box, line, start, end) for start, end in inside if start < end]
            at += len(line) + 1
    return tuple(found)


def html_marked(html: str, query: Query) -> Markup:
    """Give HTML that is safe already, with what a query matches marked in its text."""
    marker = _Marker(query)
    marker.feed(html)
    marker.close()
    return Markup("").join(marker.parts)


class _Marker(HTMLParser):
    """Writes HTML again, and marks its text."""

    def __init__(self, query: Query) -> None:
        super().__init__(convert_charrefs=True)
        self._query, self.parts = query, list[Markup]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write a tag anew, so that nothing stands in it but what was understood."""
        given = [Markup(' {}="{}"').format(name, value or "") for name, value in attrs]
        self.parts.append(Markup("<") + escape(tag) + Markup("").join(given) + Markup(">"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write a tag that has no end."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Write its end."""
        self.parts.append(Markup("</{}>").format(tag))

    def handle_data(self, data: str) -> None:
        """Mark a text."""
        self.parts.append(marked(data, marks(data, self._query)))


ENVIRONMENT.filters["marks_in"] = marks
