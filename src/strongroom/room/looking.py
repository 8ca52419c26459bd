"""What a reader sees of one content: its card, its text, its bytes, its pictures."""

from collections.abc import Sequence
from functools import partial

from strongroom.domain.alike import Alike
from strongroom.domain.card import Card, Members
from strongroom.domain.hit import Hit
from strongroom.domain.leaf import Leaf
from strongroom.domain.mail import Mail, Mailbox
from strongroom.domain.text import Grid, Lines, Text
from strongroom.errors import BlobNotFound
from strongroom.flows import alike, card, cells, fetch, lines, mail, opening, texts, thumbnail
from strongroom.flows import page as pages
from strongroom.flows.glimpses import READING, listed, opened, pictured
from strongroom.flows.mail import mailbox
from strongroom.flows.opening import OpenContent
from strongroom.room.retention import Retention

STEPS = 200
"""Hits of a list among which one steps to the next and the previous."""


class Looking(Retention):
    """What a reader sees of one content; each is named as for `Reading.get`."""

    def card(self, name: str) -> Card:
        """Give all that is known of a content but its text: names, properties, readings, members, history.

        Raises:
            NotFound: There is nothing of this name.
        """
        scope = self.scope("card")
        sha256 = fetch.resolve(self._parts, name, scope)
        self._record("card", scope, name=name, content=sha256)
        return card.card(self._parts, sha256, scope)

    def inside(self, name: str, *, after: int = 0, limit: int = 200) -> Members:
        """Give more of what lies inside a content than its card does; ``after`` says how many to pass over.

        Raises:
            NotFound: There is nothing of this name.
            UsageError: ``after`` or ``limit`` is none that can be.
        """
        scope = self.scope("card")
        sha256 = fetch.resolve(self._parts, name, scope)
        found = card.inside(self._parts, sha256, after=after, limit=limit)
        self._record("card", scope, name=name, content=sha256, after=after)
        return found

    def holding(self, contents: Sequence[str]) -> frozenset[str]:
        """Give which of some contents (SHA-256) are archives or messages with something inside: what `inside` lists."""
        return card.holding(self._parts, contents, self.scope("list"))

    def text(self, name: str, *, page: int | None = None, segment: str | None = None, after: int = 0, limit: int = 200) -> Text:
        """Give the segments of a content in reading order, a part at a time, with what each says and where it lies.

        Args:
            name: The content.
            page: Only those of a page, counted from 1.
            segment: Id of a match that is to be among them, in the middle; ``after`` is then not used.
            after: How many to pass over.
            limit: How many at most; 1 to 1,000.

        Raises:
            NotFound: There is nothing of this name, or no such segment.
            UsageError: A number is none that can be.
        """
        scope = self.scope("text")
        sha256 = fetch.resolve(self._parts, name, scope)
        found = texts.text(self._parts, sha256, page=page, segment=segment, after=after, limit=limit)
        self._record("text", scope, name=name, content=sha256, page=page, after=found.after, segments=len(found.pieces))
        return found

    def lines(self, name: str, start: int = 1, count: int = 200, *, char: int | None = None) -> Lines:
        """Give lines of a plain text, code or message as it was stored, by their numbers.

        Args:
            name: The content.
            start: Number of the first one, counted from 1.
            count: How many at most; 1 to 5,000.
            char: A character of the decoded text that is to be among them (`Locator.char_start` of plain text; in HTML, XML
                and JSON locators count what is read out of them); ``start`` is then not used.

        Raises:
            NotFound: There is nothing of this name.
            Unsupported: It is no text.
            UsageError: A number is none that can be.
        """
        scope = self.scope("lines")
        sha256 = fetch.resolve(self._parts, name, scope)
        self._record("lines", scope, name=name, content=sha256, start=start, count=count, char=char)
        return lines.lines(self._parts, sha256, start=start, count=count, char=char)

    def table(self, name: str, sheet: str | None = None, *, start: int = 1, rows: int = 200) -> Grid:
        """Give rows of a table (CSV, TSV) or of a sheet (XLSX, ODS), cell by cell.

        Args:
            name: The content.
            sheet: Name of the sheet; the first if not given.
            start: Number of the first row, counted from 1.
            rows: How many at most, 1 to 2,000; 256 columns of each, and 2,000 characters of a cell.

        Raises:
            NotFound: There is nothing of this name, or no such sheet.
            Unsupported: It is no table whose cells are read here.
            UsageError: A number is none that can be.
        """
        scope = self.scope("table")
        sha256 = fetch.resolve(self._parts, name, scope)
        self._record("table", scope, name=name, content=sha256, sheet=sheet, start=start, rows=rows)
        return cells.table(self._parts, sha256, sheet=sheet, start=start, rows=rows)

    def mail(self, name: str) -> Mail:
        """Give a message with its attachments, its HTML made safe, and the conversation that it is part of.

        Raises:
            NotFound: There is nothing of this name.
            Unsupported: It is no message; of a mailbox, open one of the messages in it.
            Unreadable: It is damaged.
        """
        scope = self.scope("mail")
        sha256 = fetch.resolve(self._parts, name, scope)
        self._record("mail", scope, name=name, content=sha256)
        return mail.read(self._parts, sha256, scope)

    def mailbox(self, name: str, *, after: int = 0, limit: int = 200) -> Mailbox:
        """Give messages of a mailbox (mbox), by conversation; ``after`` says how many to pass over.

        Raises:
            NotFound: There is nothing of this name.
            Unsupported: It is no mailbox.
            UsageError: ``after`` or ``limit`` is none that can be.
        """
        scope = self.scope("mail")
        sha256 = fetch.resolve(self._parts, name, scope)
        found = mailbox.read(self._parts, sha256, scope, after=after, limit=limit)
        self._record("mail", scope, name=name, content=sha256, after=after)
        return found

    def around(self, query: str, content: str) -> tuple[Hit | None, Hit | None]:
        """Give the hits before and after a content in the list of a query, among its first 200; None where there is none.

        Stepping through a list is one search, recorded when the list was made, or else once an hour.

        Args:
            query: As for `search`.
            content: A SHA-256.

        Raises:
            QueryError: A filter has a value that it cannot have.
            ModelMissing: The text model has not been pulled.
        """
        scope = self.scope("search")
        results = self._parts.searcher.search(query, scope, limit=STEPS)
        hits = [hit.content for hit in results.hits]
        act = partial(self._record, "search", scope, query=query, total=results.total, hits=hits)
        self._parts.glimpses.record(scope, listed(query), act)
        at = next((place for place, hit in enumerate(results.hits) if hit.content == content), None)
        if at is None:
            return None, None
        before, after = results.hits[max(0, at - 1) : at], results.hits[at + 1 : at + 2]
        return next(iter(before), None), next(iter(after), None)

    def near_duplicates(self, name: str, *, limit: int = 50) -> Sequence[Alike]:
        """Give the pictures that are nearly the same as one: smaller, cropped a little, saved anew; the nearest first.

        Args:
            name: The picture; what is none has none.
            limit: How many at most, 1 to 100.

        Raises:
            NotFound: There is nothing of this name.
            UsageError: The limit is none that can be.
        """
        scope = self.scope("near_duplicates")
        sha256 = fetch.resolve(self._parts, name, scope)
        found = alike.near_duplicates(self._parts, sha256, scope, limit)
        self._record("near_duplicates", scope, name=name, content=sha256, hits=[one.sha256 for one in found])
        return found

    def open(self, name: str, *, is_part: bool = False) -> OpenContent:
        """Open the bytes of a content, to be read from any place on; recorded as one ``get``.

        A blob that came in parts can be read before an analysis has made out its SHA-256.

        Args:
            name: The content.
            is_part: Whether only a part is asked for: parts of one content that an actor reads within a minute are one act.

        Raises:
            NotFound: There is nothing of this name.
            SourceChanged: A mounted file is not what it was.
        """
        scope = self.scope("open")
        try:
            sha256 = fetch.resolve(self._parts, name, scope)
        except BlobNotFound:
            unread = opening.open_unread(self._parts, name, scope)
            if unread is None:
                raise
            act = partial(self._record, "get", scope, name=name, content=None)
            self._parts.glimpses.record(scope, opened(name), act, within=READING, always=not is_part)
            return unread
        act = partial(self._record, "get", scope, name=name, content=sha256)
        self._parts.glimpses.record(scope, opened(sha256), act, within=READING, always=not is_part)
        return opening.open_content(self._parts, sha256, name)

    def leaf(self, name: str, number: int = 1) -> Leaf:
        """Give the size of a page, and how many there are: of a PDF, or of an office file that LibreOffice has read.

        Raises:
            NotFound: There is nothing of this name.
            Unsupported: The content has no pages.
            UsageError: There is no such page.
        """
        scope = self.scope("leaf")
        return pages.leaf(self._parts, fetch.resolve(self._parts, name, scope), number)

    def thumbnail(self, name: str, *, size: int = 320, page: int | None = None) -> tuple[str, bytes]:
        """Give media type and bytes of a small picture of a content: of its first page, a frame, its waveform.

        What is not there yet is made and kept. It is recorded once an hour for each content.

        Args:
            name: The content.
            size: Pixels of the longer side, 16 to 512; it is never made larger than it is.
            page: Of this page, counted from 1, where it has pages; pixels are then those across.

        Raises:
            NotFound: There is nothing of this name, or nobody has looked yet what it is.
            Unsupported: It has no picture.
            UsageError: The size is none that can be.
        """
        scope = self.scope("thumbnail")
        sha256 = fetch.resolve(self._parts, name, scope)
        act = partial(self._record, "thumbnail", scope, name=name, content=sha256)
        self._parts.glimpses.record(scope, pictured(sha256), act)
        if page is not None:
            return thumbnail.of_page(self._parts, sha256, page, size)
        return thumbnail.thumbnail(self._parts, sha256, size)

    def rendition(self, name: str, role: str) -> tuple[str, bytes]:
        """Give media type and bytes of what was derived from a content: ``pdf``, ``waveform``, ``filmstrip``.

        Raises:
            NotFound: There is nothing of this name, or nothing of this role (see `Card.renditions`).
        """
        scope = self.scope("rendition")
        sha256 = fetch.resolve(self._parts, name, scope)
        self._record("rendition", scope, name=name, content=sha256, role=role)
        return thumbnail.rendition(self._parts, sha256, role)
