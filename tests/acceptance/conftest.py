"""The demo's files in a room that is served, and a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser import Served, chromium, serving, strongroom
from strongroom.cli.samples import write_samples


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the demo's files."""
    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder)
    return folder


@pytest.fixture(scope="session")
def read_room(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a room that holds the demo's files, all of them read."""
    room = tmp_path_factory.mktemp("read") / "harbour"
    strongroom("init", room)
    strongroom("add", samples, "--to", "samples", "--room", room)
    return room


@pytest.fixture(scope="session")
def served(read_room: Path) -> Iterator[Served]:
    """Serve it."""
    with serving(read_room) as one:
        yield one


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a browser; it is gone before other tests run event loops, since Playwright keeps one in this very thread."""
    with chromium() as one:
        yield one
