import json

import pytest

from strongroom.analyzers.text import TextAnalyzer
from strongroom.domain.findings import Finding, Problem, Property, Segment
from strongroom.errors import Unreadable
from strongroom.testing.source import BytesSource


def read(data: bytes, media_type: str = "text/plain") -> list[Finding]:
    return list(TextAnalyzer().analyze(BytesSource(data, media_type), None))


def texts(found: list[Finding]) -> list[str]:
    return [one.text for one in found if isinstance(one, Segment)]


def facts(found: list[Finding]) -> dict[str, object]:
    return {one.name: one.value for one in found if isinstance(one, Property)}


def problems(found: list[Finding]) -> list[str]:
    return [one.reason for one in found if isinstance(one, Problem)]


GERMAN = "Die Prüfung der Bücher ergab größere Lücken. Über die Höhe wird noch gestritten. " * 8
RUSSIAN = "Проверка счетов показала крупные расхождения. Сумма всё ещё спорна. " * 8
JAPANESE = "帳簿の検査で大きな不足が見つかった。金額についてはまだ争われている。" * 8


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((GERMAN, name) for name in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252")),
        *((RUSSIAN, name) for name in ("utf-8", "utf-16-le", "cp1251", "koi8_r")),
        *((JAPANESE, name) for name in ("utf-8", "shift_jis", "euc_jp", "iso2022_jp")),
        ("plain ASCII. " * 7000 + GERMAN, "cp1252"),
        ("plain ASCII. " * 7000 + GERMAN, "utf-8"),
    ],
)
def test_the_encoding_is_found(text: str, encoding: str):
    found = read(text.encode(encoding))
    assert "".join("".join(texts(found)).split()) == "".join(text.split())
    assert not problems(found)


def test_offsets_point_into_the_decoded_text():
    text = (GERMAN + "\r\n\r\n") * 40
    found = read(text.encode("utf-16"))
    assert all(text[one.locator.char_start : one.locator.char_end] == one.text for one in found if isinstance(one, Segment))


@pytest.mark.parametrize("data", [bytes(range(256)) * 40, b"\x89PNG\r\n\x1a\n" + bytes(500), b"\x00" * 100])
def test_binary_data_is_unreadable(data: bytes):
    with pytest.raises(Unreadable, match="binary"):
        read(data)


def test_an_empty_text_holds_nothing():
    assert read(b"") == []
    assert read(b"", "text/csv") == read(b"", "text/html") == []


def test_markdown_tells_its_title():
    assert facts(read(b"Intro\n\n# The *second* survey #\n\nText.", "text/markdown")) == {"title": "The *second* survey"}
    front = b'---\ntitle: "Survey"\ndate: 2021-03-04\nauthor: A. Person\n---\n# Other\n'
    assert facts(read(front, "text/markdown")) == {"title": "Survey", "date": "2021-03-04", "author": "A. Person"}


def test_source_code_and_logs_are_cut_between_lines():
    log = "".join(f"2024-01-01T00:00:{i:02} INFO e.g. started. Then ok {i}\n" for i in range(60))
    for data, media_type in ((log, "text/x-log"), (log.replace(". T", " t"), "text/plain")):
        assert all(text.startswith("2024") for text in texts(read(data.encode(), media_type)))


def test_subtitles_carry_their_time_span():
    cues = "".join(f"{i}\r\n00:{i:02}:01,500 --> 00:{i:02}:03,250\r\n<i>Line {i} of the talk</i>\r\n\r\n" for i in range(1, 60))
    found = [one for one in read(cues.encode()) if isinstance(one, Segment)]
    assert found[0].text.startswith("Line 1 of the talk\nLine 2")
    assert (found[0].locator.t_start, found[-1].locator.t_end) == (61.5, 59 * 60 + 3.25)
    assert len({one.locator.key() for one in found}) == len(found) > 1


def test_rich_text_is_left_to_the_office_reader():
    assert read(b"{\\rtf1 hello}", "text/rtf") == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_rows_come_with_their_headers(delimiter: str):
    rows = [["name", "city", "paid on"], *(["Ada", f"Town{i}", f"2021-03-{i:02}"] for i in range(1, 60))]
    found = read("\r\n".join(delimiter.join(row) for row in rows).encode(), "text/csv")
    assert facts(found) == {"columns": ("name", "city", "paid on")}
    segments = [one for one in found if isinstance(one, Segment)]
    assert segments[1].text.startswith("name: Ada; city: Town1; paid on: 2021-03-01\nname: Ada; city: Town2")
    assert segments[1].locator.part.startswith("rows 2-")
    assert segments[-1].text.endswith("2021-03-59")
    assert len({one.locator.key() for one in segments}) == len(segments)


def test_a_table_without_headers_keeps_every_row():
    found = read(b"1,2,3\n4,5,6\n", "text/csv")
    assert texts(found) == ["1 | 2 | 3\n4 | 5 | 6"]


def test_quoted_cells_may_hold_lines_and_delimiters():
    found = read(b'name,note\nAda,"one, two\nthree ""four"""\n', "text/csv")
    assert texts(found)[1] == 'name: Ada; note: one, two three "four"'


def test_a_quote_that_never_ends_costs_no_row():
    data = b"name,city\n" + b"Ada,Bath\n" * 5 + b'"Bob,Ulm\n' + b"Cy,Rome\n" * 40_000
    found = read(data, "text/csv")
    assert "quoting is broken from row 7" in problems(found)[0]
    assert sum(text.count("Rome") for text in texts(found)) == 40_000


def test_a_long_row_is_cut_into_passages():
    found = read(b"name,essay\nAda," + b"Nobody spoke that day. " * 200 + b"\n", "text/csv")
    parts = [one.locator for one in found if isinstance(one, Segment)][1:]
    assert {place.part for place in parts} == {"row 2"}
    assert len({place.key() for place in parts}) == len(parts) > 2


def test_text_that_is_no_table_is_read_by_lines():
    assert texts(read(b"just\nsome\nwords\n", "text/csv")) == ["just\nsome\nwords"]


def test_json_values_come_with_their_paths():
    value = {"title": "Cargo \u00e9", "items": [{"name": "Ada", "age": 3, "ok": True, "none": None}], "blob": "QUJD" * 500}
    for data in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=2)):
        found = read(data.encode(), "application/json")
        assert texts(found) == ["title: Cargo é\nitems.name: Ada\nitems.age: 3\nitems.ok: true"]
        assert not problems(found)


def test_lines_of_json_and_bare_values_are_read():
    assert texts(read(b'{"a": "x y"}\n{"a": 12}\n', "application/x-ndjson")) == ["a: x y\na: 12"]
    assert texts(read(b"12", "application/json")) == ["12"]
    assert read(b"[]", "application/json") == []


@pytest.mark.parametrize("bad", [b'{"a": "x", b: oh no}', b'{"a": "x"', b'["a", "x"}', b'{"a": "x', b'{"a": "x" 12abc 3}'])
def test_invalid_json_is_read_on_as_plain_text(bad: bytes):
    found = read(bad, "application/json")
    assert "not valid JSON" in problems(found)[0]
    assert '"x' in "".join(texts(found)) or "x" in "".join(texts(found))


def test_json_across_blocks_is_the_same_as_in_one():
    value = [{"number": n, "words": "some words here " * (n % 7)} for n in range(20_000)]
    found = read(json.dumps(value).encode(), "application/json")
    assert "\n".join(texts(found)).count("number: ") == 20_000
    assert not problems(found)
    long = json.dumps({"text": "word " * 200_000}).encode()
    assert sum(text.count("word") for text in texts(read(long, "application/json"))) == 200_000


def test_xml_text_comes_with_its_elements():
    head = '<?xml version="1.0" encoding="iso-8859-1"?>'
    data = head + '<b:book xmlns:b="urn:x" kind="novel"><title>Häuser</title><p>One &amp; two</p></b:book>'
    found = read(data.encode("latin-1"), "application/xml")
    assert texts(found) == ["book kind: novel\ntitle: Häuser\np: One & two"]
    assert facts(found) == {"title": "Häuser"}


def test_the_words_of_a_drawing_are_found():
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><title>Plan</title><text x="1">Boiler room</text></svg>'
    assert "text: Boiler room" in texts(read(svg, "image/svg+xml"))[0]


def test_broken_xml_is_read_on_as_plain_text():
    found = read(b"<a><b>first</b><c>second</a> third", "text/xml")
    assert "not well-formed" in problems(found)[0]
    assert "first" in texts(found)[0]
    assert "third" in texts(found)[1]


def test_no_two_segments_of_a_content_share_a_locator():
    for data, media_type in (
        (b'{"a": "x y"} oh no', "application/json"),
        (b"<a><b>hello there</b></c> more", "text/xml"),
        (GERMAN.encode() * 9, "text/plain"),
    ):
        keys = [one.locator.key() for one in read(data, media_type) if isinstance(one, Segment)]
        assert len(set(keys)) == len(keys) > 1
