"""Media types are told by bytes, and bad bytes never raise."""

import bz2
import gzip
import io
import json
import lzma
import mailbox
import random
import struct
import tarfile
import wave
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any, BinaryIO, Never

import docx
import numpy as np
import openpyxl
import pptx
import py7zr
import pytest
from PIL import Image, features
from reportlab.pdfgen import canvas

from strongroom.domain.media import EML, EMPTY, MBOX, MSG, ODF, OOXML, type_of
from strongroom.models.filetypes import FileTypes

HEAD = 16_384
POWERPOINT = "application/vnd.ms-powerpoint.presentation"
TYPES = FileTypes()


def identify(data: bytes, name: str = "file") -> str:
    return TYPES.identify(data[:HEAD], len(data), name, io.BytesIO(data))


@pytest.fixture
def no_magika(monkeypatch: pytest.MonkeyPatch):
    def refuse(self: FileTypes, stream: BinaryIO) -> Never:
        raise AssertionError("Magika was asked about an ordinary file")

    monkeypatch.setattr(FileTypes, "_ask_magika", refuse)


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.arange(48 * 48 * 3, dtype=np.uint8).reshape(48, 48, 3)).save(out, kind)
    return out.getvalue()


@pytest.mark.usefixtures("no_magika")
@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("BMP", "image/bmp"),
        ("WEBP", "image/webp"),
        ("TIFF", "image/tiff"),
        ("ICO", "image/vnd.microsoft.icon"),
        ("JPEG2000", "image/jp2"),
    ],
)
def test_pictures_are_told_whatever_their_name(kind: str, media_type: str):
    assert identify(picture(kind), "letter.docx") == media_type


@pytest.mark.usefixtures("no_magika")
def test_heic_and_avif_are_told_by_brand():
    import pillow_heif

    pillow_heif.register_heif_opener()
    assert identify(picture("HEIF")) == "image/heic"
    if features.check("avif"):
        assert identify(picture("AVIF")) == "image/avif"
    assert identify(b"\0\0\0\x20ftypmif1\0\0\0\0mif1avif" + b"\0" * 40) == "image/avif"
    assert identify(b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0" * 40) == "image/jxl"


def office(make: Callable[[], Any]) -> bytes:
    out = io.BytesIO()
    make().save(out)
    return out.getvalue()


def zipped(members: dict[str, str], *, first_stored: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for index, (name, text) in enumerate(members.items()):
            archive.writestr(name, text, zipfile.ZIP_STORED if first_stored and index == 0 else zipfile.ZIP_DEFLATED)
    return out.getvalue()


@pytest.mark.usefixtures("no_magika")
@pytest.mark.parametrize(
    ("make", "media_type"),
    [
        (docx.Document, OOXML + "wordprocessingml.document"),
        (openpyxl.Workbook, OOXML + "spreadsheetml.sheet"),
        (pptx.Presentation, OOXML + "presentationml.presentation"),
    ],
)
def test_office_files_are_told_from_plain_zips(make: Callable[[], Any], media_type: str):
    assert identify(office(make), "photos.zip") == media_type


@pytest.mark.usefixtures("no_magika")
@pytest.mark.parametrize(
    ("main", "media_type"),
    [
        ("application/vnd.ms-word.document.macroEnabled.main+xml", "application/vnd.ms-word.document.macroenabled.12"),
        ("application/vnd.ms-excel.sheet.macroEnabled.main+xml", "application/vnd.ms-excel.sheet.macroenabled.12"),
        ("application/vnd.ms-excel.sheet.binary.macroEnabled.main", "application/vnd.ms-excel.sheet.binary.macroenabled.12"),
        (OOXML + "presentationml.slideshow.main+xml", OOXML + "presentationml.slideshow"),
        (OOXML + "wordprocessingml.template.main+xml", OOXML + "wordprocessingml.template"),
        (
            "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml",
            "application/vnd.ms-powerpoint.presentation.macroenabled.12",
        ),
    ],
)
def test_templates_and_macro_variants_are_told_by_their_main_part(main: str, media_type: str):
    types = (
        f'<Types><Override PartName="/x" ContentType="application/xml"/><Override PartName="/y" ContentType="{main}"/></Types>'
    )
    found = identify(zipped({"a/b.xml": "x", "[Content_Types].xml": types}), "x.bin")
    assert found == media_type
    assert type_of(found) in ("document", "spreadsheet", "presentation")


@pytest.mark.usefixtures("no_magika")
@pytest.mark.parametrize("kind", ["text", "spreadsheet", "presentation"])
def test_open_document_files_are_told_by_their_mimetype(kind: str):
    members = {"mimetype": ODF + kind, "content.xml": "<x/>"}
    assert identify(zipped(members, first_stored=True)) == ODF + kind
    assert identify(zipped(dict(reversed(members.items())))) == ODF + kind


@pytest.mark.usefixtures("no_magika")
def test_epub_is_told_and_a_plain_zip_stays_a_zip():
    assert identify(zipped({"mimetype": "application/epub+zip", "a.opf": ""}, first_stored=True)) == "application/epub+zip"
    assert identify(zipped({"word/notes.txt": "x"}), "x.docx") == "application/zip"
    assert identify(zipped({}), "x.docx") == "application/zip"
    assert identify(zipped({"mimetype": "application/x-evil"}, first_stored=True)) == "application/zip"


@pytest.mark.usefixtures("no_magika")
@pytest.mark.parametrize(
    ("make", "media_type"),
    [(docx.Document, OOXML + "wordprocessingml.document"), (openpyxl.Workbook, OOXML + "spreadsheetml.sheet")],
)
def test_office_files_whose_parts_have_backslashes_are_told(make: Callable[[], Any], media_type: str):
    with zipfile.ZipFile(io.BytesIO(office(make))) as archive:
        parts = {name.replace("/", "\\"): archive.read(name).decode("latin-1") for name in archive.namelist()}
    assert identify(zipped(parts), "x.zip") == media_type
    bare = {name: text for name, text in parts.items() if name != "[Content_Types].xml"}
    assert identify(zipped({**bare, "[Content_Types].xml": "<Types/>"}), "x.zip") == media_type


@pytest.mark.usefixtures("no_magika")
def test_an_epub_whose_parts_have_backslashes_is_told():
    assert identify(zipped({"META-INF\\container.xml": "<x/>", "OPS\\a.opf": "<x/>"})) == "application/epub+zip"


@pytest.mark.usefixtures("no_magika")
def test_a_truncated_office_file_still_goes_to_the_office_reader():
    data = office(docx.Document)
    assert identify(data[: len(data) // 2]) == OOXML + "wordprocessingml.document"


@pytest.mark.usefixtures("no_magika")
def test_archives_are_told_even_when_old_or_nameless():
    data = b"some bytes " * 100
    assert identify(gzip.compress(data), "x.txt") == "application/gzip"
    assert identify(bz2.compress(data)) == identify(bz2.compress(b"")) == "application/x-bzip2"
    assert identify(lzma.compress(data)) == "application/x-xz"
    for kind in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
            info = tarfile.TarInfo("märz.txt")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        assert identify(out.getvalue()) == "application/x-tar"
    header = bytearray(out.getvalue()[:512])
    header[257:265] = b"\0" * 8
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    assert identify(bytes(header) + data) == "application/x-tar"
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        archive.writestr(data, "a.txt")
    assert identify(out.getvalue()) == "application/x-7z-compressed"


def compound(*streams: str) -> bytes:
    """Make the smallest OLE2 file that holds empty streams of these names (MS-CFB, section 2)."""
    free, end, fat = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<I", 0) + struct.pack("<I", free) * 108
    entries = [("Root Entry", 5, 1 if streams else free, free)]
    entries += [(name, 2, free, index + 2 if index + 1 < len(streams) else free) for index, name in enumerate(streams)]
    sectors = -(-len(entries) // 4)
    chain = [fat, *range(2, sectors + 1), end]
    table = struct.pack("<128I", *(chain + [free] * (128 - len(chain))))
    directory = b""
    for name, kind, child, right in entries:
        text = name.encode("utf-16-le") + b"\0\0"
        child_id, right_id = (child, free) if kind == 5 else (free, right)
        directory += text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, free, right_id, child_id)
        directory += b"\0" * 36 + struct.pack("<IQ", end if kind == 5 else 0, 0)
    return header + table + directory.ljust(sectors * 512, b"\0")


@pytest.mark.usefixtures("no_magika")
@pytest.mark.parametrize(
    ("stream", "name", "media_type"),
    [
        ("WordDocument", "x", "application/msword"),
        ("Workbook", "x", "application/vnd.ms-excel"),
        ("Book", "x", "application/vnd.ms-excel"),
        ("PowerPoint Document", "x", "application/vnd.ms-powerpoint"),
        ("__properties_version1.0", "x", MSG),
        ("EncryptedPackage", "plan.XLSX", OOXML + "spreadsheetml.sheet"),
        ("EncryptedPackage", "plan", OOXML + "wordprocessingml.document"),
        ("Other", "x.doc", "application/x-ole-storage"),
    ],
)
def test_old_office_files_and_messages_are_told_by_their_streams(stream: str, name: str, media_type: str):
    assert identify(compound("\x05SummaryInformation", stream), name) == media_type


@pytest.mark.usefixtures("no_magika")
def test_a_truncated_old_office_file_still_goes_to_its_reader():
    data = compound("WordDocument")
    assert identify(data[:-100]) == "application/msword"


@pytest.mark.usefixtures("no_magika")
def test_pdf_is_told_also_behind_other_bytes():
    out = io.BytesIO()
    page = canvas.Canvas(out)
    page.drawString(9, 9, "x")
    page.save()
    data = out.getvalue()
    assert identify(data, "x.jpg") == "application/pdf"
    assert identify(b"\r\n\xef\xbb\xbf" + data) == "application/pdf"
    assert identify(b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n" + data) == "application/pdf"
    assert identify(b"A PDF begins with %PDF-1.4, says the standard.\n", "a.txt") == "text/plain"


def message() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.org", "b@example.org", "Größe"
    mail.set_content("Hello")
    return mail


@pytest.mark.usefixtures("no_magika")
def test_mail_is_told_from_text_and_a_mailbox_from_one_message(tmp_path: Path):
    assert identify(message().as_bytes(), "x.txt") == EML
    assert identify(b"Received: from x\r\n\tby y; Mon, 1 Jan 2024 10:00:00\r\nSubject: a\r\n\r\nb", "x") == EML
    box = mailbox.mbox(tmp_path / "box")
    box.add(message())
    box.flush()
    box.close()
    assert identify((tmp_path / "box").read_bytes(), "inbox") == MBOX
    assert identify(b"From here to eternity, 1953\nA film: good\n", "x.txt") == "text/plain"
    assert identify(b"Subject: only one header\n\nbody", "x.eml") == EML
    assert identify(b"Name: a package\nVersion: 1\n\nbody", "METADATA") == "text/plain"


@pytest.mark.usefixtures("no_magika")
@pytest.mark.parametrize(
    ("text", "name", "media_type"),
    [
        ("Plain words.\n", "a.txt", "text/plain"),
        ("Plain words.\n", "a", "text/plain"),
        ("Plain words.\n", "a.jpg", "text/plain"),
        ("Plain words.\n", "a.json", "text/plain"),
        ("# Title\n\ntext", "a.md", "text/markdown"),
        ("<!-- a comment -->\n# Title", "a.md", "text/markdown"),
        ("a,b\n1,2\n", "a.csv", "text/csv"),
        ("a;b;c\n" + "1;2;3\n" * 9, "export", "text/csv"),
        ("a\tb\tc\n" + "1\t2\t3\n" * 9, "export.txt", "text/tab-separated-values"),
        ("<!DOCTYPE html><title>x</title>", "a.txt", "text/html"),
        ("\n<!-- saved -->\n<HTML lang=en><body>", "a", "text/html"),
        ("<div>part</div>", "a.html", "text/html"),
        ('<?xml version="1.0"?>\n<!DOCTYPE html>\n<html xmlns="x"/>', "a.xhtml", "text/html"),
        ('<?xml version="1.0"?><note/>', "a", "application/xml"),
        ("<note><to/></note>", "a.xml", "application/xml"),
        ('<svg xmlns="http://www.w3.org/2000/svg"/>', "a.png", "image/svg+xml"),
        ('<?xml version="1.0"?><!-- x --><!DOCTYPE svg PUBLIC "a" "b"><svg:svg/>', "a", "image/svg+xml"),
        ('{"a": [1, 2]}', "a", "application/json"),
        ('{"a": 1}\n{"a": 2}\n', "a", "application/x-ndjson"),
        ("[note] not json", "a.txt", "text/plain"),
        ("import os\n", "a.py", "text/x-python"),
        ("#!/usr/bin/env bash\nls\n", "run", "text/x-shellscript"),
        ("key: value\n", "a.yaml", "application/yaml"),
        ("{\\rtf1\\ansi x}", "a.doc", "application/rtf"),
        ("BEGIN:VCARD\nFN:A\n", "a", "text/vcard"),
    ],
)
def test_texts_are_told_by_what_they_say_then_by_name(text: str, name: str, media_type: str):
    assert identify(text.encode(), name) == media_type


@pytest.mark.usefixtures("no_magika")
def test_a_large_json_is_told_by_its_beginning():
    assert identify(json.dumps({str(n): n for n in range(9999)}).encode(), "a") == "application/json"


@pytest.mark.usefixtures("no_magika")
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "cp1251", "koi8-r", "shift-jis"]
)
def test_text_is_text_in_any_encoding(encoding: str):
    foreign = {"cp1251": "Привет, мир. ", "koi8-r": "Привет, мир. ", "shift-jis": "こんにちは世界。"}
    words = foreign.get(encoding, "Größe und Übermaß. ")
    assert identify((words * 20).encode(encoding), "a.txt") == "text/plain"


@pytest.mark.usefixtures("no_magika")
def test_utf8_cut_in_the_middle_of_a_letter_is_still_text():
    assert identify(("ä" * HEAD).encode()[1:], "a.txt") == "text/plain"
    assert identify(b"a" + ("ä" * HEAD).encode(), "a.txt") == "text/plain"


@pytest.mark.usefixtures("no_magika")
def test_sound_and_video_are_told_by_their_containers():
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", "NONE"))
        sound.writeframes(b"\0" * 1000)
    assert identify(out.getvalue()) == "audio/wav"
    frame = b"\xff\xfb\x90\x00".ljust(417, b"\0")
    assert identify(frame * 3) == identify(b"ID3\x04\0\0" + b"\0" * 99) == "audio/mpeg"
    assert identify(b"fLaC" + b"\0" * 99) == "audio/flac"
    assert identify(b"OggS" + b"\0" * 24 + b"\x01vorbis" + b"\0" * 99) == "audio/ogg"
    assert identify(b"\0\0\0\x18ftypisom\0\0\0\0isomavc1" + b"\0" * 99) == "video/mp4"
    assert identify(b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + b"\0" * 99) == "video/quicktime"
    assert identify(b"\0\0\0\x18ftypM4A \0\0\0\0M4A isom" + b"\0" * 99) == "audio/mp4"
    assert identify(b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + b"\0" * 99) == "video/webm"
    assert identify(b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska" + b"\0" * 99) == "video/x-matroska"
    assert identify(b"RIFF\0\0\0\0AVI LIST" + b"\0" * 99) == "video/x-msvideo"


def test_an_empty_content_has_its_own_type():
    assert identify(b"") == EMPTY


def test_magika_decides_what_signatures_leave_unsure():
    assert identify(bytes(random.Random(1).randbytes(5000)), "x.jpg") == "application/octet-stream"


def test_damaged_bytes_never_raise():
    chance = random.Random(7)
    samples = [picture("PNG"), office(docx.Document), compound("WordDocument"), message().as_bytes(), zipped({"a": "b"})]
    for _ in range(300):
        data = bytearray(chance.choice(samples))
        for _ in range(chance.randrange(1, 40)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        cut = bytes(data[: chance.randrange(1, len(data) + 1)])
        head = cut[:HEAD]
        assert "/" in TYPES.identify(head, len(cut), "x.docx", io.BytesIO(cut))


def test_a_directory_of_countless_entries_is_not_read():
    data = b"PK\x03\x04" + b"\0" * 100 + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, 9, 9, 0)
    assert identify(data) == "application/zip"


@pytest.mark.parametrize("text", ["<!--" * 4000, "<!DOCTYPE [" * 1400, "<!DOCTYPE [" + "]" * 16000, "<?" * 8000, "<a " * 5000])
def test_markup_that_never_ends_is_passed_over_quickly(text: str):
    assert "/" in identify(text.encode(), "a.xml")
