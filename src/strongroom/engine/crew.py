"""The crew: a thread that keeps workers busy, watches them, and replaces those that fall."""

import os
import pickle
import queue
import selectors
import threading
import time
from collections import deque
from dataclasses import dataclass

from strongroom.engine import reasons
from strongroom.engine.frames import Kind
from strongroom.engine.narrow import Ids, narrow
from strongroom.engine.process import Worker
from strongroom.errors import RoomError
from strongroom.ports.executor import Limits, Lost

_TICK = 0.05
_GRACE = 5.0
_CRASH_GRACE = 1.0
_STARTS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """A batch that was run, its result still pickled."""

    ids: Ids
    """What was run."""
    packed: bytes
    """The pickled result."""


class Crew:
    """Worker processes under one thread, so that limits hold while the caller is busy elsewhere.

    Batches wait in a short line; what became of them comes out of ``outcomes``: `Ran`, `Lost`, or an error that ends all.
    """

    def __init__(self, make: bytes, limits: Limits, size: int) -> None:
        """Take up to ``size`` workers, each started when there is first a batch for it.

        Args:
            make: The pickled ``make``.
            limits: Bounds on each worker.
            size: How many workers.
        """
        self._make, self._limits, self._size = make, limits, size
        self._threads = max(1, len(os.sched_getaffinity(0)) // size)
        self._line: deque[Ids] = deque()
        self._suspects: deque[Ids] = deque()
        """Items that felled a worker which need not have been their fault: a fresh one tells."""
        self._felled: set[str] = set()
        """Items over which a worker ended by itself: once may be an accident (someone ended it), twice is not."""
        self.outcomes: queue.SimpleQueue[Ran | Lost | BaseException] = queue.SimpleQueue()
        self._workers: list[Worker] = []
        self._bad_starts = 0
        self._ending = False
        self._grace = 0.0
        self._next_round = 0.0
        self._bell = os.eventfd(0, os.EFD_NONBLOCK)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._serve, name="strongroom-crew", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Batches that no worker has taken yet."""
        return len(self._line)

    def add(self, ids: Ids) -> None:
        """Put a batch in the line."""
        self._line.append(ids)
        os.eventfd_write(self._bell, 1)

    def end(self, *, gently: bool) -> None:
        """End all workers and return when they are gone.

        Args:
            gently: Whether they may end by themselves, as they should when there is no more work.
        """
        self._grace = _GRACE if gently else 0.0
        self._ending = True
        os.eventfd_write(self._bell, 1)
        if threading.current_thread() is not self._thread:  # it is, when its collection of garbage closes an iterator
            self._thread.join()
            self._selector.close()
            os.close(self._bell)

    def _serve(self) -> None:
        try:
            while not self._ending:
                self._hand_out()
                for key, _ in self._selector.select(_TICK):
                    if key.data is None:
                        os.eventfd_read(self._bell)
                    else:
                        self._attend(key.data)
                if time.monotonic() >= self._next_round:
                    self._look_round()
        except BaseException as error:  # noqa: BLE001 - it is raised in the caller's thread instead
            self.outcomes.put(error)
        finally:
            for worker in self._workers:
                worker.dismiss()
            for worker in self._workers:
                worker.end(self._grace)

    def _hand_out(self) -> None:
        for worker in self._workers:
            if worker.ready and worker.ids is None:
                if self._suspects and worker.batches == 0:
                    worker.give(self._suspects.popleft())
                elif self._line:
                    worker.give(self._line.popleft())
        starting = sum(not worker.ready for worker in self._workers)
        while len(self._workers) < self._size and len(self._line) + len(self._suspects) > starting:
            self._hire()
            starting += 1

    def _hire(self) -> None:
        try:
            worker = Worker(self._make, self._limits, self._threads)
        except OSError as error:
            raise RoomError(f"a worker process cannot be started: {error}; free some memory, disk or processes") from error
        self._workers.append(worker)
        self._selector.register(worker.answers, selectors.EVENT_READ, worker)

    def _attend(self, worker: Worker) -> None:
        self._take(worker, worker.hear())
        if worker.hung_up:
            self._bury(worker)

    def _take(self, worker: Worker, frames: list[tuple[Kind, bytes]]) -> None:
        for kind, payload in frames:
            if kind is Kind.READY:
                worker.ready, self._bad_starts = True, 0
            elif kind is Kind.REFUSED:
                raise pickle.loads(payload)  # noqa: S301 - our own worker wrote it
            elif worker.ids is not None:
                ids, place, worker.ids = worker.ids, worker.place, None
                if kind is Kind.RESULT:
                    self.outcomes.put(Ran(ids=ids, packed=payload))
                elif len(ids) == 1:
                    self.outcomes.put(Lost(id=ids[0], reason=payload.decode("utf-8")))
                else:
                    self._line.extendleft(reversed([*narrow(ids, place)]))

    def _look_round(self) -> None:
        for worker in list(self._workers):
            worker.check()
            if worker.is_dead:
                self._take(worker, worker.hear_out())
                self._bury(worker)
        self._next_round = time.monotonic() + _TICK

    def _bury(self, worker: Worker) -> None:
        self._selector.unregister(worker.answers)
        self._workers.remove(worker)
        place, tail = worker.place, worker.tail()
        code = worker.end(_CRASH_GRACE)
        reason = worker.verdict or reasons.ended(code)
        if worker.ids is not None:
            if len(worker.ids) == 1 and self._is_guilty(worker.ids[0], worker):
                self.outcomes.put(Lost(id=worker.ids[0], reason=reason))
            else:
                self._suspect(worker.ids, place)
        elif not worker.ready:
            self._bad_starts += 1
            if worker.verdict or self._bad_starts == _STARTS:
                raise _no_start(reason, tail)

    def _is_guilty(self, item: str, worker: Worker) -> bool:
        if worker.is_late or (worker.verdict is not None and worker.batches == 1):
            return True
        again = item in self._felled
        self._felled.add(item)
        return again and worker.batches == 1

    def _suspect(self, ids: Ids, place: int) -> None:
        """Have what felled a worker run again: the item in question by the fresh worker that takes the fallen one's place."""
        pieces = [ids] if len(ids) == 1 else [*narrow(ids, place)]
        if len(pieces[0]) == 1:
            self._suspects.append(pieces.pop(0))
        self._line.extendleft(reversed(pieces))


def _no_start(reason: str, tail: str) -> RoomError:
    """Tell that no worker can be started, with what the process last wrote."""
    lines = [line for line in tail.splitlines() if line.strip()]
    said = f"; it last wrote: {lines[-1].strip()}" if lines else ""
    error = RoomError(f"a worker could not load its models: {reason}{said}")
    error.add_note(tail)
    return error
