"""The estate is what it says: deterministic, of the size asked for, with good files that parse and hostile ones that bite."""

import gzip
import io
import json
import os
import stat
import tarfile
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections import Counter
from email import message_from_bytes, policy
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from strongroom.testing.estate import GOOD_KINDS, HOSTILE_KINDS, Fate, Planted, documents, hostile, word, write_estate


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Planted, ...]:
    return write_estate(tmp_path_factory.mktemp("estate") / "files", 180)


def made(kind: str) -> bytes:
    return GOOD_KINDS[kind][1](Random(1), "qword")


def test_it_has_as_many_entries_as_asked_for_and_lists_every_one(estate: tuple[Planted, ...]):
    assert len(estate) == 180
    root = next(one.path for one in estate if one.path.parent.name == "hostile").parent.parent
    on_disk = {Path(folder, name) for folder, _, names in os.walk(root) for name in names}
    on_disk |= {path for path in (root / "special").iterdir() if path.is_symlink()}
    assert {one.path for one in estate} == on_disk


def test_every_kind_is_in_it(estate: tuple[Planted, ...]):
    kinds = {one.kind for one in estate}
    assert {f"good/{kind}" for kind in GOOD_KINDS} | {f"hostile/{kind}" for kind in HOSTILE_KINDS} <= kinds
    assert Counter(next(iter(one.fates)) for one in estate if len(one.fates) == 1)[Fate.IGNORED] == 5


def test_equal_seeds_give_equal_bytes_and_others_do_not(tmp_path: Path):
    def sums(name: str, seed: int) -> dict[str, int]:
        planted = write_estate(tmp_path / name, 150, seed)
        files = [one for one in planted if one.path.is_file() and stat.S_ISREG(one.path.lstat().st_mode)]
        return {str(one.path.relative_to(tmp_path / name)): zlib.crc32(one.path.read_bytes()) for one in files}

    first, again, other = sums("a", 7), sums("b", 7), sums("c", 8)
    assert first == again
    assert first.keys() == other.keys()
    empty = sum("empty" in name for name in first)
    assert sum(first[name] == other[name] for name in first) == empty


def test_words_are_unique_and_said_by_their_file(estate: tuple[Planted, ...]):
    words = [one.word for one in estate if one.word]
    assert len(set(words)) == len(words)
    assert len({word(number) for number in range(5000)}) == 5000
    plain = [one for one in estate if one.word and one.kind in {"good/text", "good/html", "good/csv", "good/pdf", "name"}]
    assert plain
    assert all(str(one.word).encode() in one.path.read_bytes() for one in plain)


@pytest.mark.parametrize("kind", ["zip", "zip-nested", "docx", "xlsx", "pptx", "odt", "epub"])
def test_good_zips_and_office_files_are_whole_and_their_xml_parses(kind: str):
    with zipfile.ZipFile(io.BytesIO(made(kind))) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            if name.endswith((".xml", ".rels", ".opf", ".xhtml")):
                ET.fromstring(archive.read(name))


def test_other_programs_read_the_good_files():
    from docx import Document
    from openpyxl import load_workbook
    from py7zr import SevenZipFile
    from pypdfium2 import PdfDocument

    assert "qword" in Document(io.BytesIO(made("docx"))).paragraphs[0].text
    assert load_workbook(io.BytesIO(made("xlsx"))).active["A1"].value == "qword"
    page = PdfDocument(made("pdf"))
    assert "qword" in page[0].get_textpage().get_text_range()
    page.close()
    with SevenZipFile(io.BytesIO(made("7z"))) as archive:
        assert archive.getnames() == ["a.txt", "b.json"]
    with tarfile.open(fileobj=io.BytesIO(made("tar-gz"))) as archive:
        assert archive.getnames() == ["a/one.txt", "a/two.html"]
    assert json.loads(made("json"))["title"] == "qword"
    mail = message_from_bytes(made("eml"), policy=policy.default)
    assert [part.get_filename() for part in mail.iter_attachments()] == ["plan.pdf", "photo.jpg"]


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "gif", "bmp"])
def test_good_pictures_open(kind: str):
    with Image.open(io.BytesIO(made(kind))) as picture:
        picture.load()
        assert picture.width >= 96


def test_bombs_are_small_and_say_that_they_are_large():
    bomb = hostile.zip_bomb(Random(1), "x")
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        assert sum(info.file_size for info in archive.infolist()) == 1024**3
    overlap = hostile.zip_overlap(Random(1), "x")
    assert len(overlap) < 100_000
    with zipfile.ZipFile(io.BytesIO(overlap)) as archive:
        assert sum(info.file_size for info in archive.infolist()) == 4 * 1024**3
    endless = hostile.gzip_endless(Random(1), "x")
    assert len(endless) < 4 * 1024**2
    with gzip.open(io.BytesIO(endless)) as stream:
        assert stream.seek(8 * 1024**2) == 8 * 1024**2
    assert all(len(make(Random(1), "x")) < 8 * 1024**2 for _, make, _ in HOSTILE_KINDS.values())


def test_an_encrypted_zip_asks_for_a_password():
    made_so = io.BytesIO(hostile.zip_encrypted(Random(1), "x"))
    with zipfile.ZipFile(made_so) as archive, pytest.raises(RuntimeError, match="password"):
        archive.read(archive.namelist()[0])


def test_a_zip_of_bad_names_holds_them_as_they_are():
    with zipfile.ZipFile(io.BytesIO(hostile.zip_names(Random(1), "x"))) as archive:
        assert {"../../etc/passwd", "/etc/shadow"} <= set(archive.namelist())
        assert archive.read("../../etc/passwd") == documents.text(Random(1), "x")


def test_every_fate_can_be_told_from_the_list(estate: tuple[Planted, ...]):
    assert all(one.fates for one in estate)
    good = [one for one in estate if one.kind.startswith("good/")]
    assert all(one.fates == {Fate.ANALYSED} for one in good)
