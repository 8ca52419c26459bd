"""Office files made to do harm: nothing is fetched, expanded or left hanging."""

import io
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docx
import pptx
import pytest

from strongroom.analyzers.office import OfficeAnalyzer
from strongroom.domain.findings import Finding, Segment
from strongroom.domain.media import ODF, OOXML
from strongroom.errors import AnalysisError, Encrypted, LimitExceeded
from strongroom.testing.source import BytesSource

DOCX, XLSX, PPTX = (OOXML + kind + "ml." + rest for kind, rest in (("wordprocessing", "document"), ("spreadsheet", "sheet"),
                                                                  ("presentation", "presentation")))  # fmt: skip
BUILTIN: Any = SimpleNamespace(office="builtin")
WORD = '<w:document xmlns:w="w"><w:body>{}</w:body></w:document>'


def packed(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in parts.items():
            package.writestr(name, text)
    return out.getvalue()


def found(data: bytes, media_type: str = DOCX) -> list[Finding]:
    return list(OfficeAnalyzer().analyze(BytesSource(data, media_type), BUILTIN))


def words(findings: list[Finding]) -> str:
    return "\n".join(one.text for one in findings if isinstance(one, Segment))


def test_external_entities_are_not_read(tmp_path: Path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret words")
    text = f'<!DOCTYPE d [<!ENTITY x SYSTEM "{secret.as_uri()}">]>' + WORD.format("<w:p><w:t>seen &x; too</w:t></w:p>")
    assert "secret words" not in words(found(packed({"word/document.xml": text})))


def test_entities_are_not_expanded():
    entities = '<!ENTITY a "boom">' + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    text = f"<!DOCTYPE d [{entities}]>" + WORD.format("<w:p><w:t>&j;</w:t></w:p><w:p><w:t>after</w:t></w:p>")
    assert len(words(found(packed({"word/document.xml": text})))) < 1000


def test_a_decompression_bomb_is_refused(monkeypatch: pytest.MonkeyPatch):
    from strongroom.analyzers.office import package

    monkeypatch.setattr(package, "_FLOOR", 1024**2)
    with pytest.raises(LimitExceeded, match="bomb"):
        found(packed({"word/document.xml": b"<d>" + b" " * (20 * 1024**2)}))


def test_deep_nesting_is_survived():
    text = WORD.format("<w:p><w:t>before</w:t></w:p>" + "<w:x>" * 50_000)
    assert words(found(packed({"word/document.xml": text}))) == "before"
    nested = WORD.format("<w:p><w:t>x</w:t>" * 200 + "</w:p>" * 200)
    assert found(packed({"word/document.xml": nested}))


def test_many_paragraphs_are_read_in_a_stream():
    text = WORD.format("".join(f"<w:p><w:t>Paragraph {i} of many.</w:t></w:p>" for i in range(5_000)))
    assert "Paragraph 4999 of many." in words(found(packed({"word/document.xml": text})))


def test_junk_inside_a_zip_gives_a_reason():
    with pytest.raises(AnalysisError, match="none of the parts"):
        found(packed({"mimetype": DOCX, "junk.bin": b"\0\1\2" * 100}))


def test_members_that_climb_are_named_safely():
    from strongroom.domain.findings import Member

    data = packed({"word/document.xml": WORD.format("<w:p><w:t>x</w:t></w:p>"), "word/media/../../../evil.png": b"x"})
    assert all(".." not in one.path for one in found(data) if isinstance(one, Member))


def test_locked_files_are_told_apart_from_broken_ones():
    manifest = "<manifest:manifest xmlns:manifest='m'><manifest:encryption-data/></manifest:manifest>"
    with pytest.raises(Encrypted, match="password"):
        found(packed({"mimetype": ODF + "text", "META-INF/manifest.xml": manifest, "content.xml": b"\x9c\x01"}), ODF + "text")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("kind", ["docx", "pptx"])
def test_truncated_files_give_what_is_left_or_a_reason(kind: str, part: float):
    document: Any = docx.Document() if kind == "docx" else pptx.Presentation()
    out = io.BytesIO()
    document.save(out)
    data = out.getvalue()
    try:
        found(data[: int(len(data) * part)], DOCX if kind == "docx" else PPTX)
    except AnalysisError as error:
        assert str(error)  # noqa: PT017 - either outcome is right, a crash is not


def test_a_sheet_that_repeats_without_end_is_bounded():
    content = """<o xmlns:table="t" xmlns:text="x" xmlns:office="o"><table:table table:name="S"><table:table-row
    table:number-rows-repeated="99999999"><table:table-cell table:number-columns-repeated="99999999"><text:p>x</text:p>
    </table:table-cell></table:table-row></table:table></o>"""
    data = packed({"mimetype": ODF + "spreadsheet", "content.xml": content})
    assert len(words(found(data, ODF + "spreadsheet"))) < 5_000_000
