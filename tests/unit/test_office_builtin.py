"""What the built-in readers find in office files, without LibreOffice."""

import io
import zipfile
from types import SimpleNamespace
from typing import Any

import docx
import openpyxl
import pptx
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from PIL import Image

from strongroom.analyzers.office import OfficeAnalyzer, libreoffice
from strongroom.analyzers.office.numbers import shown
from strongroom.analyzers.office.pieces import Known, column_name
from strongroom.domain.analysis import AnalyzerSpec, State
from strongroom.domain.findings import PROPERTIES, Finding, Member, Property, Segment
from strongroom.domain.media import ODF, OOXML
from strongroom.errors import Unreadable, Unsupported
from strongroom.storage.catalog.standings import Standing
from strongroom.testing.source import BytesSource

DOCX, XLSX = OOXML + "wordprocessingml.document", OOXML + "spreadsheetml.sheet"
PPTX, EPUB = OOXML + "presentationml.presentation", "application/epub+zip"
BUILTIN: Any = SimpleNamespace(office="builtin")


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def found(data: bytes, media_type: str) -> list[Finding]:
    return list(OfficeAnalyzer().analyze(BytesSource(data, media_type), BUILTIN))


def texts(findings: list[Finding], part: str | None = None) -> str:
    return "\n".join(one.text for one in findings if isinstance(one, Segment) and one.locator.part == part)


def packed(**parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in parts.items():
            package.writestr(name.replace("__", "/").replace("_", "."), text)
    return out.getvalue()


def picture() -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    out.seek(0)
    return out


def test_a_word_file_gives_body_tables_headers_comments_and_properties():
    document = docx.Document()
    run = document.add_paragraph("The harbour office is flooded.").runs[0]
    document.add_table(1, 2).rows[0].cells[1].text = "in the cell"
    document.sections[0].header.paragraphs[0].text = "Confidential header"
    document.add_comment(run, text="Is this so?", author="A. Person")
    document.add_picture(picture())
    document.core_properties.title = "Report of the storm"
    everything = found(saved(document), DOCX)
    assert "The harbour office is flooded.\nin the cell" in texts(everything)
    assert texts(everything, "header") == "Confidential header"
    assert texts(everything, "comment by A. Person") == "Is this so?"
    assert Property(name="title", value="Report of the storm") in everything
    assert Property(name="reader", value="builtin") in everything
    assert [one.path for one in everything if isinstance(one, Member)] == ["word/media/image1.png"]
    assert any("Report of the storm" in one.text for one in everything if isinstance(one, Segment) and one.kind == PROPERTIES)


def test_a_workbook_gives_cells_with_their_range_as_shown_and_as_stored():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Rents"
    sheet.append(["Tenant", "Rent"])
    sheet.append(["Mrs Winter", 1234.5])
    sheet["B2"].number_format = '#,##0.00 "EUR"'
    sheet["B3"] = 0.1234
    sheet["B3"].number_format = "0%"
    sheet["A2"].comment = Comment("pays late", "Clerk")
    hidden = book.create_sheet("Secret")
    hidden.sheet_state = "hidden"
    hidden["C7"] = "hidden words"
    everything = found(saved(book), XLSX)
    assert texts(everything, "Rents!A1:B3") == "Tenant\tRent\nMrs Winter\t1,234.50 EUR (1234.5)\n12% (0.1234)"
    assert texts(everything, "Secret!C7") == "hidden words"
    assert texts(everything, "Rents!A2, comment by Clerk") == "pays late"


def test_the_titles_of_charts_are_found():
    book = openpyxl.Workbook()
    book.active.append(["Rain", 3])
    chart = BarChart()
    chart.title = "Millimetres of rain"
    chart.add_data(Reference(book.active, min_col=2, min_row=1))
    book.active.add_chart(chart, "D4")
    assert "Millimetres of rain" in texts(found(saved(book), XLSX), "chart")


def test_a_presentation_gives_slides_as_pages_and_notes():
    show = pptx.Presentation()
    for title in ("First", "Second"):
        slide = show.slides.add_slide(show.slide_layouts[5])
        slide.shapes.title.text = f"{title} slide of the talk"
        slide.notes_slide.notes_text_frame.text = f"Speak to the {title.lower()} point"
    segments = [one for one in found(saved(show), PPTX) if isinstance(one, Segment)]
    assert {(one.locator.page, one.text) for one in segments if one.locator.part is None and one.locator.page} == {
        (1, "First slide of the talk"),
        (2, "Second slide of the talk"),
    }
    assert {(one.locator.page, one.text) for one in segments if one.locator.part == "notes"} >= {
        (1, "Speak to the first point"),
        (2, "Speak to the second point"),
    }


def test_an_open_document_gives_body_footnotes_and_comments():
    content = """<office:document-content xmlns:office="o" xmlns:text="t" xmlns:dc="d"><office:body><office:text>
    <text:p>Before<text:note text:note-class="footnote"><text:note-body><text:p>Below</text:p></text:note-body></text:note>
     and<text:s/>after</text:p><text:p><office:annotation><dc:creator>A. Person</dc:creator><text:p>Really?</text:p>
    </office:annotation>Sure</text:p></office:text></office:body></office:document-content>"""
    everything = found(packed(mimetype=ODF + "text", content_xml=content), ODF + "text")
    assert [" ".join(line.split()) for line in texts(everything).splitlines() if line.strip()] == [
        "Before",
        "and after",
        "Sure",
    ]
    assert texts(everything, "footnote") == "Below"
    assert texts(everything, "comment by A. Person") == "Really?"


def test_a_book_is_read_in_the_order_of_its_spine():
    container = '<container><rootfiles><rootfile full-path="book.opf"/></rootfiles></container>'
    opf = """<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>A book</dc:title></metadata><manifest>
    <item id="b" href="b.xhtml"/><item id="a" href="a.xhtml"/></manifest><spine><itemref idref="b"/><itemref idref="a"/></spine>
    </package>"""
    page = "<html><head><title>{0}</title></head><body><h1>{0}</h1><p>Text of {0}.</p></body></html>"
    data = packed(
        META__x="",
        book_opf=opf,
        a_xhtml=page.format("Two"),
        b_xhtml=page.format("One"),
        **{"META-INF__container_xml": container},
    )
    everything = found(data, EPUB)
    assert [one.locator.part for one in everything if isinstance(one, Segment)][-2:] == ["One", "Two"]
    assert texts(everything, "One") == "One\nText of One."
    assert Property(name="title", value="A book") in everything


def test_what_is_left_of_a_truncated_file_is_found():
    document = docx.Document()
    for i in range(300):
        document.add_paragraph(f"Paragraph {i} of the report on {i * 7919 % 1000} floods.")
    data = saved(document)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        info = package.getinfo("word/document.xml")
    everything = found(data[: info.header_offset + info.compress_size // 2], DOCX)
    assert "Paragraph 10 of the report" in texts(everything)


def test_segment_keys_are_unique():
    show = pptx.Presentation()
    for _ in range(2):
        slide = show.slides.add_slide(show.slide_layouts[5])
        slide.shapes.title.text = "The same title"
        slide.shapes.add_picture(picture(), 0, 0)
    keys = [(one.kind, one.locator.key()) for one in found(saved(show), PPTX) if isinstance(one, Segment)]
    assert len(keys) == len(set(keys))


def test_a_room_that_insists_on_libreoffice_says_when_there_is_none(monkeypatch: pytest.MonkeyPatch):
    from strongroom.analyzers.office import libreoffice

    monkeypatch.setattr(libreoffice, "installed", lambda: None)
    source, tools = BytesSource(saved(docx.Document()), DOCX), SimpleNamespace(office="libreoffice")
    with pytest.raises(Unsupported, match="install it, or set office to auto"):
        list(OfficeAnalyzer().analyze(source, tools))


@pytest.mark.parametrize("media_type", [DOCX, XLSX, PPTX, EPUB, ODF + "text", "application/msword", "application/vnd.ms-excel"])
@pytest.mark.parametrize("data", [b"", b"junk" * 300])
def test_junk_gives_a_reason(media_type: str, data: bytes):
    with pytest.raises(Unreadable):
        found(data, media_type)


@pytest.mark.parametrize(
    ("value", "code", "expected"),
    [
        (1234.5, "#,##0.00", "1,234.50"),
        (-5, "#,##0;(#,##0)", "(5)"),
        (0.256, "0.0%", "25.6%"),
        (43831, "yyyy-mm-dd", "2020-01-01"),
        (43831.75, "d mmm yyyy hh:mm", "1 Jan 2020 18:00"),
        (1.5, "[h]:mm", "36:00"),
        (1234567, '0.0,,"M"', "1.2M"),
        (7, "000", "007"),
        (12.5, "[$€-407] #,##0.00", "€ 12.50"),
        (0, '0;-0;"none"', "none"),
        (3.0, "General", "3"),
        (12345.678, "0.00E+00", "1.23E+04"),
        (1e300, "yyyy", "1E+300"),
    ],
)  # fmt: skip
def test_numbers_are_shown_as_their_format_says(value: float, code: str, expected: str):
    assert shown(value, code) == expected


def test_a_text_is_known_across_a_page_border_but_not_when_words_differ():
    known = Known()
    known.add("The flood of the year rose in the night")
    known.add("Page 2 of the ledger and stood for three days in the cellar")
    assert known.knows("The flood of the year rose in the night and stood for three days in the cellar")
    assert not known.knows("The flood of the year fell in the night")
    assert not known.knows("cellar flood")
    assert [column_name(number) for number in (1, 26, 27, 702, 703)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_formulas_are_found_once_for_each_shape():
    cell = "<c r='B{0}'><f>CONCATENATE(A{0},&quot;harbour&quot;)</f><v>5</v></c><c r='C{0}'><f>A{0}+1</f><v>6</v></c>"
    rows = "".join(f"<row r='{row}'>{cell.format(row)}</row>" for row in range(1, 6))
    sheet = f"<worksheet xmlns='main'><sheetData>{rows}</sheetData></worksheet>"
    findings = found(packed(xl__worksheets__sheet1_xml=sheet), XLSX)
    assert texts(findings, "sheet 1, formulas") == '=CONCATENATE(A1,"harbour")'


def test_formulas_of_opendocument_read_as_people_write_them():
    names = 'xmlns:t="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    cell = '<t:table-cell t:formula="of:=SUM([.A1:.A9];[Plan.B2])"/>'
    content = f'<o {names}><t:table t:name="Plan"><t:table-row>{cell}</t:table-row></t:table></o>'
    data = packed(mimetype=ODF + "spreadsheet", content_xml=content)
    assert texts(found(data, ODF + "spreadsheet"), "Plan, formulas") == "=SUM(A1:A9,Plan.B2)"


def test_files_are_read_again_when_libreoffice_is_installed_and_not_when_it_is_gone(monkeypatch: pytest.MonkeyPatch):
    def spec(soffice: str | None, office: str = "auto") -> AnalyzerSpec:
        monkeypatch.setattr(libreoffice, "present", lambda: soffice)
        return OfficeAnalyzer(office=office).spec

    bare, full = spec(None), spec("/usr/bin/soffice")
    read = {
        one.version: Standing(media_type=DOCX, type="document", runs={"office": (one.version, State.DONE)})
        for one in (bare, full)
    }
    assert read[bare.version].due([full]) == (full,)
    assert read[full.version].due([bare]) == ()
    assert read[bare.version].due([bare]) == read[full.version].due([full]) == ()
    assert spec("/usr/bin/soffice", "builtin") == bare


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
def test_parts_named_with_backslashes_are_read(kind: str):
    if kind == "docx":
        document = docx.Document()
        document.add_paragraph("The harbour office is flooded.")
        data, media_type = saved(document), DOCX
    else:
        book = openpyxl.Workbook()
        book.active.append(["The harbour office is flooded."])
        data, media_type = saved(book), XLSX
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name.replace("/", "\\"), old.read(name))
    for piece in (out.getvalue(), out.getvalue()[:-300]):  # with its directory, and from the local headers
        everything = found(piece, media_type)
        assert any("The harbour office is flooded." in one.text for one in everything if isinstance(one, Segment))
