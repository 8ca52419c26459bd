"""What the pdf analyzer finds: text with boxes, notes, fields, bookmarks, properties, attached files."""

import io
import re
from collections.abc import Callable
from typing import Any

import pypdfium2
import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from strongroom.analyzers.pdf import PdfAnalyzer, facts, match_boxes, opening, render_page
from strongroom.analyzers.pdf.facts import iso_date
from strongroom.analyzers.pdf.text import cleaned, reads_well
from strongroom.domain.findings import Finding, Member, Problem, Property, Rendition, Segment
from strongroom.errors import Encrypted, Unreadable, UsageError
from strongroom.testing.source import BytesSource


def make(draw: Callable[[Canvas], None] | None = None, **options: Any) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, **options)
    if draw:
        draw(canvas)
    else:
        canvas.drawString(100, 700, "The harbour office is flooded.")
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def found(data: bytes) -> list[Finding]:
    return list(PdfAnalyzer().analyze(BytesSource(data, "application/pdf", "a.pdf"), None))


def segments(data: bytes, part: str | None = None) -> list[Segment]:
    return [one for one in found(data) if isinstance(one, Segment) and one.locator.part == part]


def test_a_passage_names_its_page_and_the_box_of_its_line():
    (passage,) = segments(make())
    assert passage.text == "The harbour office is flooded."
    assert passage.locator.page == 1
    ((left, top, right, bottom),) = passage.locator.boxes
    assert abs(left - 100 / A4[0]) < 0.01
    assert abs(bottom - (1 - 700 / A4[1])) < 0.02
    assert top < bottom
    assert left < right < 0.6


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_boxes_follow_the_rotation_of_the_page(turn: int):
    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(turn)
        canvas.drawString(100, 400, "The harbour office is flooded.")

    data = make(draw)
    (passage,) = segments(data)
    (box,) = passage.locator.boxes
    picture = Image.open(io.BytesIO(render_page(data, 1, dpi=150))).convert("L")
    ink = picture.point(lambda value: 255 if value < 200 else 0).getbbox()
    seen = (ink[0] / picture.width, ink[1] / picture.height, ink[2] / picture.width, ink[3] / picture.height)
    assert all(abs(one - other) < 0.015 for one, other in zip(box, seen, strict=True))


def test_boxes_follow_the_crop_box():
    document = pypdfium2.PdfDocument(make())
    document[0].set_cropbox(90, 600, 390, 800)
    out = io.BytesIO()
    document.save(out)
    document.close()
    (passage,) = segments(out.getvalue())
    ((left, _, _, bottom),) = passage.locator.boxes
    assert abs(left - 10 / 300) < 0.01
    assert abs(bottom - 0.5) < 0.03


def test_words_parted_at_a_line_end_are_joined_and_keep_their_place():
    def draw(canvas: Canvas) -> None:
        canvas.drawString(100, 700, "A word that is exam-")
        canvas.drawString(100, 686, "ple of a parted one.")

    data = make(draw)
    (passage,) = segments(data)
    assert "example of" in passage.text
    assert len(passage.locator.boxes) == 2
    assert len(match_boxes(data, 1, ["example"])) == 2


def test_ligatures_and_odd_spaces_are_made_plain():
    text, _, _ = cleaned("o\ufb03ce\u00a0hours  and\r\nso\u200bon\ufffeX e\ufffemail")
    assert text == "office hours and\nsoon-X e-mail"


def test_a_match_is_boxed_by_whole_words_in_any_case():
    data = make()
    assert len(match_boxes(data, 1, ["HARBOUR office"])) == 1
    assert match_boxes(data, 1, ["harb"]) == []
    assert match_boxes(data, 7, ["harbour"]) == []


def test_properties_are_found_as_facts_and_as_text():
    def draw(canvas: Canvas) -> None:
        canvas.setTitle("Annual ledger")
        canvas.setAuthor("A. Person")
        canvas.drawString(100, 700, "x")

    data = make(draw)
    facts = {one.name: one.value for one in found(data) if isinstance(one, Property)}
    assert facts["title"] == "Annual ledger"
    assert facts["author"] == "A. Person"
    assert facts["page-count"] == 1
    assert facts["date"][:2] == "20"
    assert "Annual ledger" in segments(data, "properties")[0].text


@pytest.mark.parametrize("block", [7, 64, 1 << 20])
def test_xmp_packets_are_found_across_the_borders_of_blocks(monkeypatch: pytest.MonkeyPatch, block: int):
    monkeypatch.setattr(facts, "_BLOCK", block)
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<r:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The %s of the harbour</dc:title>'
        b"</r:Description></r:RDF></x:xmpmeta>"
    )
    packets = b"".join(b"\n%% %d\n" % n + packet % word for n, word in enumerate((b"plan", b"chart")))
    (told,) = segments(make() + packets, "properties")
    assert "The plan of the harbour" in told.text
    assert "The chart of the harbour" in told.text


def test_bookmarks_links_fields_and_comments_are_found():
    def draw(canvas: Canvas) -> None:
        canvas.bookmarkPage("a")
        canvas.addOutlineEntry("Chapter of storms", "a")
        canvas.linkURL("https://example.org/ledger", (100, 600, 200, 620))
        canvas.acroForm.textfield(name="tenant", value="Mrs Winter", x=100, y=500, width=100, height=20)
        canvas.textAnnotation("A remark on the margin", Rect=(300, 300, 320, 320), addtopage=1)

    data = make(draw)
    assert segments(data, "bookmarks")[0].text == "Chapter of storms"
    assert segments(data, "links")[0].text == "https://example.org/ledger"
    assert segments(data, "form fields")[0].text == "tenant: Mrs Winter"
    (comment,) = segments(data, "comment")
    assert comment.text == "A remark on the margin"
    assert comment.locator.page == 1
    assert len(comment.locator.boxes) == 1


def test_what_a_filled_field_shows_is_text_of_the_page_with_a_place():
    def draw(canvas: Canvas) -> None:
        canvas.drawString(100, 700, "Lease of the harbour office")
        canvas.acroForm.textfield(name="tenant", value="Mrs Winter", x=100, y=500, width=100, height=20)

    data = make(draw)
    (passage,) = segments(data)
    assert passage.text == "Lease of the harbour office\nMrs Winter"
    ((_, top, right, _),) = match_boxes(data, 1, ["Winter"])
    assert 0.35 < top < 0.45
    assert right < 0.4


@pytest.mark.parametrize(
    ("text", "well"),
    [
        ("Key investor information, page 2", True),
        ("Förderung der Seefahrt, Straße 7", True),
        ("SLEWHN F]ZDUWHN SRQLHG]LDHN", False),
        ("*UXSD\x03SR]QDG", False),
        ("ǡǼǱǺ ǓǯǯǱǿǿ", False),
        ("123 456", False),
    ],
)
def test_words_that_pdfium_guessed_are_kept_where_they_read_well(text: str, well: bool):  # noqa: FBT001
    assert reads_well(text) is well


def test_attached_files_are_members_with_a_safe_name():
    document = pypdfium2.PdfDocument(make())
    document.new_attachment("../../list.txt").set_data(b"names")
    out = io.BytesIO()
    document.save(out)
    document.close()
    source = BytesSource(out.getvalue(), "application/pdf")
    members = [(one.path, b"".join(one.chunks)) for one in PdfAnalyzer().analyze(source, None) if isinstance(one, Member)]
    assert members == [("list.txt", b"names")]


def test_the_first_page_gives_a_thumbnail():
    (rendition,) = [one for one in found(make()) if isinstance(one, Rendition)]
    assert rendition.role == "thumbnail"
    assert max(Image.open(io.BytesIO(rendition.data)).size) == 512


def test_segment_keys_are_unique():
    def draw(canvas: Canvas) -> None:
        for _ in range(3):
            canvas.textAnnotation("One", Rect=(300, 300, 320, 320), addtopage=1)
            canvas.textAnnotation("Two", Rect=(300, 300, 320, 320), addtopage=1)
        canvas.drawString(100, 700, "x")

    keys = [one.locator.key() for one in found(make(draw)) if isinstance(one, Segment)]
    assert len(keys) == len(set(keys))


def test_a_page_picture_is_bounded_whatever_is_asked():
    picture = Image.open(io.BytesIO(render_page(make(), 1, width=100_000, form="jpeg")))
    assert picture.width * picture.height <= 16_100_000
    with pytest.raises(UsageError, match="page 2 does not exist"):
        render_page(make(), 2)


def test_a_password_is_reported():
    from reportlab.lib.pdfencrypt import StandardEncryption

    with pytest.raises(Encrypted, match="password"):
        found(make(encrypt=StandardEncryption("secret", "owner", strength=128)))


def test_an_empty_user_password_opens():
    from reportlab.lib.pdfencrypt import StandardEncryption

    assert segments(make(encrypt=StandardEncryption("", "owner", strength=128)))


@pytest.mark.parametrize("data", [b"", b"junk" * 100, b"%PDF-1.7\nnothing", make()[:300]])
def test_broken_files_give_a_reason(data: bytes):
    with pytest.raises(Unreadable):
        found(data)


def test_a_broken_page_is_a_problem_and_the_others_are_read():
    document = pypdfium2.PdfDocument(make())
    document.import_pages(pypdfium2.PdfDocument(make()))
    out = io.BytesIO()
    document.save(out)
    document.close()
    data = out.getvalue()
    at = list(re.finditer(rb"/Type\s*/Page\b", data))[-1].end() - 1
    broken = data[:at] + b"x" + data[at + 1 :]
    everything = found(broken)
    assert [one for one in everything if isinstance(one, Segment)]
    assert all(isinstance(one, Problem | Segment | Property | Rendition) for one in everything)


def test_dates_become_iso():
    assert iso_date("D:20240131120005+01'00'") == "2024-01-31T12:00:05+01:00"
    assert iso_date("D:2024") == "2024-01-01T00:00:00"
    assert iso_date("D:20240131120005Z") == "2024-01-31T12:00:05+00:00"
    assert iso_date("yesterday") is None


@pytest.mark.parametrize("attached", [False, True])
def test_a_large_file_is_opened_anew_now_and_then_and_gives_the_same(monkeypatch: pytest.MonkeyPatch, attached: bool):  # noqa: FBT001
    def draw(canvas: Canvas) -> None:
        for number in range(1, 8):
            canvas.drawString(72, 700, f"Words of page {number}.")
            canvas.acroForm.textfield(name=f"field{number}", value=f"value {number}", x=72, y=600)
            canvas.linkURL(f"https://example.org/{number}", (10, 10, 50, 50))
            canvas.showPage()

    data = with_attached_file(make(draw)) if attached else make(draw)
    expected = told(found(data))
    monkeypatch.setattr(opening, "HELD", len(data) // 3)
    assert told(found(data)) == expected
    assert "Words of page 7." in str(expected)


def told(findings: list[Finding]) -> list[str]:
    members = [(one.path, b"".join(one.chunks)) for one in findings if isinstance(one, Member)]
    return [*(repr((one.text, one.locator)) for one in findings if isinstance(one, Segment)), repr(members)]


def with_attached_file(data: bytes) -> bytes:
    """Attach a file."""
    with pypdfium2.PdfDocument(data) as document:
        document.new_attachment("note.txt").set_data(b"attached words")
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()
