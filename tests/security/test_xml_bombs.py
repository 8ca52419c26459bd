"""Hostile markup ends in little time and memory, and reaches nothing outside."""

import tracemalloc

import pytest

from strongroom.analyzers.text import TextAnalyzer
from strongroom.domain.findings import Problem, Segment
from strongroom.errors import LimitExceeded
from strongroom.testing.source import BytesSource


def read(data: bytes, media_type: str) -> tuple[str, list[str]]:
    found = list(TextAnalyzer().analyze(BytesSource(data, media_type), None))
    text = "\n".join(one.text for one in found if isinstance(one, Segment))
    return text, [one.reason for one in found if isinstance(one, Problem)]


@pytest.mark.parametrize(
    "declaration",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">',
        '<!ENTITY b SYSTEM "file:///etc/passwd">',
        '<!ENTITY % b SYSTEM "http://127.0.0.1/x"> %b;',
    ],
)
@pytest.mark.parametrize("media_type", ["application/xml", "image/svg+xml"])
def test_declared_entities_are_refused(declaration: str, media_type: str):
    with pytest.raises(LimitExceeded, match="entity"):
        read(f"<!DOCTYPE x [{declaration}]><x>&b;</x>".encode(), media_type)


def test_an_outside_document_type_is_not_fetched():
    data = b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x>hello</x>'
    assert read(data, "application/xml") == ("x: hello", [])


@pytest.mark.parametrize("media_type", ["application/xml", "text/html", "application/json"])
def test_deep_nesting_is_read_or_told(media_type: str):
    opening, closing = (b"[", b"]") if media_type.endswith("json") else (b"<div>", b"</div>")
    text, problems = read(opening * 200_000 + b'"hello"' + closing * 200_000, media_type)
    assert "hello" in text or problems


def test_html_entities_are_not_expanded_from_a_declaration():
    text, _ = read(b'<!DOCTYPE x [<!ENTITY b "hahaha">]><p>one &b; two</p>', "text/html")
    assert "hahaha" not in text.replace('"hahaha"', "")


@pytest.mark.parametrize(
    ("piece", "media_type"),
    [
        (b"<p>some words here</p>", "text/html"),
        (b"<p a='1'><!-- c --><b>x", "text/html"),
        (b"<p>some words here</p>", "application/xml"),
        (b'{"a": ["some words", 12]}\n', "application/x-ndjson"),
        (b"some, words, here\n", "text/csv"),
        (b"some words here. ", "text/plain"),
        (b"x", "text/plain"),
        (b'"', "application/json"),
        (b'"', "text/csv"),
        (b" ", "text/plain"),
        (b"\n", "text/plain"),
    ],
)
def test_a_large_text_passes_in_little_memory(piece: bytes, media_type: str):
    data = piece * ((1 << 20) // len(piece))
    if media_type == "application/xml":
        data = b"<all>" + data + b"</all>"
    source = BytesSource(data, media_type)
    tracemalloc.start()
    for _ in TextAnalyzer().analyze(source, None):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20, peak
