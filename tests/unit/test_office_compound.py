"""What the readers find in OLE compound files beside their text: embedded documents, wrapped files, macros, properties."""

import io
import struct
import zipfile
import zlib
from typing import Any

import kreuzberg
import olefile
import pytest

from strongroom.analyzers.bounds import Bounds
from strongroom.analyzers.office import embedded, macros, odf, old
from strongroom.analyzers.office.compound import written
from strongroom.analyzers.office.package import Package
from strongroom.analyzers.office.pieces import Piece
from strongroom.domain.findings import Member, Problem, Property
from strongroom.errors import Unreadable
from strongroom.testing.source import BytesSource

MODULE = 'Attribute VB_Name = "Ledger"\r\nSub Close_Harbour()\r\n  MsgBox "closed"\r\nEnd Sub\r\n'


def opened(data: bytes) -> Any:
    return olefile.OleFileIO(io.BytesIO(data))


def packed(text: bytes) -> bytes:
    """Put text into a container of [MS-OVBA] 2.4.1 as letters only, with no copies."""
    body = b"".join(b"\0" + text[at : at + 8] for at in range(0, len(text), 8))
    return b"\x01" + struct.pack("<H", 0xB000 | (len(body) - 1)) + body


def native(name: bytes, data: bytes) -> bytes:
    """Wrap a file as the Packager does ([MS-OLEDS] 2.3.6)."""
    path = b"C:\\" + name + b"\0"
    body = b"\x02\0" + name + b"\0" + path + b"\0\0\x03\0" + struct.pack("<I", len(path)) + path
    return struct.pack("<I", 0) + body + struct.pack("<I", len(data)) + data


def inside(data: bytes) -> dict[str, bytes]:
    source = BytesSource(data, "application/msword")
    found = embedded.objects(source.path(), source, Bounds())
    return {one.path: b"".join(one.chunks) for one in found if isinstance(one, Member)}


@pytest.mark.parametrize("size", [100, 5000, 7_000_000])
def test_a_written_compound_file_gives_each_stream_back(size: int):
    streams = {("WordDocument",): b"w" * size, ("Folder", "Deep", "one"): b"1" * 70, ("Folder", "two"): b"2" * 9000}
    streams |= {(f"stream {i}",): bytes([i]) * i * 60 for i in range(1, 40)}
    ole = opened(written(streams))
    assert {path: ole.openstream(list(path)).read() for path in streams} == streams
    assert not ole.parsing_issues


def test_an_embedded_workbook_becomes_a_file_of_its_own():
    found = inside(written({("WordDocument",): b"text", ("ObjectPool", "_12", "Workbook"): b"cells" * 2000}))
    assert list(found) == ["_12.xls"]
    assert opened(found["_12.xls"]).openstream("Workbook").read() == b"cells" * 2000


def test_a_wrapped_file_comes_out_under_its_name():
    found = inside(written({("Workbook",): b"cells", ("MBD01", "\x01Ole10Native"): native(b"plan.txt", b"the plan")}))
    assert found == {"MBD01/plan.txt": b"the plan"}


def test_objects_of_a_presentation_are_unfolded():
    inner = written({("Package",): b"PK a zip"})
    record = struct.pack("<I", len(inner)) + zlib.compress(inner)
    stream = struct.pack("<HHI", 0x0010, 0x1011, len(record)) + record
    found = inside(written({("PowerPoint Document",): struct.pack("<HHI", 0x000F, 0x03E8, len(stream)) + stream}))
    assert found == {"object 1": b"PK a zip"}


def test_a_damaged_object_of_a_presentation_does_not_hide_the_next():
    bad, good = b"\0\0\0\0not packed", written({("Package",): b"PK a zip"})
    stream = struct.pack("<HHI", 0x0010, 0x1011, len(bad)) + bad + struct.pack("<HHI", 0, 0x1011, len(good)) + good
    assert inside(written({("PowerPoint Document",): stream})) == {"object 2": b"PK a zip"}


def test_damaged_objects_are_a_problem_and_no_crash():
    source = BytesSource(written({("WordDocument",): b"text" * 2000})[:1024])
    assert all(not isinstance(one, Member) for one in embedded.objects(source.path(), source, Bounds()))


def test_macros_of_an_old_file_are_text_without_their_attributes():
    data = written({("Macros", "VBA", "Ledger"): b"compiled code" + packed(MODULE.encode()), ("Macros", "VBA", "dir"): b"\1\2"})
    assert list(macros.modules(io.BytesIO(data))) == [
        Piece(text='Sub Close_Harbour()\n  MsgBox "closed"\nEnd Sub', part="macro Ledger")
    ]


def test_macros_of_a_new_file_are_found_too():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("xl/vbaProject.bin", written({("VBA", "Ledger"): packed(MODULE.encode())}))
    assert "Close_Harbour" in next(macros.in_package(Package(out, len(out.getvalue())))).text


def test_copies_in_a_packed_module_are_followed():
    copied = struct.pack("<H", (2 << 12) | (6 - 3))
    assert macros.unpacked(b"\x01" + struct.pack("<H", 0xB000 | 5) + b"\x08abc" + copied) == b"abcabcabc"


def test_what_follows_a_packed_module_is_not_read_as_text():
    assert macros.unpacked(packed(b"Attribut") + bytes(5000)) == b"Attribut"


def summary(**properties: bytes) -> bytes:
    """Write a property set of one section ([MS-OLEPS] 2.21): names are ``p`` and the number, values typed ones."""
    table, body = b"", b""
    for name, value in properties.items():
        table += struct.pack("<II", int(name[1:]), 8 + 8 * len(properties) + len(body))
        body += value
    return struct.pack("<HHI16xI16xI", 0xFFFE, 0, 2, 1, 48) + struct.pack("<II", 0, len(properties)) + table + body


def told(stream: bytes) -> dict[str, Any]:
    source = BytesSource(written({("\x05SummaryInformation",): stream}))
    return {one.name: one.value for one in old.properties(source.path()) if isinstance(one, Property)}


def string(text: bytes) -> bytes:
    return struct.pack("<II", 0x1E, len(text)) + text


def test_properties_are_decoded_in_their_code_page():
    page = struct.pack("<Ihxx", 2, 932)
    found = told(summary(p1=page, p2=string("第1章".encode("cp932") + b"\0"), p4=string("Öhlin".encode())))
    assert found == {"title": "第1章", "author": "Öhlin"}


def test_dates_and_counts_are_properties():
    found = told(summary(p12=struct.pack("<IQ", 0x40, 133_485_408_000_000_000), p14=struct.pack("<II", 3, 7)))
    assert found == {"date": "2024-01-01T00:00:00", "page-count": 7}


def test_a_list_that_claims_to_be_endless_is_not_followed():
    assert told(summary(p2=struct.pack("<II", 0x101E, 0xFFFFFFFF), p4=string(b"A. Person"))) == {"author": "A. Person"}


def test_properties_before_a_damage_are_kept_and_the_damage_is_told(monkeypatch: pytest.MonkeyPatch):
    def section(stream: bytes) -> Any:
        if stream.startswith(b"damaged"):
            raise OSError("the chain of sectors is broken")
        yield 2, "Report"

    monkeypatch.setattr(old, "_section", section)
    streams = {("\x05SummaryInformation",): b"whole", ("\x05DocumentSummaryInformation",): b"damaged"}
    source = BytesSource(written(streams))
    title, problem = old.properties(source.path())
    assert title == Property(name="title", value="Report")
    assert isinstance(problem, Problem)
    assert "damaged" in problem.reason
    assert "the chain of sectors is broken" in problem.reason


def test_text_of_shapes_on_a_sheet_is_found():
    names = (
        'xmlns:t="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:d="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
    )
    names += ' xmlns:x="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    shape = "<d:custom-shape><x:p>{}</x:p></d:custom-shape>"
    content = (
        f'<o {names}><t:table t:name="Plan"><t:shapes>{shape.format("floats free")}</t:shapes><t:table-row><t:table-cell>'
        f"{shape.format('bound to a cell')}<x:p>cell</x:p></t:table-cell></t:table-row></t:table></o>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", content)
    found = [one for one in odf.rows(Package(out, len(out.getvalue()))) if isinstance(one, Piece)]
    assert [(one.part, one.text) for one in found if one.part != "sheets"] == [
        ("Plan, drawing", "floats free"),
        ("Plan, drawing", "bound to a cell"),
    ]


def test_a_panic_of_the_reader_is_a_reason_and_an_interrupt_stays_one(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise thrown

    monkeypatch.setattr(kreuzberg, "extract_file_sync", fail)
    source = BytesSource(b"damaged")
    thrown: BaseException = type("PanicException", (BaseException,), {})("no entry found for key")
    with pytest.raises(Unreadable, match="no entry found"):
        list(old.extract(source.path(), "application/msword"))
    thrown = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        list(old.extract(source.path(), "application/msword"))
