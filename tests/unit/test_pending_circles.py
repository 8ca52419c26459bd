"""What is pending is handed out again as long as it gets on, and no longer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from strongroom.domain.analysis import AnalyzerSpec, Cost, State
from strongroom.domain.findings import Checkpoint
from strongroom.domain.outcome import Run
from strongroom.domain.progress import silent
from strongroom.errors import RoomDamaged
from strongroom.flows.pending import Pending
from strongroom.flows.tally import Tally
from strongroom.storage.catalog import Catalog
from strongroom.testing.shelf import Shelf, digest, outcome, run

LONG = AnalyzerSpec(name="long", version=1, accepts=("audio/*",), cost=Cost.DEEP)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    catalog = Catalog(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    catalog.migrate()
    shelf = Shelf(catalog)
    shelf.container("one")
    shelf.put("one", {"a": "a", "b": "b"})
    shelf.record(outcome("a", "audio/wav", run("media", properties={"duration": 600.0})), outcome("b", "audio/wav"))
    yield shelf
    catalog.close()


def stretch(began: float, at: float | None) -> Run:
    stopped = None if at is None else Checkpoint(at=at, of=600.0)
    return Run(analyzer="long", version=1, state=State.DONE, began=began, stopped=stopped)


def asked(shelf: Shelf) -> tuple[Pending, Tally]:
    tally = Tally(silent)
    pending = Pending(shelf.catalog, [LONG], containers=None, failed_before=None, batch=16, tally=tally, record=lambda: None)
    return pending, tally


def test_a_long_recording_goes_out_alone_and_again_after_each_stretch(shelf: Shelf):
    pending, tally = asked(shelf)
    at, out = {digest("a"): 0.0, digest("b"): 0.0}, []
    for batch in pending.batches():
        assert len(batch) == 1
        sha256 = batch[0].removeprefix("2:")
        out.append(sha256)
        then = None if at[sha256] == 240.0 else at[sha256] + 60.0
        label = "a" if sha256 == digest("a") else "b"
        shelf.record(outcome(label, "audio/wav", stretch(at[sha256], then)))
        tally.recorded(batch, {})
        at[sha256] = then or 0.0
    assert sorted(out) == sorted([digest("a"), digest("b")] * 5)
    assert out[:2] * 5 == out


def test_what_does_not_get_on_is_refused(shelf: Shelf):
    pending, tally = asked(shelf)

    def go_round() -> None:
        for number, batch in enumerate(pending.batches()):
            assert number < 10
            tally.recorded(batch, {})

    with pytest.raises(RoomDamaged, match="pending again"):
        go_round()
