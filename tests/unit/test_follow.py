"""A room that is followed reads what arrives, soon, and before it goes on with what takes long."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from strongroom.domain.analysis import AnalyzerSpec, Cost
from strongroom.domain.progress import silent
from strongroom.flows import follow, pending
from strongroom.flows.follow import Follow
from strongroom.flows.pending import Pending
from strongroom.flows.tally import Tally
from strongroom.storage.catalog import Catalog
from strongroom.testing.shelf import Shelf, digest, outcome, run

QUICK = AnalyzerSpec(name="quick", version=1, accepts=("audio/*",), cost=Cost.CHEAP)
LONG = AnalyzerSpec(name="long", version=1, accepts=("audio/*",), cost=Cost.DEEP)


class Desk:
    """Plays executor and records: every batch is finished as soon as it is handed out."""

    def __init__(self, shelf: Shelf, *, rate: float = 0.0, arrivals: dict[int, str] | None = None) -> None:
        self.shelf, self.out, self.settled, self.arrivals = shelf, [], 0, arrivals or {}
        self.done = False
        self.tally = Tally(silent)
        self.pending = Pending(
            shelf.catalog,
            [QUICK, LONG],
            containers=None,
            failed_before=None,
            batch=1,
            tally=self.tally,
            record=lambda: None,
            newcomers_first=True,
        )
        self.follow = Follow(shelf.catalog, self.pending, self.settle, lambda: self.done, rate)

    def settle(self) -> None:
        self.settled += 1
        if self.settled == 1 and None in self.arrivals:
            self.shelf.put("one", {"late": self.arrivals[None]})
        else:
            self.done = True

    def run(self) -> list[str]:
        labels = {digest(label): label for label in "abcde"}
        for batch in self.follow.batches():
            step, sha256 = batch[0].split(":", 1)
            self.out.append(f"{step}:{labels[sha256]}")
            runs = [run("quick")] if step == "0" else [run("long")]
            self.shelf.record(outcome(labels[sha256], "audio/wav", *runs))
            self.tally.recorded(batch, {})
            if (arrival := self.arrivals.pop(len(self.out), None)) is not None:
                self.shelf.put("one", {arrival: arrival})
        return self.out


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    monkeypatch.setattr(follow, "PAUSE", 0.001)
    monkeypatch.setattr(pending, "NEWCOMERS_SECONDS", 0.0)
    catalog = Catalog(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    catalog.migrate()
    shelf = Shelf(catalog)
    shelf.container("one")
    yield shelf
    catalog.close()


def test_what_arrives_when_nothing_is_left_is_read(shelf: Shelf):
    desk = Desk(shelf, arrivals={None: "b"})  # type: ignore[dict-item]
    shelf.put("one", {"a": "a"})
    assert desk.run() == ["0:a", "2:a", "0:b", "2:b"]
    assert desk.settled == 2


def test_newcomers_are_read_cheaply_before_what_takes_long_goes_on(shelf: Shelf):
    shelf.put("one", {label: label for label in "abc"})
    out = Desk(shelf, arrivals={4: "d"}).run()
    assert {*out[:3]} == {"0:a", "0:b", "0:c"}
    assert out[3].startswith("2:")
    assert out[4] == "0:d"
    assert sorted(out[5:]) == sorted({"2:a", "2:b", "2:c", "2:d"} - {out[3]})


def test_a_rate_holds_batches_back(shelf: Shelf, monkeypatch: pytest.MonkeyPatch):
    clock = [0.0]
    monkeypatch.setattr(follow.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(follow.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + max(seconds, 1e-4)))
    shelf.put("one", {label: label for label in "abcd"})
    Desk(shelf, rate=2.0).run()
    assert clock[0] >= 3.5
