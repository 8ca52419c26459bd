"""What the catalog tells of one content, keeps as renditions and forgets for a retry; the same on SQLite and PostgreSQL."""

import pytest

from strongroom.domain.analysis import State
from strongroom.domain.outcome import KeptObject
from strongroom.storage.catalog import Catalog, analyses, cards, renditions, retries
from strongroom.testing.shelf import EVERYTHING, Shelf, digest, only, outcome, run
from strongroom.vault import Vault


@pytest.fixture
def shelf(catalog: Catalog) -> Shelf:
    shelf = Shelf(catalog)
    shelf.container("one")
    shelf.container("two")
    return shelf


def test_readings_are_told_with_their_reasons(shelf: Shelf):
    shelf.put("one", {"a": "a"})
    shelf.record(outcome("a", "text/plain", run("words"), run("lines", state=State.FAILED, reason="it is damaged")))
    with shelf.catalog.read() as tx:
        found = cards.readings(tx, digest("a"))
    assert [(one.analyzer, one.state, one.reason, one.attempts) for one in found] == [
        ("lines", State.FAILED, "it is damaged", 1),
        ("words", State.DONE, None, 1),
    ]


def test_members_and_parents_are_told_within_the_scope(shelf: Shelf):
    shelf.put("one", {"pack.zip": "pack"})
    shelf.put("two", {"other.zip": "other", "x.txt": "x"})
    inside = {f"{n}.txt": f"member {n}" for n in range(5)} | {"x.txt": "x"}
    shelf.record(
        outcome("pack", "application/zip", run("archive", members=inside)),
        outcome("other", "application/zip", run("archive", members={"deep/x.txt": "x"})),
    )
    with shelf.catalog.read() as tx:
        page = cards.inside(tx, digest("pack"), after=2, limit=3)
        assert ([one.path for one in page.members], page.total, page.more) == (["2.txt", "3.txt", "4.txt"], 6, True)
        around = cards.around(tx, digest("x"), EVERYTHING, 10)
        assert sorted((one.path, str(one.name)) for one in around) == [
            ("deep/x.txt", "two/other.zip"),
            ("x.txt", "one/pack.zip"),
        ]
        assert [str(one.name) for one in cards.around(tx, digest("x"), only(1), 10)] == ["one/pack.zip"]
        assert cards.around(tx, digest("x"), only(), 10) == ()


def test_the_past_of_blobs_is_told_within_the_scope(shelf: Shelf):
    shelf.put("one", {"a": "first"})
    shelf.put("one", {"a": "second"})
    shelf.put("two", {"b": "second"})
    with shelf.catalog.read() as tx:
        assert {(one.container, one.blob) for one in cards.past(tx, digest("second"), EVERYTHING, 10)} == {
            ("one", "a"),
            ("two", "b"),
        }
        assert [one.container for one in cards.past(tx, digest("second"), only(2), 10)] == ["two"]
        assert cards.past(tx, digest("nowhere"), EVERYTHING, 10) == ()
    shelf.delete_container("two")
    with shelf.catalog.read() as tx:
        assert [one.container for one in cards.past(tx, digest("second"), EVERYTHING, 10)] == ["one"]


def test_a_rendition_that_was_made_apart_is_kept_once(shelf: Shelf, vault: Vault):
    shelf.put("one", {"a": "a"})
    first, second = vault.keep([b"first picture"]), vault.keep([b"second picture"])

    def add(sha256: str, kept: KeptObject) -> list[tuple[str, str]]:
        with shelf.catalog.write() as tx:
            return renditions.add(tx, sha256, "thumbnail", analyzer="picture", media_type="image/jpeg", kept=kept)

    assert add(digest("a"), first) == []
    assert [key for key, _ in add(digest("a"), second)] == [second.object_id]
    third = vault.keep([b"third picture"])
    assert [key for key, _ in add(digest("nowhere"), third)] == [third.object_id]
    with shelf.catalog.read() as tx:
        assert [(one.role, one.media_type, one.size) for one in renditions.roles(tx, digest("a"))] == [
            ("thumbnail", "image/jpeg", first.size)
        ]
    media_type, stream = vault.read_rendition(digest("a"), "thumbnail")
    with stream:
        assert (media_type, stream.read()) == ("image/jpeg", b"first picture")


def test_what_failed_is_found_and_forgotten(shelf: Shelf):
    shelf.put("one", {"a": "a", "b": "b"})
    shelf.put("two", {"c": "c"})
    failed = {"state": State.FAILED, "reason": "it is damaged"}
    shelf.record(
        outcome("a", "text/plain", run("words", **failed), run("lines")),
        outcome("b", "text/plain", run("words", reason="page 3 is missing")),
        outcome("c", "text/plain", run("words", **failed)),
    )
    every = sorted(digest(label) for label in "ac")
    with shelf.catalog.read() as tx:
        assert retries.failed(tx, EVERYTHING, "", 10) == every
        assert retries.failed(tx, EVERYTHING, every[0], 10) == every[1:]
        assert retries.failed(tx, only(2), "", 10) == [digest("c")]
        assert retries.troubled(tx, [digest("b")], partly=False) == []
        (partly,) = retries.troubled(tx, [digest("b")], partly=True)
        runs = retries.troubled(tx, every, partly=False)
    assert {(one.sha256, one.analyzer, one.goes_on) for one in runs} == {(sha, "words", False) for sha in every}
    with shelf.catalog.write() as tx:
        retries.forget(tx, [*runs, partly])
    with shelf.catalog.read() as tx:
        assert retries.failed(tx, EVERYTHING, "", 10) == []
        assert {one.analyzer for one in cards.readings(tx, digest("a"))} == {"lines"}
        left = analyses.due(tx, every, ())
    assert left.keys() == set(every)


def test_what_was_read_anew_meanwhile_is_not_forgotten(shelf: Shelf):
    shelf.put("one", {"a": "a"})
    shelf.record(outcome("a", "text/plain", run("words", state=State.FAILED, reason="it is damaged")))
    with shelf.catalog.read() as tx:
        runs = retries.troubled(tx, [digest("a")], partly=False)
    shelf.record(outcome("a", "text/plain", run("words")))
    with shelf.catalog.write() as tx:
        retries.forget(tx, runs)
    with shelf.catalog.read() as tx:
        assert [one.state for one in cards.readings(tx, digest("a"))] == [State.DONE]
