"""The same room on other parts: catalog on PostgreSQL, vault and mounts on an object store."""

from collections.abc import Callable
from pathlib import Path

import pytest

import strongroom
from strongroom.room import Room

LETTER = "After the storm the cellar of the harbour office stands flooded."


def filled(room: Room, folder: Path) -> None:
    folder.mkdir()
    (folder / "letter.txt").write_text(LETTER, "utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n" + bytes(200))
    room.add([f"{folder}/"], to="papers")
    room.analyze()


def holds(room: Room) -> None:
    hit = room.search("water in the basement").hits[0]
    assert [str(name) for name in hit.names] == ["papers/letter.txt"]
    status = room.status()
    assert (status.coverage.searched, status.coverage.failed, status.coverage.pending) == (1, 1, 0)
    assert {failure.name for failure in status.failures} == {"papers/broken.pdf"}
    assert list(room.check(deep=True)) == []


def test_a_room_keeps_its_catalog_on_postgresql(tmp_path: Path, new_postgres: Callable[[], str]):
    url = new_postgres()
    with strongroom.init(tmp_path / "room", catalog_url=url, workers=1) as room:
        filled(room, tmp_path / "files")
        holds(room)
    with strongroom.open(tmp_path / "room") as room:
        holds(room)


def test_a_room_keeps_its_vault_in_a_bucket(tmp_path: Path, bucket: str):
    with strongroom.init(tmp_path / "room", vault_url=f"s3://{bucket}/vault", workers=1) as room:
        filled(room, tmp_path / "files")
        holds(room)


@pytest.mark.parametrize("kind", ["wrong://place", "mysql://host/db", "postgresql://127.0.0.1:9/none"])
def test_a_catalog_that_cannot_be_had_is_one_clear_error(tmp_path: Path, kind: str):
    with pytest.raises(strongroom.StrongroomError, match="catalog"):
        strongroom.init(tmp_path / "room", catalog_url=kind)
    assert not (tmp_path / "room" / "settings.toml").exists()
