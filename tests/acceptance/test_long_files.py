"""Twenty kills over long recordings: what was read stays, a kill costs a stretch, and the end is as if nothing had happened."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import sqlalchemy as sa

import strongroom
from strongroom.domain.segments import VECTORS
from strongroom.storage.catalog import Catalog
from strongroom.storage.tables import SegmentTable

COMMAND = [str(Path(sys.executable).with_name("strongroom"))]
KILLS = 20
RECORDINGS = 3
MINUTES = 90
STRETCH = 0.25
"""Seconds of work; a minute of a recording takes `WORK` of them."""
WORK = 0.05
PER_STRETCH = 8
"""Minutes that a stretch may have: `STRETCH / WORK` and some more, since work may be quicker than it says."""
PLUGIN = f"""
import os, time
from strongroom.domain.analysis import AnalyzerSpec, Cost
from strongroom.domain.findings import Checkpoint, Problem, Property, Rendition, Segment
from strongroom.domain.locator import Locator


class Slow:
    spec = AnalyzerSpec(name="test-slow", version=1, accepts=("text/*",), cost=Cost.DEEP)

    def analyze(self, source, tools):
        if source.reached == 0:
            yield Property(name="first", value="it begins")
        for minute in range(round(source.reached / 60), {MINUTES}):
            time.sleep({WORK})
            with open(os.environ["TEST_SLOW_LOG"], "a") as log:
                log.write(f"{{source.sha256}} {{minute}}\\n")
            for part in range(minute % 3):
                yield Segment(
                    kind="utterance", text=f"minute {{minute}} part {{part}} of {{source.name}}",
                    locator=Locator(t_start=60.0 * minute, t_end=60.0 * minute + 30 + part),
                )
            if minute % 40 == 0:
                yield Problem(reason=f"minute {{minute}} is damaged")
            yield Rendition(role=f"said-{{minute:03}}", media_type="text/plain", data=str(minute).encode())
            yield Checkpoint(at=60.0 * (minute + 1), of=60.0 * {MINUTES})
        yield Property(name="last", value="it ends")
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which the slow analyzer is installed."""
    site = tmp_path / "site"
    about = site / "test_slow-1.dist-info"
    about.mkdir(parents=True)
    (site / "test_slow.py").write_text(PLUGIN)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: test-slow\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[strongroom.analyzers]\ntest-slow = test_slow:Slow\n")
    return {
        **os.environ,
        "PYTHONPATH": str(site),
        "TEST_SLOW_LOG": str(tmp_path / "log"),
        "STRONGROOM_STRETCH_SECONDS": str(STRETCH),
        "STRONGROOM_WORKERS": "2",
    }


def fill(place: Path, folder: Path, environment: dict[str, str]) -> None:
    """Store files whose every analyzer but the slow one has finished."""
    folder.mkdir(exist_ok=True)
    for number in range(RECORDINGS):
        file = folder / f"long-{number}.txt"
        if not file.exists():  # its time is its date
            file.write_text(f"the words of recording {number}")
    subprocess.run([*COMMAND, "init", place], check=True, capture_output=True, env=environment)
    # the slow one is no part of this room until its variable leads to it
    without = {**environment, "STRONGROOM_PLUGINS": "false"}
    command = [*COMMAND, "add", f"{folder}/", "--to", "long", "--room", place, "--quiet"]
    subprocess.run(command, check=True, capture_output=True, env=without)


def state(place: Path) -> dict[str, Any]:
    """Give what analyses left behind, but times (texts are dated by when they were added) and vectors (batches differ)."""
    catalog = Catalog(f"sqlite:///{place}/catalog.sqlite")
    tables = {
        "analyses": "sha256, analyzer, version, state, reason, segments, properties",
        "renditions": "sha256, role, analyzer, media_type, size",
        "stretches": "*",
    }
    with catalog.read() as tx:
        found = {name: sorted(map(tuple, tx.execute(sa.text(f"SELECT {what} FROM {name}")))) for name, what in tables.items()}
    catalog.close()
    with strongroom.open(place) as room:
        table: SegmentTable = room._parts.table
        columns = [name for name in table.schema.names if name not in (*VECTORS, "containers", "taken_at")]
        found["segments"] = sorted(table.rows(columns).to_pylist(), key=lambda row: row["segment_id"])
    return found


def reached(place: Path) -> dict[str, float]:
    """Give how far each recording is; those at their end are at infinity."""
    catalog = Catalog(f"sqlite:///{place}/catalog.sqlite")
    with catalog.read() as tx:
        begun = dict(tuple(row) for row in tx.execute(sa.text("SELECT sha256, reached FROM stretches")))
        ended = tx.scalars(sa.text("SELECT sha256 FROM analyses WHERE analyzer = 'test-slow'")).all()
    catalog.close()
    return {**begun, **dict.fromkeys(ended, float("inf"))}


def victims(process: subprocess.Popen[bytes]) -> Iterator[int]:
    yield process.pid
    try:
        yield from (child.pid for child in psutil.Process(process.pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return


def kill_something(process: subprocess.Popen[bytes], chance: random.Random) -> None:
    """Kill the command or one of its workers, whatever it is doing; the command in the end."""
    victim = chance.choice([*victims(process)])
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        return
    if victim != process.pid:
        time.sleep(chance.uniform(0.1, 1.0))
        process.kill()


def test_twenty_kills_cost_a_stretch_each_and_change_nothing(tmp_path: Path, environment: dict[str, str]):
    chance, place = random.Random(7), tmp_path / "room"
    fill(place, tmp_path / "files", environment)
    command, log = [*COMMAND, "analyze", "--quiet", "--room"], Path(environment["TEST_SLOW_LOG"])
    kills, before = 0, dict[str, float]()
    for _ in range(KILLS):
        with subprocess.Popen(
            [*command, place], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        ) as process:
            try:
                process.wait(chance.uniform(2.0, 6.0))
            except subprocess.TimeoutExpired:
                kills += 1
                kill_something(process, chance)
        after = reached(place)
        assert all(after[sha256] >= at for sha256, at in before.items())
        before = after
    assert kills
    subprocess.run([*command, place], check=True, capture_output=True, env=environment)
    worked = log.read_text().split("\n")[:-1]
    assert set(worked) >= {f"{sha256} {minute}" for sha256 in before for minute in range(MINUTES)}
    # the parent's kill costs what both workers hold and what is not recorded yet; a worker's is done again, twice at most
    assert len(worked) - len(set(worked)) <= kills * 3 * 2 * PER_STRETCH
    interrupted = state(place)
    assert interrupted["stretches"] == []
    with strongroom.open(place) as room:
        assert list(room.check(deep=True)) == []
    whole = tmp_path / "whole"
    fill(whole, tmp_path / "files", environment)
    subprocess.run(
        [*command, whole], check=True, capture_output=True, env={**environment, "STRONGROOM_STRETCH_SECONDS": "1000"}
    )
    assert state(whole) == interrupted
