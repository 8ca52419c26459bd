"""How far a run has come: what is out with workers, what is done, what failed."""

from collections.abc import Iterable, Mapping, Sequence

from strongroom.domain.analysis import Cost
from strongroom.domain.progress import SECONDS, OnProgress, Progress


class Tally:
    """Counts one run, and tells its progress step by step.

    A step counts contents, or, where it listens to or watches recordings, seconds of them: those that a stretch was read of
    are then worth what it was.
    """

    def __init__(self, on_progress: OnProgress) -> None:
        """Start at nothing."""
        self._on_progress = on_progress
        self._step, self._total, self._done, self._failed = "", 0.0, 0.0, 0
        self._left: dict[str, float] = {}
        self.media_of: Cost | None = None
        """The pass that counts seconds of recordings, while it runs."""
        self.out: set[str] = set()
        """Ids that workers hold, or that came back and are not recorded."""
        self.contents = 0
        """Contents read, once a pass."""
        self.failed = 0
        """Of those, how many failed."""

    def begin(self, step: str, total: float, *, media_of: Cost | None = None) -> None:
        """Begin a step of so many contents, or, with a pass named, of so many seconds of recordings."""
        self._end()
        self._step, self._total, self._done, self._failed = step, total, 0.0, 0
        self._left, self.media_of = {}, media_of

    def _end(self) -> None:
        if self._total and self._done < self._total:
            self._total = self._done
            self._tell("")

    def hand_out(self, ids: Sequence[str], left: Mapping[str, float] | None = None) -> None:
        """Note that a batch goes out, and in a step that counts seconds how many are left of each."""
        self.out.update(ids)
        if self.media_of is None:
            self._total = max(self._total, self._done + len(self.out))
            return
        self._left.update({id_: (left or {}).get(id_, 0.0) for id_ in ids})
        self._total = max(self._total, self._done + sum(self._left.values()))

    def came_back(self, ids: Sequence[str], failures: Sequence[str], on_the_way: Sequence[str] = ()) -> None:
        """Note that ids were worked on.

        Args:
            ids: The ids.
            failures: The reasons of those that failed.
            on_the_way: Those that stopped at a checkpoint and will go out again.
        """
        finished = len(ids) - len(on_the_way)
        self._failed += len(failures)
        self.contents += finished
        self.failed += len(failures)
        if self.media_of is None:
            self._done += finished
            self._tell(failures[-1] if failures else "")
        elif failures:
            self._tell(failures[-1])

    def recorded(self, ids: Iterable[str], left: Mapping[str, float]) -> None:
        """Note that what came of ids is durable, and in a step that counts seconds how many are left of each."""
        known = [id_ for id_ in ids if id_ in self.out]
        self.out.difference_update(known)
        if self.media_of is not None and known:
            self._done += sum(max(self._left.pop(id_, 0.0) - left.get(id_, 0.0), 0.0) for id_ in known)
            self._tell("")

    def _tell(self, detail: str) -> None:
        self._on_progress(
            Progress(
                step=self._step,
                done=round(self._done),
                total=round(self._total),
                failed=self._failed,
                unit="contents" if self.media_of is None else SECONDS,
                detail=detail,
            )
        )
