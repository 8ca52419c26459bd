"""The local executor holds the conformance suite, and what only a parent of processes can get wrong."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from strongroom.engine import LocalExecutor
from strongroom.ports import Done, Executor
from strongroom.testing.executors import AMPLE, WorkerTests, among, batches_of
from strongroom.testing.work import Work, alive, gone

SCRIPT = """
import signal
import sys
from pathlib import Path
from strongroom.engine import LocalExecutor
from strongroom.ports import Limits
from strongroom.testing.work import Work

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background of a shell ignores it
print("started", flush=True)
limits = Limits(seconds=300, memory=1 << 40)
for outcome in LocalExecutor(2).map(Work(folder=Path(sys.argv[1])), [[item] for item in sys.argv[2:]], limits):
    print(outcome.ids, flush=True)
"""


class TestLocalExecutor(WorkerTests):
    def executor(self, workers: int) -> Executor:
        return LocalExecutor(workers)


def script(folder: Path, *items: str) -> subprocess.Popen[str]:
    file = folder / "script.py"
    file.write_text(SCRIPT)
    return subprocess.Popen(
        [sys.executable, file, folder, *items],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_a_script_without_a_main_guard_runs_once_and_its_output_stays_clean(tmp_path: Path):
    out, err = script(tmp_path, "ok-1", "shout-2", "ok-3").communicate(timeout=60)
    assert (sorted(out.splitlines()), err) == (["('ok-1',)", "('ok-3',)", "('shout-2',)", "started"], "")


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("deed", ["stick", "childsleep"])
def test_a_parent_that_is_ended_leaves_no_worker(tmp_path: Path, stop: signal.Signals, deed: str):
    work = Work(folder=tmp_path)
    parent = script(tmp_path, f"{deed}-1", f"{deed}-2")
    while len(work.items()) < 2 or (deed == "childsleep" and len(work.children()) < 2):
        time.sleep(0.01)
    parent.send_signal(stop)
    try:
        parent.communicate(timeout=60)
        assert gone(work.pids)
        if stop is signal.SIGINT:
            assert gone(work.children)
    finally:
        parent.kill()
        for child in alive(work.children()):  # they left their worker's session, so the kernel did not end them with it
            os.kill(child, signal.SIGKILL)


def test_temporary_files_of_a_crashed_worker_are_cleared_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = tmp_path / "traces"
    folder.mkdir()
    list(LocalExecutor(2).map(Work(folder=folder), batches_of(among("exit-1", "segfault-2")), AMPLE))
    assert list(tmp_path.iterdir()) == [folder]


def test_open_files_do_not_add_up(tmp_path: Path):
    def run() -> None:
        list(LocalExecutor(2).map(Work(folder=tmp_path), batches_of(among("exit-1", "segfault-2")), AMPLE))

    run()
    before = len(list(Path("/proc/self/fd").iterdir()))
    run()
    run()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_two_runs_at_a_time_do_not_disturb_each_other(tmp_path: Path):
    done: dict[str, list[str]] = {}

    def run(name: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        ids = [f"ok-{name}-{index}" for index in range(500)]
        outcomes = LocalExecutor(1).map(Work(folder=folder), batches_of(ids), AMPLE)
        done[name] = [item for outcome in outcomes if isinstance(outcome, Done) for item in outcome.ids]

    threads = [Thread(target=run, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: len(set(ids)) for name, ids in done.items()} == {"a": 500, "b": 500}


def test_work_that_workers_cannot_import_is_one_clear_error(tmp_path: Path):
    file = tmp_path / "script.py"
    file.write_text("def make():\n    return print\n" + SCRIPT.replace("Work(folder=Path(sys.argv[1]))", "make"))
    result = subprocess.run([sys.executable, file, tmp_path, "ok-1"], capture_output=True, text=True, timeout=60, check=False)
    assert "define it at the top of a module on sys.path" in result.stderr.splitlines()[-1] + result.stderr
