"""A server that is killed loses nothing that it acknowledged, tears nothing, and sweeps what it left behind."""

import random
import subprocess
import sys
import threading
from pathlib import Path

import strongroom
from crash.served import Served
from crash.writers import GONE, Known, Writer, digest
from differential.rest import Ask, Rest
from servers import ACCOUNT, KEY

KILLS = 20
WRITERS = 8


def read(rest: Rest, name: str) -> str:
    answer = rest.ask(Ask(operation="", method="GET", path=f"crash/{name}"))
    if answer.status == 404:
        return GONE
    assert answer.status == 200, answer
    return digest(answer.body)


def verify(rest: Rest, known: dict[str, Known]) -> None:
    """Hold what is read against what was acknowledged; from then on what was read is sure."""
    for name, one in known.items():
        found = read(rest, name)
        assert one.allows(found), f"{name}: {one} and found {found or 'nothing'}"
        one.sure, one.maybe = found, None


def leftovers(room: Path) -> int:
    with strongroom.open(room) as opened:
        faults = opened.check()
        assert {fault.kind for fault in faults} <= {"leftover-object"}, faults
        return len(faults)


def test_a_killed_server_loses_nothing_acknowledged(tmp_path: Path):
    room = tmp_path / "room"
    strongroom.init(room).close()
    served, rng = Served(room), random.Random(5)
    known: dict[str, Known] = {}
    left = 0
    try:
        rest = Rest(served.start(), ACCOUNT, KEY)
        assert rest.ask(Ask(operation="", method="PUT", path="crash", query={"restype": "container"})).status == 201
        for turn in range(KILLS):
            writers = [Writer(Rest(rest.url, ACCOUNT, KEY), number, turn) for number in range(WRITERS)]
            threads = [threading.Thread(target=writer.run) for writer in writers]
            threads.append(threading.Timer(rng.uniform(0.2, 1.5), served.kill))
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert [writer.wrong for writer in writers if writer.wrong] == []
            left += leftovers(room)
            rest.close()
            rest = Rest(served.start(), ACCOUNT, KEY)
            fresh = {name: one for writer in writers for name, one in writer.known.items()}
            verify(rest, fresh)
            known |= fresh
        verify(rest, known)
        rest.close()
        served.stop()
    finally:
        served.kill()
    assert len(known) > KILLS * WRITERS
    assert left > 0, "no kill landed in an upload"
    check = subprocess.run([Path(sys.executable).with_name("strongroom"), "check", "--deep", "--room", room], check=False)
    assert check.returncode == 0
