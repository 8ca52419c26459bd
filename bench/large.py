"""Large files of the kinds that hurt, written as streams, for `memory.py`: each maker takes a file and a size."""

import base64
import io
import itertools
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from PIL import Image

MB = 1_000_000
_WORDS = "the letter said that no ship had come to harbour since winter and we should write again when roads are open".split()  # noqa: SIM905
_CONTENT = "application/vnd.openxmlformats-officedocument"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def _sentences(count: int) -> str:
    chance = random.Random(3)
    return " ".join(" ".join(chance.choices(_WORDS, k=12)).capitalize() + "." for _ in range(count))


def _fill(out: BinaryIO, size: int, block: bytes) -> None:
    out.writelines(block[: size - at] for at in range(0, size, len(block)))


def _scraps() -> bytes:
    """Give 8 MiB of which an eighth is random: what it packs to is no bomb, and packing it takes no minutes."""
    chance = random.Random(4)
    return b"".join(chance.randbytes(8192) + bytes(57_344) for _ in range(128))


def text(file: Path, size: int) -> None:
    """Write prose of so many MB."""
    paragraphs = "\n\n".join(_sentences(6) for _ in range(3000)).encode()
    with file.open("wb") as out:
        _fill(out, size * MB, paragraphs)


def one_line(file: Path, size: int) -> None:
    """Write so many MB of text without a space or a line end."""
    with file.open("wb") as out:
        _fill(out, size * MB, _sentences(20_000).replace(" ", "").replace(".", "").encode())


def csv(file: Path, size: int) -> None:
    """Write a table of so many MB."""
    rows = "".join(f"{n},{_WORDS[n % 18]},2024-01-{n % 28 + 1:02},{n * 7 % 1000}.5,{_sentences(1)}\n" for n in range(30_000))
    with file.open("wb") as out:
        out.write(b"number,name,date,amount,note\n")
        _fill(out, size * MB, rows.encode())


def json(file: Path, size: int) -> None:
    """Write JSON of so many MB on one line."""
    item = f'{{"id": 7, "name": "{_WORDS[4]}", "tags": ["a", "b"], "note": "{_sentences(2)}"}}, '.encode()
    with file.open("wb") as out:
        out.write(b"[")
        for _ in range(size * MB // len(item)):
            out.write(item)
        out.write(b"{}]")


def json_string(file: Path, size: int) -> None:
    """Write JSON of which one string has so many MB."""
    with file.open("wb") as out:
        out.write(b'{"log": "')
        _fill(out, size * MB, _sentences(20_000).encode())
        out.write(b'"}')


def xml(file: Path, size: int) -> None:
    """Write XML of so many MB."""
    item = f"<entry id='7'><title>{_WORDS[1]}</title><p>{_sentences(3)}</p></entry>\n".encode()
    with file.open("wb") as out:
        out.write(b"<?xml version='1.0'?><feed>")
        for _ in range(size * MB // len(item)):
            out.write(item)
        out.write(b"</feed>")


def html(file: Path, size: int) -> None:
    """Write a web page of so many MB."""
    item = f"<div><p>{_sentences(3)}<br><a href='#'>more</a></p></div>\n".encode()
    with file.open("wb") as out:
        out.write(b"<!doctype html><html><body>")
        for _ in range(size * MB // len(item)):
            out.write(item)


def mbox(file: Path, size: int) -> None:
    """Write a mailbox of so many MB: messages of 2 MB, most of it an attachment."""
    body = base64.encodebytes(_scraps()[:1_400_000])
    with file.open("wb") as out:
        for number in range(max(1, size // 2)):
            out.write(b"From ann@example.org Sat Jan  3 01:05:34 2015\n" + _head(number) + body + b"\n--cut--\n\n")


def _head(number: int) -> bytes:
    return (
        f"From: Ann <ann@example.org>\nTo: bo@example.org\nSubject: Harbour {number}\nDate: Sat, 3 Jan 2015 01:05:34 +0000\n"
        f"Message-ID: <{number}@example.org>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=cut\n\n--cut\n"
        f"Content-Type: text/plain\n\n{_sentences(5)}\n--cut\nContent-Type: application/octet-stream\n"
        f'Content-Disposition: attachment; filename="chart {number}.bin"\nContent-Transfer-Encoding: base64\n\n'
    ).encode()


def mail(file: Path, size: int) -> None:
    """Write a mail with an attachment of so many MB."""
    block = _scraps()[: 57 * 100_000]
    with file.open("wb") as out:
        out.write(_head(1))
        for at in range(0, size * MB, len(block)):
            out.write(base64.encodebytes(block[: size * MB - at]))
        out.write(b"\n--cut\nContent-Type: text/plain\n\nThe last part.\n--cut--\n")


def zip_one(file: Path, size: int) -> None:
    """Write a zip with one member of so many MB."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("chart.bin", "w", force_zip64=True) as member:
            _fill(member, size * MB, _scraps())  # type: ignore[arg-type]
        archive.writestr("note.txt", _sentences(3))


def zip_many(file: Path, count: int) -> None:
    """Write a zip with so many members, no two alike."""
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(count):
            archive.writestr(f"folder {number // 1000}/file {number}.bin", b"\0\1\2\3" + number.to_bytes(8, "big"))


def tar(file: Path, size: int) -> None:
    """Write a tar.gz that unfolds to so many MB."""
    with tarfile.open(file, "w:gz", compresslevel=1) as archive:
        for number in range(4):
            info = tarfile.TarInfo(f"part {number}.bin")
            info.size = size * MB // 4
            archive.addfile(info, _Repeated(_scraps()[number * 8192 :]))


class _Repeated(io.RawIOBase):
    """A block again and again."""

    def __init__(self, block: bytes) -> None:
        self._block, self._at = block, 0

    def read(self, size: int = -1, /) -> bytes:
        out = b""
        while len(out) < size:
            piece = self._block[self._at : self._at + size - len(out)]
            out, self._at = out + piece, (self._at + len(piece)) % len(self._block)
        return out


def _pdf(file: Path, pages: Iterator[tuple[bytes, bytes, Iterator[bytes] | None]], count: int) -> None:
    """Write a PDF, each page given as its content, the head of its picture and the picture's data."""
    places: list[int] = []
    with file.open("wb") as out:

        def begin(number: int) -> None:
            places.append(out.tell())
            out.write(b"%d 0 obj\n" % number)

        out.write(b"%PDF-1.7\n")
        begin(1)
        out.write(b"<</Type/Catalog/Pages 2 0 R>>\nendobj\n")
        begin(2)
        kids = b" ".join(b"%d 0 R" % (4 + 4 * n) for n in range(count))
        out.write(b"<</Type/Pages/Count %d/Kids[%s]>>\nendobj\n" % (count, kids))
        begin(3)
        out.write(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>\nendobj\n")
        for n, (content, head, picture) in enumerate(pages):
            at = 4 + 4 * n
            begin(at)
            out.write(
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R"
                b"/Resources<</Font<</F 3 0 R>>/XObject<</P %d 0 R>>>>>>\nendobj\n" % (at + 1, at + 2)
            )
            begin(at + 1)
            out.write(b"<</Length %d>>stream\n" % len(content) + content + b"\nendstream\nendobj\n")
            begin(at + 2)
            out.write(b"<<%s/Length %d 0 R>>stream\n" % (head, at + 3))
            length = sum(out.write(chunk) for chunk in picture or ())
            out.write(b"\nendstream\nendobj\n")
            begin(at + 3)
            out.write(b"%d\nendobj\n" % length)
        end = out.tell()
        out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
        out.writelines(b"%010d 00000 n \n" % place for place in places)
        out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, end))


def pdf_pages(file: Path, count: int) -> None:
    """Write a PDF of so many pages of text."""
    lines = [_sentences(1).encode() for _ in range(40)]

    def page(number: int) -> bytes:
        shown = b"".join(b"(%s) Tj T*\n" % line for line in lines)
        return b"BT /F 10 Tf 12 TL 40 800 Td (Page %d) Tj T*\n%sET" % (number, shown)

    _pdf(file, ((page(n), b"", None) for n in range(1, count + 1)), count)


def _picture(side: int, more: bytes) -> bytes:
    return b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/%s" % (
        side,
        side,
        more,
    )


def pdf_jpeg(file: Path, side: int) -> None:
    """Write a PDF of one page, a JPEG of so many pixels a side."""
    shown, side = b"q 595 0 0 842 0 0 cm /P Do Q", side // 128 * 128
    _pdf(file, iter([(shown, _picture(side, b"DCTDecode"), jpeg_chunks(side, side))]), 1)


def pdf_deflated(file: Path, side: int) -> None:
    """Write a PDF of one page, a deflated picture of so many pixels a side."""
    shown = b"q 595 0 0 842 0 0 cm /P Do Q"
    _pdf(file, iter([(shown, _picture(side, b"FlateDecode"), _deflated(side, b""))]), 1)


def pdf_scans(file: Path, size: int) -> None:
    """Write a PDF of so many MB: pages of one JPEG each."""
    shown, scan = b"q 595 0 0 842 0 0 cm /P Do Q", b"".join(jpeg_chunks(2400, 3200, quality=97))
    count = max(1, size * MB // len(scan))
    head = _picture(2400, b"DCTDecode").replace(b"/Height 2400", b"/Height 3200")
    _pdf(file, ((shown, head, iter([scan])) for _ in range(count)), count)


def xlsx(file: Path, count: int) -> None:
    """Write a workbook with so many rows of eight cells."""
    sheet = f'<?xml version="1.0"?><worksheet xmlns="{_MAIN}"><sheetData>'.encode()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        _opc(archive, "xl/workbook.xml", f"{_CONTENT}.spreadsheetml.sheet.main+xml")
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
            '<sheet name="Data" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        archive.writestr("xl/_rels/workbook.xml.rels", _rels("worksheet", "worksheets/sheet1.xml"))
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as out:
            out.write(sheet)
            for n in range(1, count + 1):
                cells = "".join(f'<c r="{c}{n}"><v>{n * 3}.25</v></c>' for c in "ABCDE")
                words = "".join(f'<c r="{c}{n}" t="inlineStr"><is><t>{_WORDS[n % 18]} {n}</t></is></c>' for c in "FGH")
                out.write(f'<row r="{n}">{cells}{words}</row>'.encode())
            out.write(b"</sheetData></worksheet>")


def docx(file: Path, size: int) -> None:
    """Write a document with so many MB of text."""
    paragraph = f"<w:p><w:r><w:t>{_sentences(6)}</w:t></w:r></w:p>".encode()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        _opc(archive, "word/document.xml", f"{_CONTENT}.wordprocessingml.document.main+xml")
        with archive.open("word/document.xml", "w", force_zip64=True) as out:
            out.write(f'<?xml version="1.0"?><w:document xmlns:w="{_WORD}"><w:body>'.encode())
            for n in range(size * MB // len(paragraph)):
                out.write(paragraph.replace(b"Letter", b"Letter %d" % n))
            out.write(b"</w:body></w:document>")


def _opc(archive: zipfile.ZipFile, main: str, kind: str) -> None:
    archive.writestr(
        "[Content_Types].xml",
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/{main}" ContentType="{kind}"/></Types>',
    )
    archive.writestr("_rels/.rels", _rels("officeDocument", main))


def _rels(kind: str, target: str) -> str:
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{_RELATIONS}/{kind}" Target="{target}"/></Relationships>'
    )


def _rows(side: int) -> Iterator[bytes]:
    """Give rows of RGB pixels: a slope with stripes."""
    ramp = bytes(itertools.chain.from_iterable(((x * 255 // side), 128, 255 - x * 255 // side) for x in range(side)))
    dark = bytes(value // 2 for value in ramp)
    return (dark if y // 500 % 2 else ramp for y in range(side))


def _deflated(side: int, lead: bytes) -> Iterator[bytes]:
    packer = zlib.compressobj(1)
    for row in _rows(side):
        yield packer.compress(lead + row)
    yield packer.flush()


def png(file: Path, side: int) -> None:
    """Write a PNG of so many pixels a side."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    with file.open("wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)))
        out.writelines(chunk(b"IDAT", data) for data in _deflated(side, b"\0") if data)
        out.write(chunk(b"IEND", b""))


def tiff(file: Path, side: int) -> None:
    """Write a TIFF of so many pixels a side, in deflated strips of 100 rows."""
    rows = _rows(side)
    places, lengths = [], []
    with file.open("wb") as out:
        out.write(b"II*\0\0\0\0\0")
        while strip := b"".join(itertools.islice(rows, 100)):
            places.append(out.tell())
            lengths.append(out.write(zlib.compress(strip, 1)))
        lists = out.tell()
        out.write(struct.pack(f"<{2 * len(places)}I3H", *places, *lengths, 8, 8, 8))
        count = len(places)
        tags = [(256, 4, 1, side), (257, 4, 1, side), (258, 3, 3, lists + 8 * count), (259, 3, 1, 8), (262, 3, 1, 2),
                (273, 4, count, lists if count > 1 else places[0]), (277, 3, 1, 3), (278, 4, 1, 100),
                (279, 4, count, lists + 4 * count if count > 1 else lengths[0])]  # fmt: skip
        here = out.tell()
        out.write(struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4))
        out.seek(4)
        out.write(struct.pack("<I", here))


def jpeg(file: Path, side: int) -> None:
    """Write a baseline JPEG of so many pixels a side."""
    with file.open("wb") as out:
        out.writelines(jpeg_chunks(side, side))


def jpeg_chunks(width: int, height: int, quality: int = 75) -> Iterator[bytes]:
    """Give a JPEG in pieces: strips of 128 rows, which restart markers make independent of each other."""
    strip = Image.linear_gradient("L").resize((width, 128)).convert("RGB")
    strip = Image.blend(strip, Image.effect_noise((width, 128), 80).convert("RGB"), 0.3)
    held = io.BytesIO()
    strip.save(held, "JPEG", quality=quality, restart_marker_rows=1, subsampling=2)
    data = bytearray(held.getvalue())
    frame, scan = data.find(b"\xff\xc0"), data.find(b"\xff\xda")
    data[frame + 5 : frame + 7] = struct.pack(">H", height // 128 * 128)
    start = scan + 2 + struct.unpack(">H", data[scan + 2 : scan + 4])[0]
    yield bytes(data[:start])
    body = bytes(data[start:-2])
    yield b"\xff\xd7".join([body] * (height // 128)) if height <= 4096 else body
    if height > 4096:
        yield from (b"\xff\xd7" + body for _ in range(height // 128 - 1))
    yield b"\xff\xd9"


def jpeg_bomb(file: Path, side: int) -> None:
    """Write a JPEG whose header alone claims so many pixels a side."""
    data = bytearray(b"".join(jpeg_chunks(256, 256)))
    frame = data.find(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", side, side)
    file.write_bytes(data)


def gif(file: Path, count: int) -> None:
    """Write an animation of so many frames."""
    frames = (Image.effect_mandelbrot((320, 240), (-2 + n / count, -1.2, 1, 1.2), 30) for n in range(1, count))
    first = Image.new("L", (320, 240), 128)
    first.save(file, save_all=True, append_images=frames, duration=40)


KINDS: dict[str, tuple[str, int, str, Callable[[Path, int], None]]] = {
    "text": ("a.txt", 2000, "MB of plain text", text),
    "one-line": ("a.txt", 500, "MB of text without a space", one_line),
    "csv": ("a.csv", 1000, "MB of CSV", csv),
    "json": ("a.json", 500, "MB of JSON on one line", json),
    "json-string": ("a.json", 300, "MB of JSON, one string", json_string),
    "xml": ("a.xml", 300, "MB of XML", xml),
    "html": ("a.html", 300, "MB of HTML", html),
    "mbox": ("a.mbox", 1000, "MB of mailbox", mbox),
    "mail": ("a.eml", 300, "MB attached to a mail", mail),
    "zip-one": ("a.zip", 3000, "MB in one zip member", zip_one),
    "zip-many": ("a.zip", 100_000, "members of a zip", zip_many),
    "tar": ("a.tar.gz", 2000, "MB in a tar.gz", tar),
    "pdf-pages": ("a.pdf", 10_000, "pages of a PDF", pdf_pages),
    "pdf-jpeg": ("a.pdf", 20_000, "pixels a side, a JPEG as a PDF's page", pdf_jpeg),
    "pdf-deflated": ("a.pdf", 20_000, "pixels a side, a deflated picture as a PDF's page", pdf_deflated),
    "pdf-scans": ("a.pdf", 2000, "MB of PDF, a scan a page", pdf_scans),
    "xlsx": ("a.xlsx", 600_000, "rows of a workbook", xlsx),
    "xlsx-small": ("b.xlsx", 180_000, "rows of a workbook", xlsx),
    "docx": ("a.docx", 50, "MB of text in a docx", docx),
    "png": ("a.png", 20_000, "pixels a side, PNG", png),
    "tiff": ("a.tif", 20_000, "pixels a side, TIFF", tiff),
    "jpeg": ("a.jpg", 20_000, "pixels a side, JPEG", jpeg),
    "jpeg-bomb": ("a.jpg", 60_000, "pixels a side, in the header of a JPEG alone", jpeg_bomb),
    "gif": ("a.gif", 3000, "frames of a GIF", gif),
}
"""By name: a file name, the size, what the size counts, and the maker."""
