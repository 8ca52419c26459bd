"""The blob service answers as Azurite does, header for header, save where the documentation says otherwise and why."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import strongroom
from differential.allowed import reason_for, table
from differential.rest import Rest
from differential.walk import walk
from servers import ACCOUNT, KEY
from strongroom.testing.blob_service import blob_service

SEQUENCES = 160
"""Of some 20 requests each."""
PAGE = Path(__file__).parents[2] / "docs/reference/blob-service.md"


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    """A room's blob service."""
    with strongroom.init(tmp_path_factory.mktemp("served") / "room") as room, blob_service(room) as service:
        rest = Rest(service.url, ACCOUNT, KEY)
        yield rest
        rest.close()


@pytest.fixture(scope="module")
def theirs(azurite: str) -> Iterator[Rest]:
    """The emulator."""
    rest = Rest(azurite, ACCOUNT, KEY)
    yield rest
    rest.close()


def test_replies_are_those_of_azurite_but_for_what_is_documented(ours: Rest, theirs: Rest):
    asked, strange = 0, dict[str, str]()

    @settings(
        max_examples=SEQUENCES,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.randoms(use_true_random=True))
    def compare(rng: Random) -> None:
        nonlocal asked
        for ask, found in walk(rng, ours, theirs):
            asked += 1
            for one in found:
                if reason_for(ask, one) is None:
                    strange.setdefault(f"{one.operation}: {one.what}: ours {one.ours!r}, theirs {one.theirs!r}", str(ask))

    compare()
    assert asked > 10 * SEQUENCES
    assert not strange, "\n".join(f"{difference}\n    {ask}" for difference, ask in sorted(strange.items()))


def test_every_difference_is_documented():
    told = PAGE.read_text("utf-8").partition("<!-- differences -->")[2].partition("<!-- end -->")[0]
    assert told.strip() == table()
