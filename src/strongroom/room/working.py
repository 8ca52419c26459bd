"""How far the reading of a room is: what waits, what could not be read, and stopping it and going on."""

from collections.abc import Mapping, Sequence

from strongroom.domain.analysis import Coverage
from strongroom.domain.status import Contained, FailureGroups, Failures, Pending
from strongroom.errors import UsageError
from strongroom.flows import failures, report, waiting
from strongroom.flows.models import missing_models
from strongroom.room.filling import Filling
from strongroom.storage import halting


class Working(Filling):
    """How far the reading of a room is."""

    def contained(self) -> Sequence[Contained]:
        """Give the containers that the actor may see, each with what it holds and how much of that is analysed."""
        return report.contained(self._parts, self.scope("status"))

    def coverage_by_type(self) -> Mapping[str, Coverage]:
        """Say how much of what the actor may see is analysed, by plain type; ``unknown`` is what is not identified yet."""
        return report.by_type(self._parts, self.scope("status"))

    def segments(self) -> int:
        """Count the rows of the index, of what the actor may see."""
        return report.segments(self._parts, self.scope("status"))

    def readers(self) -> Mapping[str, str]:
        """Say which reader or model does what: ``office files`` → ``LibreOffice 7.4.7.2``."""
        self.scope("status")
        return report.readers(self._parts)

    def missing_models(self) -> Sequence[str]:
        """Give the names of models that the settings ask for and that are not here; `strongroom models pull` fetches them."""
        self.scope("status")
        return missing_models(self.settings)

    def pending(self, *, after: str = "", limit: int = 100) -> Pending:
        """Give what is yet to be read, and by which analyzers, a page at a time.

        Args:
            after: `Pending.next` of the page before.
            limit: Files on the page, 1 to 1,000.

        Raises:
            UsageError: ``after`` or ``limit`` is none that can be.
        """
        return waiting.pending(self._parts, self.scope("status"), after, limit)

    def failures(
        self, *, after: str = "", limit: int = 100, analyzer: str | None = None, reason: str | None = None
    ) -> Failures:
        """Give what could not be read, with its reason, a page at a time.

        Args:
            after: `Failures.next` of the page before.
            limit: Contents on the page, 1 to 1,000; one may have several failures.
            analyzer: Only what this one could not read.
            reason: Only what could not be read for this reason, word for word.

        Raises:
            UsageError: ``after`` or ``limit`` is none that can be.
        """
        scope = self.scope("failures")
        return failures.failures(self._parts, scope, after, limit, analyzer=analyzer, reason=reason)

    def failure_groups(self, *, skipped: bool = False, after: int = 0, limit: int = 100) -> FailureGroups:
        """Give what could not be read by reason and analyzer, the most frequent first, with how many files and a few of them.

        Args:
            skipped: Give what a limit left out and what nothing here reads, in the place of what failed.
            after: `FailureGroups.next` of the page before.
            limit: Groups on the page, 1 to 200.

        Raises:
            UsageError: ``after`` or ``limit`` is none that can be.
        """
        return failures.groups(self._parts, self.scope("failures"), skipped=skipped, after=after, limit=limit)

    def retry(self, names: Sequence[str] | None = None, *, analyzer: str | None = None, reason: str | None = None) -> int:
        """Have what failed read again by the next `analyze`, or the one that runs; gives how many files that is.

        Args:
            names: As for `get`; of these also what was read in part is read again. None is all that failed in the scope.
            analyzer: In the place of names: what this one could not read, wholly or in part.
            reason: In the place of names: what could not be read for this reason, wholly or in part.

        Raises:
            NotFound: There is nothing of a name.
            UsageError: Names are given, and a reason or an analyzer too.
        """
        scope = self.scope("retry")
        is_like = (analyzer, reason) != (None, None)
        if names is not None and is_like:
            raise UsageError("give names, or a reason or an analyzer: not both")
        like = failures.Like(analyzer=analyzer, reason=reason) if is_like else None
        count = failures.retry(self._parts, scope, names, like)
        told = None if names is None else [*names][:100]
        self._record("retry", scope, names=told, analyzer=analyzer, reason=reason, contents=count)
        return count

    def stop_analysis(self) -> None:
        """Have whatever analyses this room, wherever it was started, finish the batch in hand and end; all is kept.

        No server begins to read again, whatever arrives, until `resume_analysis` or `analyze`.
        """
        scope = self.scope("analyze")
        halting.halt(self._parts.layout)
        self._record("stop_analysis", scope)

    def resume_analysis(self) -> None:
        """Let servers read again after `stop_analysis`; one that reads what arrives goes on by itself."""
        scope = self.scope("analyze")
        if halting.go_on(self._parts.layout):
            self._record("resume_analysis", scope)

    @property
    def is_analysis_stopped(self) -> bool:
        """Whether somebody stopped the analysis, and nobody has had it go on."""
        return halting.is_halted(self._parts.layout)
