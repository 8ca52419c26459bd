"""What leaves a room as a file: lists of results, dossiers, tables of many searches."""

from collections.abc import Callable, Sequence
from pathlib import Path

from strongroom.domain.export import TABLES, USUAL, Batched, Exported, Line
from strongroom.domain.progress import OnProgress, silent
from strongroom.flows.export import batch, exporting
from strongroom.room.telling import Telling


class Exporting(Telling):
    """What leaves a room as a file."""

    def export(
        self,
        query: str,
        file: Path | str,
        *,
        form: str | None = None,
        limit: int = USUAL,
        sort: str = "relevance",
        like: str | Path | None = None,
        originals: bool = False,
        on_progress: OnProgress = silent,
        until: Callable[[], bool] | None = None,
    ) -> Exported:
        """Write what a search finds to a file: as a table, as JSON, or as a dossier that opens without a server.

        Args:
            query: As for `search`.
            file: Where to; it appears only when it is whole.
            form: ``xlsx``, ``csv``, ``json`` or ``zip`` (the dossier); by the file's ending if not given.
            limit: Hits at most, 1 to 10,000.
            sort: As for `search`.
            like: A picture to search by in place of words: one of the room, named as for `get`, or a file of this machine;
                ``query`` then holds filters only.
            originals: Whether a dossier holds the files themselves, up to 4 GiB.
            on_progress: Is told of hits done.
            until: Says when nobody waits for a dossier any more.

        Raises:
            UsageError: The query, the form, the limit or the order cannot be.
            NotFound: There is no such picture to search by.
            ModelMissing: The text model, or the picture model, has not been pulled.
            StorageError: The file cannot be written.
        """
        scope = self.scope("export")
        path = Path(file)
        wanted = exporting.form_of(path, form)
        finding = exporting.find(self._parts, query, scope, limit=limit, sort=sort, like=like)
        hits = [hit.content for hit in finding.hits]
        self._record(
            "export", scope, query=finding.asked, form=wanted, total=len(hits), is_cut=finding.is_cut, hits=hits,
            originals=originals,
        )  # fmt: skip
        return exporting.export(self._parts, finding, path, wanted, originals=originals, on_progress=on_progress, until=until)

    def batch(
        self,
        queries: Sequence[str],
        file: Path | str,
        *,
        form: str | None = None,
        first: int = 3,
        on_progress: OnProgress = silent,
    ) -> Batched:
        """Search for each query of a list, and write a table: how many hits each has, and the first of them.

        Args:
            queries: At most 5,000; one that cannot be read is told in the table, and stops nothing.
            file: Where to; it appears only when it is whole.
            form: ``xlsx``, ``csv`` or ``json``; by the file's ending if not given.
            first: Hits that are told of each query, 1 to 50.
            on_progress: Is told of queries done.

        Raises:
            UsageError: The form or a number cannot be.
            ModelMissing: The text model has not been pulled.
            StorageError: The file cannot be written.
        """
        scope = self.scope("export")
        path = Path(file)
        wanted = exporting.form_of(path, form, TABLES)

        def record(lines: Sequence[Line]) -> None:
            told = [{"query": line.query, "total": line.total, "hits": [hit.content for hit in line.hits]} for line in lines]
            self._record("batch", scope, form=wanted, queries=told)

        lines = batch.search_all(self._parts, queries, scope, first=first, on_progress=on_progress, record=record)
        return batch.write(lines, path, wanted)
