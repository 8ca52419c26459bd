"""The conformance suite of executors: what every implementation of `strongroom.ports.Executor` must hold.

A test module makes a class of it that says how an executor is built, and pytest runs the rest::

    class TestLocalExecutor(WorkerTests):
        def executor(self, workers: int) -> Executor:
            return LocalExecutor(workers)

The suite looks at what ran and what is left behind (files, processes), never at the executor's own attributes.
"""

# ruff: noqa: D102 - the name of a test states the behaviour

import itertools
import os
import signal
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from strongroom.errors import ModelMissing, RoomError, StorageFull
from strongroom.ports.executor import Done, Executor, Limits, Lost
from strongroom.testing.work import BIG_BYTES, HOG_BYTES, Work, alive, gone

AMPLE = Limits(seconds=300, memory=8 << 30)
BRIEF = Limits(seconds=1.5, memory=8 << 30)
NARROW = Limits(seconds=300, memory=HOG_BYTES * 3 // 4)


def batches_of(ids: Sequence[str], size: int = 16) -> list[Sequence[str]]:
    """Cut ids into batches."""
    return [ids[at : at + size] for at in range(0, len(ids), size)]


def among(*odd: str, count: int = 40) -> list[str]:
    """Give ``count`` well-behaved items with the odd ones spread among them."""
    ids = [f"ok-{index}" for index in range(count)]
    for index, item in enumerate(odd):
        ids.insert(index * count // len(odd) + index, item)
    return ids


class ExecutorTests(ABC):
    """What holds for every executor, even one that runs all in the caller's process."""

    workers = 2

    @abstractmethod
    def executor(self, workers: int) -> Executor:
        """Build the executor under test."""

    def outcomes(self, work: Work, batches: Iterable[Sequence[str]], limits: Limits = AMPLE) -> Iterator[Done[object] | Lost]:
        """Begin a run."""
        return self.executor(self.workers).map(work, batches, limits)

    def check(self, work: Work, ids: Sequence[str], lost: dict[str, str], limits: Limits = AMPLE) -> None:
        """Run ids in batches and hold that each came once, and that the lost ones (and why) are those expected."""
        outcomes = list(self.outcomes(work, batches_of(ids), limits))
        done = Counter(item for outcome in outcomes if isinstance(outcome, Done) for item in outcome.ids)
        reasons = {outcome.id: outcome.reason for outcome in outcomes if isinstance(outcome, Lost)}
        assert len(outcomes) - len(reasons) == sum(isinstance(outcome, Done) for outcome in outcomes), "an item was lost twice"
        assert done == Counter(item for item in ids if item not in lost)
        assert reasons.keys() == lost.keys()
        for item, words in lost.items():
            assert words in reasons[item], reasons[item]

    def test_every_id_comes_once_with_what_the_function_returned(self, tmp_path: Path) -> None:
        work = Work(folder=tmp_path)
        ids = [f"ok-{index}" for index in range(100)]
        outcomes = [outcome for outcome in self.outcomes(work, batches_of(ids, 7)) if isinstance(outcome, Done)]
        assert all(outcome.result == list(outcome.ids) for outcome in outcomes)
        assert sorted(item for outcome in outcomes for item in outcome.ids) == sorted(ids)
        assert sorted(work.items()) == sorted(ids), "an item of a good batch was run twice"

    def test_no_work_starts_nothing(self, tmp_path: Path) -> None:
        work = Work(folder=tmp_path)
        assert list(self.outcomes(work, [])) == []
        assert list(self.outcomes(work, [[], []])) == []
        assert work.pids() == []

    def test_models_are_loaded_once_a_worker(self, tmp_path: Path) -> None:
        work = Work(folder=tmp_path)
        self.check(work, [f"ok-{index}" for index in range(2000)], lost={})
        assert 1 <= len(work.pids()) <= self.workers

    def test_an_item_that_raises_costs_itself_and_keeps_its_reason(self, tmp_path: Path) -> None:
        reasons = {"refuse-1": "the file ends in the middle of a page", "raise-2": "KeyError: 'no such font'"}
        self.check(Work(folder=tmp_path), among(*reasons), lost=reasons)

    def test_a_batch_of_bad_items_loses_each(self, tmp_path: Path) -> None:
        bad = [f"refuse-{index}" for index in range(20)]
        self.check(Work(folder=tmp_path), bad, lost=dict.fromkeys(bad, "the file ends"))

    def test_batches_are_read_only_a_little_ahead(self, tmp_path: Path) -> None:
        pulled = 0

        def endless() -> Iterator[Sequence[str]]:
            nonlocal pulled
            for index in itertools.count():
                pulled += 1
                yield [f"ok-{index}-{at}" for at in range(4)]

        run = self.outcomes(Work(folder=tmp_path), endless())
        assert pulled == 0, "batches were read before the first outcome was asked for"
        for taken in range(1, 30):
            next(run)
            assert pulled <= taken + 4 * self.workers
        run.close()  # type: ignore[attr-defined]

    def test_an_empty_batch_waits_for_what_is_being_run(self, tmp_path: Path) -> None:
        taken: list[str] = []

        def growing() -> Iterator[Sequence[str]]:
            yield ["ok-1", "ok-2"]
            while not taken:
                yield ()
            yield [f"ok-child-of-{taken[0]}"]

        for outcome in self.outcomes(Work(folder=tmp_path), growing()):
            assert isinstance(outcome, Done)
            taken += outcome.ids
        assert taken == ["ok-1", "ok-2", "ok-child-of-ok-1"]

    def test_an_error_while_reading_batches_reaches_the_caller(self, tmp_path: Path) -> None:
        def failing() -> Iterator[Sequence[str]]:
            yield ["ok-1"]
            raise OSError("the catalog is gone")

        work = Work(folder=tmp_path)
        try:
            list(self.outcomes(work, failing()))
        except OSError as error:
            assert "the catalog is gone" in str(error)  # noqa: PT017 - the suite does without pytest
        else:
            raise AssertionError("the error was swallowed")

    def test_a_missing_model_ends_the_run_with_its_own_error(self, tmp_path: Path) -> None:
        try:
            list(self.outcomes(Work(folder=tmp_path, start="missing"), batches_of(among())))
        except ModelMissing as error:
            assert "strongroom models pull" in str(error)  # noqa: PT017 - the suite does without pytest
        else:
            raise AssertionError("the error was swallowed")

    def test_a_full_disk_ends_the_run_and_is_no_items_fault(self, tmp_path: Path) -> None:
        outcomes: list[Done[object] | Lost] = []
        try:
            outcomes.extend(self.outcomes(Work(folder=tmp_path), batches_of(among("fillup-1", count=200))))
        except StorageFull as error:
            assert "free some" in str(error)  # noqa: PT017 - the suite does without pytest
        else:
            raise AssertionError("the error was swallowed")
        assert not any(isinstance(outcome, Lost) for outcome in outcomes)


class WorkerTests(ExecutorTests):
    """What holds for executors whose workers are processes: a fallen worker costs the one item that felled it."""

    def test_an_item_that_ends_its_worker_costs_itself(self, tmp_path: Path) -> None:
        reasons = {
            "segfault-1": "crashed (signal 11)",
            "die-2": "(signal 9)",
            "exit-3": "(exit code 3)",
            "leave-4": "SystemExit",
        }
        self.check(Work(folder=tmp_path), among(*reasons), lost=reasons)

    def test_bad_items_at_the_edges_of_a_batch_cost_themselves(self, tmp_path: Path) -> None:
        ids = ["exit-first", *(f"ok-{index}" for index in range(14)), "exit-last", "exit-alone"]
        self.check(Work(folder=tmp_path), ids, lost=dict.fromkeys(["exit-first", "exit-last", "exit-alone"], "exit code 3"))

    def test_an_item_that_takes_too_long_costs_itself(self, tmp_path: Path) -> None:
        reasons = {"sleep-1": "took longer than 1.5 s", "stick-2": "took longer than 1.5 s"}
        self.check(Work(folder=tmp_path), among(*reasons), lost=reasons, limits=BRIEF)

    def test_an_item_that_takes_too_much_memory_costs_itself(self, tmp_path: Path) -> None:
        reasons = {"hog-1": "needed more than 768 MB of memory", "childhog-2": "needed more than 768 MB of memory"}
        work = Work(folder=tmp_path)
        self.check(work, among(*reasons), lost=reasons, limits=NARROW)
        assert gone(work.children)

    def test_memory_that_leaks_away_costs_no_item(self, tmp_path: Path) -> None:
        self.check(Work(folder=tmp_path), [f"leak-{index}" for index in range(12)], lost={}, limits=NARROW)

    def test_workers_that_are_killed_from_outside_cost_no_item(self, tmp_path: Path) -> None:
        work, done, kills = Work(folder=tmp_path), 0, 0
        for outcome in self.outcomes(work, batches_of(among(count=16 * 1200))):
            assert isinstance(outcome, Done), outcome
            done += len(outcome.ids)
            if done // 4000 > kills:
                os.kill(alive(work.pids())[-1], signal.SIGKILL)
                kills += 1
        assert (done, kills) == (16 * 1200, 4)

    def test_a_worker_that_is_ended_from_outside_over_a_single_item_costs_nothing(self, tmp_path: Path) -> None:
        outcomes = list(self.outcomes(Work(folder=tmp_path), [[f"once-{index}"] for index in range(4)]))
        assert all(isinstance(outcome, Done) for outcome in outcomes), "an accident was taken for the item's fault"

    def test_what_an_item_started_ends_with_its_worker(self, tmp_path: Path) -> None:
        work = Work(folder=tmp_path)
        self.check(work, among("childsleep-1"), lost={"childsleep-1": "took longer"}, limits=BRIEF)
        assert work.children()
        assert gone(work.children)

    def test_limits_hold_while_the_caller_is_busy(self, tmp_path: Path) -> None:
        work = Work(folder=tmp_path)
        run = self.outcomes(work, [["ok-1"], ["childsleep-2"]], BRIEF)
        next(run)
        while not work.children():
            pass
        assert gone(lambda: work.children()[:1])
        assert [outcome.id for outcome in run if isinstance(outcome, Lost)] == ["childsleep-2"]

    def test_an_item_that_crashes_in_company_only_is_done(self, tmp_path: Path) -> None:
        self.check(Work(folder=tmp_path), among("shy-1", "shy-2"), lost={})

    def test_a_worker_that_dies_after_its_answer_costs_nothing(self, tmp_path: Path) -> None:
        self.check(Work(folder=tmp_path), ["farewell-1"], lost={})
        self.check(Work(folder=tmp_path), ["farewell-2", *among(count=8000)], lost={})

    def test_noise_on_the_standard_streams_harms_nothing(self, tmp_path: Path) -> None:
        self.check(Work(folder=tmp_path), among("shout-1", "shout-2"), lost={})

    def test_large_results_arrive_whole(self, tmp_path: Path) -> None:
        ids = [[f"big-{index}", f"ok-{index}"] for index in range(6)]
        for outcome in self.outcomes(Work(folder=tmp_path), ids):
            assert isinstance(outcome, Done)
            assert outcome.result == [b"x" * BIG_BYTES, outcome.ids[1]]

    def test_a_result_that_cannot_be_sent_says_so(self, tmp_path: Path) -> None:
        self.check(Work(folder=tmp_path), among("unsendable-1"), lost={"unsendable-1": "cannot be sent"})

    def test_models_that_crash_end_the_run(self, tmp_path: Path) -> None:
        work = Work(folder=tmp_path)
        for start, words in (("crash", "crashed (signal 11)"), ("raise", "TypeError: the model does not load")):
            try:
                list(self.outcomes(Work(folder=tmp_path, start=start), batches_of(among())))
            except RoomError as error:
                assert words in str(error)  # noqa: PT017 - the suite does without pytest
            else:
                raise AssertionError("the error was swallowed")
        assert len(work.pids()) <= 5 * self.workers, "workers were started again and again"
        assert gone(work.pids)

    def test_nothing_is_left_when_all_is_done(self, tmp_path: Path) -> None:
        work = Work(folder=tmp_path)
        self.check(work, among("exit-1"), lost={"exit-1": ""})
        assert gone(work.pids)

    def test_closing_early_leaves_no_process(self, tmp_path: Path) -> None:
        work = Work(folder=tmp_path)
        run = self.outcomes(work, [["ok-1"], ["childsleep-2"], *batches_of(among())])
        next(run)
        while not work.children():
            next(run)
        assert alive(work.pids())
        run.close()  # type: ignore[attr-defined]
        assert gone(lambda: [*work.pids(), *work.children()])

    def test_an_error_while_reading_batches_leaves_no_process(self, tmp_path: Path) -> None:
        self.test_an_error_while_reading_batches_reaches_the_caller(tmp_path)
        assert gone(Work(folder=tmp_path).pids)
