"""Objects in a local directory and in the pack, and where everything lies."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from threading import Barrier

import pytest

from strongroom.errors import StorageError, StorageFull
from strongroom.storage.layout import Layout, object_id, object_key, object_of_key, pack_file, writer_of
from strongroom.storage.objects import FILE, PACK, Objects, local_directory
from strongroom.storage.pack import Pack

WRITER, OTHER = "0123456789abcdef", "fedcba9876543210"


def test_an_object_lies_under_its_writer_and_its_key_gives_it_back():
    one = object_id(WRITER, 5000)
    assert writer_of(one) == WRITER
    assert object_key(one) == f"01/{WRITER}/4/{one}"
    assert object_of_key(object_key(one)) == one
    for key in ("x", "pack.sqlite", f"ff/{one}", f"01/{WRITER}/4/{one}.tmp", f"01/{WRITER}/5/{one}"):
        assert object_of_key(key) is None


def test_urls_of_directories_are_told_from_others(tmp_path: Path):
    assert local_directory(str(tmp_path)) == tmp_path
    assert local_directory((tmp_path / "a b").as_uri()) == tmp_path / "a b"
    assert local_directory("s3://bucket/x") is None


def test_files_and_packed_objects_share_one_door(tmp_path: Path):
    bodies = Objects(str(tmp_path / "vault"))
    file, small = object_id(WRITER, 1), object_id(WRITER, 2)
    bodies.write(file, [b"ab", b"", b"cd"])
    bodies.write_packed({small: b"xyz"})
    both = [(file, FILE), (small, PACK)]
    assert bodies.open(file, FILE).read_at(1, 2) == b"bc"
    assert bodies.open(small, PACK).read_at(1, 9) == b"yz"
    assert bodies.sizes([*both, (object_id(OTHER, 0), FILE), (object_id(OTHER, 1), PACK)]) == {file: 4, small: 3}
    assert sorted(bodies.list()) == sorted(bodies.list(WRITER)) == sorted(both)
    assert list(bodies.list(OTHER)) == []
    assert bodies.path(small, PACK) is None
    path = bodies.path(file, FILE)
    assert path is not None
    assert path.read_bytes() == b"abcd"
    bodies.delete([*both, *both])
    assert list(bodies.list()) == []
    for one, place in both:
        with pytest.raises(FileNotFoundError):
            bodies.open(one, place)
    bodies.close()


@pytest.mark.parametrize("size", [300_000, 1 << 20])
@pytest.mark.parametrize("where", ["", "memory:///"])
def test_chunks_may_be_views_of_two_buffers_in_turn(tmp_path: Path, where: str, size: int):
    """Of 13 MiB, some reach the disk before the last ones come."""
    count = (13 << 20) // size
    buffers = cycle((bytearray(size), bytearray(size)))

    def chunks() -> Iterator[memoryview]:
        for number in range(count):
            buffer = next(buffers)
            buffer[:] = bytes([number]) * size
            yield memoryview(buffer)

    bodies = Objects(where or str(tmp_path))
    bodies.write(object_id(WRITER, 1), chunks())
    body = bodies.open(object_id(WRITER, 1), FILE)
    assert body.read_at(0, count * size + 1) == b"".join(bytes([number]) * size for number in range(count))
    body.close()
    bodies.close()


def test_an_open_object_can_be_read_after_it_is_gone(tmp_path: Path):
    bodies = Objects(str(tmp_path))
    one = object_id(WRITER, 1)
    bodies.write(one, [b"abcd"])
    body = bodies.open(one, FILE)
    bodies.delete([(one, FILE)])
    assert body.read_at(0, 4) == b"abcd"
    body.close()
    body.close()


def test_an_object_is_never_written_twice(tmp_path: Path):
    bodies = Objects(str(tmp_path))
    bodies.write(object_id(WRITER, 1), [b"abcd"])
    with pytest.raises(StorageError):
        bodies.write(object_id(WRITER, 1), [b"other"])
    assert bodies.open(object_id(WRITER, 1), FILE).read_at(0, 9) == b"abcd"


def test_bytes_and_names_are_synced_before_a_write_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    synced: list[str] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{fd}").readlink()))
        real(fd)

    bodies = Objects(str(tmp_path))
    monkeypatch.setattr(os, "fsync", fsync)
    one, two = object_id(WRITER, 1), object_id(WRITER, 2)
    bodies.write(one, [b"abcd"])
    file = tmp_path / object_key(one)
    folders = [str(tmp_path), str(file.parents[2]), str(file.parents[1])]
    assert synced == [*folders, str(file), str(file.parent)]
    synced.clear()
    bodies.write(two, [b"abcd"])
    assert synced == [str(tmp_path / object_key(two)), str(file.parent)]


def test_the_pack_is_written_whole_or_not_at_all(tmp_path: Path):
    pack = Pack(tmp_path / "pack.sqlite")
    pack.write({object_id(WRITER, 1): b"1"})
    with pytest.raises(StorageError):
        pack.write({object_id(WRITER, 2): b"2", object_id(WRITER, 1): b"again"})
    assert list(pack.list()) == [object_id(WRITER, 1)]
    assert pack.read(object_id(WRITER, 1)) == b"1"
    pack.close()


def test_the_pack_lists_pages_of_one_writer(tmp_path: Path):
    pack = Pack(tmp_path / "pack.sqlite")
    mine = [object_id(WRITER, number) for number in range(1203)]
    pack.write(dict.fromkeys([*mine, object_id(OTHER, 0)], b""))
    assert list(pack.list(WRITER)) == mine
    assert len(list(pack.list())) == 1204
    pack.delete(mine)
    assert list(pack.list()) == [object_id(OTHER, 0)]
    pack.close()


def test_a_new_pack_may_be_opened_by_many_at_once(tmp_path: Path):
    """SQLite does not wait by itself where two turn one new file to its log."""
    for turn in range(40):
        file, start = tmp_path / f"{turn}.sqlite", Barrier(8)

        def first(number: int, file: Path = file, start: Barrier = start) -> None:
            pack = Pack(file)
            start.wait(10)
            pack.write({object_id(WRITER, number): b"x"})
            pack.close()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(first, range(8)))
        pack = Pack(file)
        assert len(list(pack.list())) == 8
        pack.close()


def test_a_full_pack_says_so(tmp_path: Path):
    pack = Pack(tmp_path / "pack.sqlite")
    pack.write({object_id(WRITER, 1): b"1"})
    with pack._borrowed() as connection:
        connection.execute("PRAGMA max_page_count=3")
    with pytest.raises(StorageFull):
        pack.write({object_id(WRITER, 2): bytes(60_000)})
    assert list(pack.list()) == [object_id(WRITER, 1)]
    pack.close()


def test_a_damaged_pack_says_what_to_do(tmp_path: Path):
    pack_file(tmp_path).write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match="strongroom check"):
        Objects(str(tmp_path)).write_packed({object_id(WRITER, 1): b"1"})


def test_the_layout_keeps_all_inside_the_room(tmp_path: Path):
    layout = Layout(root=tmp_path / "room")
    layout.prepare()
    layout.prepare()
    places = (layout.catalog, layout.vault, layout.index, layout.locks, layout.settings, layout.writer_lock(WRITER))
    assert all(place.is_relative_to(layout.root) for place in places)
    assert layout.catalog_url == f"sqlite:///{layout.catalog}"
