"""The room: a table of contents, one short method a verb."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import BinaryIO

from strongroom.domain.analysis import Cost, Coverage
from strongroom.domain.hit import Results
from strongroom.domain.progress import OnProgress, silent
from strongroom.domain.status import Added, Analyzed, Fault, Scanned, Status
from strongroom.engine import LocalExecutor
from strongroom.flows import fetch, ingest, picture, report, verify
from strongroom.flows.analyze import analyze
from strongroom.flows.glimpses import listed
from strongroom.room.saved import Saving
from strongroom.storage import halting
from strongroom.storage.alone import alone


class Room(Saving):
    """One instance of Strongroom, acted in by one actor for one purpose."""

    # Filling

    def add(self, paths: Sequence[Path | str], *, to: str, on_progress: OnProgress = silent) -> Added:
        """Copy files and folders into a container, which is made if it does not exist; see `strongroom.flows.ingest.walk`.

        Args:
            paths: Files and folders of this machine.
            to: Name of the container.
            on_progress: Is told of files done.

        Raises:
            UsageError: A path does not exist.
            StorageFull: No space is left; what was counted by then stays.
        """
        scope = self.scope("add")
        self._parts.vault.sweep()
        added = ingest.add(self._parts.vault, ingest.container_named(self._parts.vault, to, scope), paths, on_progress)
        self._record("add", scope, container=to, added=added.added, bytes=added.size, refused=len(added.refused))
        return added

    def mount(self, url: Path | str, *, name: str, on_progress: OnProgress = silent) -> Scanned:
        """Make a container of files that stay where they are, or look again at one that is mounted already.

        Args:
            url: A folder, or a ``file://``, ``s3://``, ``az://`` or ``gs://`` URL.
            name: Name of the container.
            on_progress: Is told of files seen.

        Raises:
            AlreadyExists: The name is taken by another container.
            Unreachable: The store does not answer.
        """
        scope = self.scope("mount")
        scanned = self._parts.vault.mount(str(url), name, scope, on_progress)
        self._record("mount", scope, container=name, url=str(url), added=scanned.added, deleted=scanned.deleted)
        return scanned

    def analyze(
        self,
        *,
        containers: Sequence[str] | None = None,
        retry_failed: bool = False,
        depth: Cost = Cost.LAST,
        on_progress: OnProgress = silent,
        until: Callable[[], bool] | None = None,
        resumes: bool = True,
    ) -> Analyzed:
        """Look at mounts for changes, then read everything that is not read yet, or until `stop_analysis`.

        Args:
            containers: Names of the only ones to look at; None is all.
            retry_failed: Whether what failed before is read again.
            depth: The last pass to run: `Cost.CHEAP` makes everything findable soon, and leaves the rest for later.
            on_progress: Is told of each step.
            until: Says when to stop reading what arrives meanwhile; None is as soon as nothing is left.
            resumes: Whether it goes on though the analysis was stopped before; what a server starts by itself does not.

        Raises:
            ModelMissing: A model has not been pulled.
            RoomLocked: Another process is analysing this room.
        """
        scope = self.scope("analyze")
        found = self.containers() if containers is None else [self._parts.vault.container(name, scope) for name in containers]
        with alone(self._parts.layout, "analyze", "another process is analysing this room: let it finish, or stop it"):
            if resumes:
                halting.go_on(self._parts.layout)
            self._parts.vault.sweep()
            for container in found:
                if container.url is not None:
                    self._parts.vault.scan(container, on_progress)
            analyzed = analyze(
                self._parts,
                LocalExecutor(self.settings.worker_count),
                containers=None if containers is None else frozenset(one.id for one in found),
                retry_failed=retry_failed,
                depth=depth,
                on_progress=on_progress,
                until=until,
                is_stopped=partial(halting.is_halted, self._parts.layout),
            )
            self._parts.vault.sweep()  # also what a process left that was still dying at the beginning
        models = self.settings.models
        told = {"contents": analyzed.contents, "failed": analyzed.failed, "is_stopped": analyzed.is_stopped}
        self._record("analyze", scope, **told, models=models)
        return analyzed

    # Finding

    def warm(self) -> None:
        """Load what the first search would wait for; a server does so when it starts.

        Raises:
            ModelMissing: The text model has not been pulled.
        """
        self._parts.searcher.warm()

    def search(self, query: str, *, limit: int = 10, offset: int = 0, sort: str = "relevance") -> Results:
        """Find contents in plain words; see docs/reference/query-language.md.

        Args:
            query: Words, ``"exact phrases"``, ``-without``, and filters such as ``type:image``.
            limit: Hits on a page.
            offset: Hits to pass over.
            sort: ``relevance``; or ``newest``, ``oldest``, ``name`` or ``size``, which put the best that were found in order,
                `Results.total` of them, or all where the query has no words (by ``name`` the newest 1,280).

        Raises:
            QueryError: A filter has a value that it cannot have.
            ModelMissing: The text model has not been pulled.
            UsageError: There is no such order.
        """
        scope = self.scope("search")
        begun, searcher = perf_counter(), self._parts.searcher
        results = self._parts.turns.shared(
            (query, scope, limit, offset, sort),
            lambda: searcher.search(query, scope, limit=limit, offset=offset, sort=sort),
        )
        results = replace(results, took_ms=(perf_counter() - begun) * 1000)  # with the wait for a turn
        hits = [hit.content for hit in results.hits]
        act = partial(self._record, "search", scope, query=query, total=results.total, hits=hits)
        self._parts.glimpses.record(scope, listed(query), act, always=True)  # stepping through it is no other: see `around`
        return results

    def similar(self, file: Path | str | BinaryIO, *, filters: str = "", limit: int = 10, offset: int = 0) -> Results:
        """Find pictures, and moments of videos, that look like a picture of this machine, or an open file.

        Args:
            file: The picture.
            filters: Of the query language, such as ``container:photos after:2020``; no words.
            limit: Hits on a page.
            offset: Hits to pass over.

        Raises:
            Unreadable: The file is no picture that can be read.
            ModelMissing: The picture model has not been pulled.
            UsageError: ``filters`` holds words.
        """
        scope = self.scope("similar")
        pixels = picture.open_example(Path(file) if isinstance(file, str) else file)
        with self._parts.turns.taken():
            results = self._parts.searcher.similar(pixels, scope, filters=filters, limit=limit, offset=offset)
        self._record("similar", scope, total=results.total, hits=[hit.content for hit in results.hits])
        return results

    def similar_to(self, name: str, *, filters: str = "", limit: int = 10, offset: int = 0) -> Results:
        """Find pictures, and moments of videos, that look like one in the room, which is not among them.

        Args:
            name: As for `get`.
            filters: As for `similar`.
            limit: Hits on a page.
            offset: Hits to pass over.

        Raises:
            NotFound: There is nothing of this name, or it is no analysed picture.
            UsageError: ``filters`` holds words.
        """
        scope = self.scope("similar")
        sha256 = fetch.resolve(self._parts, name, scope)
        with self._parts.turns.taken():
            results = self._parts.searcher.similar(sha256, scope, filters=filters, limit=limit, offset=offset)
        self._record("similar", scope, name=name, total=results.total, hits=[hit.content for hit in results.hits])
        return results

    # Telling

    def coverage(self) -> Coverage:
        """Say how much of what the actor may see is analysed."""
        return report.coverage(self._parts, self.scope("status"))

    def status(self) -> Status:
        """Say what the room holds, how much is analysed, and what could not be read, by reason."""
        return report.status(self._parts, self.scope("status"))

    def check(self, *, deep: bool = False, on_progress: OnProgress = silent) -> Sequence[Fault]:
        """Hold vault, catalog and index against each other.

        Args:
            deep: Whether every byte is read and its SHA-256 compared.
            on_progress: Is told of what was looked at.
        """
        scope = self.scope("check")
        faults = verify.check(self._parts, deep=deep, on_progress=on_progress)
        self._record("check", scope, deep=deep, faults=len(faults))
        return faults
