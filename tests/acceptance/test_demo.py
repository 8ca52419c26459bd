"""What the demo shows a newcomer: each of its searches finds first what it is about."""

from pathlib import Path

import pytest

import strongroom
from strongroom.cli.demo import SEARCHES

FIRST = ("letter-scan.pdf", "cat.png", "lease.pdf", "reading.wav", "street.mp4")


@pytest.mark.parametrize(("query", "first"), [(query, first) for (_, query), first in zip(SEARCHES, FIRST, strict=True)])
def test_a_search_of_the_demo_finds_first_what_it_is_about(read_room: Path, query: str, first: str):
    with strongroom.open(read_room) as room:
        assert room.search(query, limit=1).hits[0].names[0].blob.endswith(first)


@pytest.mark.parametrize("query", ["rent due", "storm damage insurance", "invoice"])
def test_a_question_about_papers_finds_no_picture_first(read_room: Path, query: str):
    with strongroom.open(read_room) as room:
        assert room.search(query, limit=1).hits[0].type in {"pdf", "mail", "text"}


@pytest.mark.parametrize(
    ("query", "first"), [("a cup of coffee", "coffee.png"), ("a palace", "china.jpg"), ("a space shuttle", "rocket.jpg")]
)
def test_a_picture_is_found_by_what_it_shows_beside_letters(read_room: Path, query: str, first: str):
    with strongroom.open(read_room) as room:
        assert room.search(query, limit=1).hits[0].names[0].blob.endswith(first)
