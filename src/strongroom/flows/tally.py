"""How far a run has come: what is out with workers, what is done, what failed."""

from collections.abc import Iterable, Sequence

from strongroom.domain.progress import OnProgress, Progress


class Tally:
    """Counts one run, and tells its progress step by step."""

    def __init__(self, on_progress: OnProgress) -> None:
        """Start at nothing."""
        self._on_progress = on_progress
        self._step, self._total, self._done, self._failed = "", 0, 0, 0
        self.out: set[str] = set()
        """Ids that workers hold, or that came back and are not recorded."""
        self.contents = 0
        """Contents read, once a pass."""
        self.failed = 0
        """Of those, how many failed."""

    def begin(self, step: str, total: int) -> None:
        """Begin a step of so many units."""
        self._end()
        self._step, self._total, self._done, self._failed = step, total, 0, 0

    def _end(self) -> None:
        if self._total and self._done < self._total:
            self._total = self._done
            self._tell("")

    def hand_out(self, ids: Sequence[str]) -> None:
        """Note that a batch goes out."""
        self.out.update(ids)
        self._total = max(self._total, self._done + len(self.out))

    def came_back(self, ids: Sequence[str], failures: Sequence[str]) -> None:
        """Note that ids were worked on, and the reasons of those that failed."""
        self._done += len(ids)
        self._failed += len(failures)
        self.contents += len(ids)
        self.failed += len(failures)
        self._tell(failures[-1] if failures else "")

    def recorded(self, ids: Iterable[str]) -> None:
        """Note that what came of ids is durable."""
        self.out.difference_update(ids)

    def _tell(self, detail: str) -> None:
        self._on_progress(
            Progress(step=self._step, done=self._done, total=self._total, failed=self._failed, unit="contents", detail=detail)
        )
