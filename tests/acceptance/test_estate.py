"""A thousand mixed files, and twenty kills: every file gets a state, and nothing that was acknowledged is lost."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import psutil
import pytest

import strongroom
from strongroom.domain.status import Status
from strongroom.room import Room
from strongroom.storage.names import readable_name
from strongroom.testing.estate import Fate, Planted, write_estate

COMMAND = [str(Path(sys.executable).with_name("strongroom"))]
KILLS = 20


def blob_name(planted: Planted, folder: Path) -> str:
    return "/".join(readable_name(part) for part in planted.path.relative_to(folder).parts)


def fates(room: Room, status: Status) -> dict[str, Fate]:
    """Say what became of each blob, from what `status` tells."""
    states = defaultdict(set)
    for failure in status.failures:
        states[failure.sha256].add(failure.state)
    return {
        blob.name: Fate.FAILED
        if "failed" in states[blob.sha256]
        else Fate.SKIPPED
        if "skipped" in states[blob.sha256]
        else Fate.ANALYSED
        for blob in room.list("estate")
    }


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Planted, ...]]:
    folder = tmp_path_factory.mktemp("estate") / "files"
    return folder, write_estate(folder, 1000)


@pytest.fixture(scope="module")
def room(estate: tuple[Path, tuple[Planted, ...]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("rooms") / "room"
    subprocess.run([*COMMAND, "init", place], check=True, capture_output=True)
    done = subprocess.run(
        [*COMMAND, "add", f"{estate[0]}/", "--to", "estate", "--room", place], check=False, capture_output=True, text=True
    )
    assert done.returncode in (0, 10), done.stderr
    return place


def test_every_file_is_analysed_or_failed_with_a_reason(room: Path, estate: tuple[Path, tuple[Planted, ...]]):
    folder, planted = estate
    told = json.loads(
        subprocess.run([*COMMAND, "status", "--json", "--room", room], check=True, capture_output=True, text=True).stdout
    )
    assert told["coverage"]["pending"] == 0
    assert all(failure["reason"] for failure in told["failures"])
    with strongroom.open(room) as opened:
        found = fates(opened, opened.status())
    wrong = {
        one.kind: found.get(blob_name(one, folder), Fate.IGNORED)
        for one in planted
        if found.get(blob_name(one, folder), Fate.IGNORED) not in one.fates
    }
    assert wrong == {}


def test_what_good_files_say_is_found(room: Path, estate: tuple[Path, tuple[Planted, ...]]):
    folder, planted = estate
    missed = []
    with strongroom.open(room) as opened:
        for one in planted:
            if one.word and one.fates == {Fate.ANALYSED}:
                names = {name.blob for hit in opened.search(f'"{one.word}"').hits for name in hit.names}
                if blob_name(one, folder) not in names:
                    missed.append(one.kind)
    assert missed == []


def test_adding_again_does_no_work(room: Path, estate: tuple[Path, tuple[Planted, ...]]):
    command = [*COMMAND, "add", f"{estate[0]}/", "--to", "estate", "--room", room, "--json"]
    told = json.loads(subprocess.run(command, check=False, capture_output=True, text=True).stdout)
    assert told["added"]["added"] == 0
    assert told["analyzed"]["contents"] == 0


def test_vault_catalog_and_index_agree(room: Path):
    with strongroom.open(room) as opened:
        assert list(opened.check(deep=True)) == []


def kill_something(process: subprocess.Popen[bytes], chance: random.Random) -> None:
    """Kill the command or one of its workers, whatever it is doing."""
    try:
        children = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return
    victim = chance.choice([process.pid, *[child.pid for child in children]])
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        return
    if victim != process.pid:
        time.sleep(chance.uniform(0.1, 1.5))
        process.kill()


def test_twenty_kills_lose_nothing_and_the_next_run_finishes(tmp_path: Path):
    chance, folder, place = random.Random(11), tmp_path / "files", tmp_path / "room"
    planted = write_estate(folder, 150, seed=3)
    strongroom.init(place).close()
    acknowledged: dict[str, str | None] = {}
    for _ in range(KILLS):
        command = [*COMMAND, "add", f"{folder}/", "--to", "estate", "--room", place, "--quiet"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(chance.uniform(1.0, 8.0))
            except subprocess.TimeoutExpired:
                kill_something(process, chance)
        with strongroom.open(place) as room:
            if room.containers():
                present = {blob.name: blob.sha256 for blob in room.list("estate")}
                assert acknowledged.items() <= present.items()
                acknowledged = present
    with strongroom.open(place) as room:
        room.add([f"{folder}/"], to="estate")
        room.analyze()
        assert room.coverage().pending == 0
        assert list(room.check(deep=True)) == []
        found = fates(room, room.status())
    wrong = {one.kind for one in planted if found.get(blob_name(one, folder), Fate.IGNORED) not in one.fates}
    assert wrong == set()
