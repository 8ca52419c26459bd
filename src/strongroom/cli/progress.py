"""Progress for people: bars on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from strongroom.domain.progress import SECONDS, OnProgress, Progress, silent
from strongroom.domain.times import clock

PLAIN_SECONDS = 5.0
"""How often a plain line is printed where there is no terminal."""


class ClockColumn(ProgressColumn):
    """Seconds of recordings, as ``0:42:10 of 8:00:00``."""

    def render(self, task: Task) -> Text:
        """Give how far a task is."""
        return Text(_media(task.completed, task.total), style="progress.download")


class SpeedColumn(ProgressColumn):
    """Seconds of recordings a second."""

    def render(self, task: Task) -> Text:
        """Give the rate of a task."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.1f}x" if speed else "", style="progress.data.speed")


class RateColumn(ProgressColumn):
    """Units a second."""

    def render(self, task: Task) -> Text:
        """Give the rate of a task."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.1f}/s" if speed else "", style="progress.data.speed")


@contextmanager
def shown_progress(*, quiet: bool) -> Iterator[OnProgress]:
    """Give a callback that shows progress on standard error, for as long as the block runs.

    Args:
        quiet: Show nothing.
    """
    console = Console(stderr=True)
    if quiet:
        yield silent
    elif console.is_terminal:
        with _Terminal(console) as terminal:
            yield terminal
    else:
        yield _Lines()


class _Terminal:
    """One bar a step, the finished ones above."""

    def __init__(self, console: Console) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24))
        end = (TimeRemainingColumn(compact=True), TextColumn("[red]{task.fields[failed]}[/]"))
        self._counted = Bars(*columns, MofNCompleteColumn(), RateColumn(), *end, console=console)
        self._bytes = Bars(*columns, DownloadColumn(), TransferSpeedColumn(), *end, console=console)
        # a stretch comes back every minute or so: over half an hour the rate tells something
        self._media = Bars(*columns, ClockColumn(), SpeedColumn(), *end, console=console, speed_estimate_period=1800)
        self._tasks: dict[str, tuple[Bars, TaskID]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for bars in (self._counted, self._bytes, self._media):
            bars.stop()

    def __call__(self, event: Progress) -> None:
        if event.step not in self._tasks:
            bars = {"bytes": self._bytes, SECONDS: self._media}.get(event.unit, self._counted)
            for other in (self._counted, self._bytes, self._media):
                if other is not bars:
                    other.stop()
            bars.start()
            self._tasks[event.step] = (bars, bars.add_task(event.step, total=event.total, failed=""))
        bars, task = self._tasks[event.step]
        failed = f"{event.failed:,} failed" if event.failed else ""
        bars.update(task, completed=event.done, total=event.total, failed=failed)


class _Lines:
    """A line every few seconds, and one at the end of each step."""

    def __init__(self) -> None:
        self._printed: dict[str, float] = {}
        self._started: dict[str, float] = {}

    def __call__(self, event: Progress) -> None:
        now = time.monotonic()
        self._started.setdefault(event.step, now)
        finished = event.total is not None and event.done >= event.total
        if not finished and now - self._printed.get(event.step, self._started[event.step]) < PLAIN_SECONDS:
            return
        if finished and self._printed.get(event.step) == float("inf"):
            return
        self._printed[event.step] = float("inf") if finished else now
        print(self._line(event, now - self._started[event.step]), file=sys.stderr, flush=True)

    def _line(self, event: Progress, seconds: float) -> str:
        if event.unit == SECONDS:
            return self._media_line(event, seconds)
        words = [f"{event.step}: {event.done:,}"]
        if event.total is not None:
            words.append(f"of {event.total:,}")
        words.append(event.unit)
        if seconds > 1 and event.done:
            rate = event.done / seconds
            words.append(f"({rate:,.1f}/s" + (f", {(event.total - event.done) / rate:,.0f} s left)" if event.total else ")"))
        if event.failed:
            words.append(f"- {event.failed:,} failed")
        return " ".join(words)

    def _media_line(self, event: Progress, seconds: float) -> str:
        words = [f"{event.step}: {_media(event.done, event.total)}"]
        if seconds > 1 and event.done:
            rate = event.done / seconds
            left = f", {clock((event.total - event.done) / rate)} left" if event.total else ""
            words.append(f"({rate:,.1f} times as fast as it plays{left})")
        if event.failed:
            words.append(f"- {event.failed:,} failed")
        return " ".join(words)


def _media(done: float, total: float | None) -> str:
    return clock(done) + (f" of {clock(total)}" if total is not None else "")
