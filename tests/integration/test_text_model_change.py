"""The vectors of a room are of one text model: another is refused, even where its vectors have the same length."""

import sqlite3
from pathlib import Path

import pytest

import strongroom
from strongroom.errors import SettingError

OTHER = "multilingual-e5-small-q4"
LETTER = "After the storm the cellar of the harbour office stands flooded."


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rooms")
    (folder / "letter.txt").write_text(LETTER, "utf-8")
    with strongroom.init(folder / "room", workers=1) as room:
        room.add([str(folder / "letter.txt")], to="papers")
        room.analyze()
    return folder / "room"


def test_search_and_analysis_with_another_model_are_refused_and_the_room_stays_as_it_is(filled: Path):
    told = r"text_model is multilingual-e5-small-q4, but the index was written with minilm-l6-int8.*in a new room"
    with strongroom.open(filled, text_model=OTHER) as room:
        with pytest.raises(SettingError, match=told):
            room.search("water in the basement")
        with pytest.raises(SettingError, match=told):
            room.analyze()
    with strongroom.open(filled) as room:
        assert [str(hit.names[0]) for hit in room.search("water in the basement").hits] == ["papers/letter.txt"]


def test_a_room_of_an_earlier_strongroom_is_taken_to_be_of_the_model_that_it_names(filled: Path):
    def forget() -> None:
        with sqlite3.connect(filled / "catalog.sqlite") as catalog:
            assert catalog.execute("DELETE FROM room WHERE name = 'text_model'").rowcount == 1
        catalog.close()

    forget()
    with strongroom.open(filled, text_model=OTHER) as room, pytest.raises(SettingError, match="set text_model back"):
        room.search("water in the basement")
    with strongroom.open(filled) as room:
        assert room.search("water in the basement").hits
    with strongroom.open(filled, text_model=OTHER) as room, pytest.raises(SettingError, match="set text_model back"):
        room.search("water in the basement")
    forget()
    with strongroom.open(filled) as room:
        assert room.search("water in the basement").hits


def test_an_empty_room_takes_any_model(tmp_path: Path):
    with strongroom.init(tmp_path / "room", workers=1) as room:
        assert room.status().segments == 0
    with strongroom.open(tmp_path / "room", text_model=OTHER) as room:
        assert room.status().segments == 0
    with strongroom.open(tmp_path / "room") as room:
        assert room.status().segments == 0
