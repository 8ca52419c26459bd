"""Saved searches and what matches them, in either database."""

from datetime import UTC, datetime, timedelta

import pytest

from strongroom.domain.analysis import State
from strongroom.domain.saved import Saved
from strongroom.errors import AlreadyExists, NotFound
from strongroom.storage.catalog import Catalog, searches
from strongroom.testing.shelf import Shelf, digest, outcome, run

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def saved(actor: str, name: str, **more: object) -> Saved:
    values = {
        "id": 0, "actor": actor, "name": name, "query": "harbour", "is_watching": True, "webhook": None, "feed_secret": "s",
        "created_at": AT, "reached_at": AT, "seen_at": AT, "unseen": 0,
    }  # fmt: skip
    return Saved(**{**values, **more})


@pytest.fixture
def shelf(catalog: Catalog) -> Shelf:
    shelf = Shelf(catalog)
    shelf.container("one")
    shelf.put("one", {name: name for name in "abcd"})
    return shelf


def test_everybody_keeps_their_own_by_name(catalog: Catalog):
    with catalog.write() as tx:
        first = searches.create(tx, saved("ann", "z"))
        searches.create(tx, saved("ann", "a"))
        other = searches.create(tx, saved("bob", "z"))
    with catalog.write() as tx, pytest.raises(AlreadyExists):
        searches.create(tx, saved("ann", "z"))
    with catalog.read() as tx:
        assert [one.name for one in searches.kept(tx, "ann")] == ["a", "z"]
        assert searches.get(tx, first.id, "ann") == first
        assert searches.find(tx, other.id) == other
        assert searches.find(tx, 10_000) is None
        with pytest.raises(NotFound):
            searches.get(tx, other.id, "ann")


def test_a_match_is_noted_once_and_seen_and_told_once(shelf: Shelf):
    hooked = "https://hook.example.org/a"
    with shelf.catalog.write() as tx:
        one = searches.create(tx, saved("ann", "n", webhook=hooked))
        found, reached = AT + timedelta(minutes=1), AT + timedelta(minutes=2)
        assert searches.note(tx, one.id, [digest("a"), digest("b"), digest("a")], found, reached) == [digest("a"), digest("b")]
        assert searches.note(tx, one.id, [digest("b"), digest("c")], found, reached) == [digest("c")]
        assert searches.known(tx, one.id, [digest("a"), digest("d")]) == {digest("a")}
        assert searches.get(tx, one.id, "ann").reached_at == reached
        assert (searches.unseen(tx, "ann"), searches.unseen(tx, "bob")) == (3, 0)
        assert searches.kept(tx, "ann")[0].unseen == 3
        assert [search.id for search in searches.to_tell(tx)] == [one.id]
        searches.told(tx, one.id, [digest("a"), digest("b")], AT)
        assert searches.matches(tx, one.id, limit=10, is_untold=True) == [(digest("c"), found)]
        searches.told(tx, one.id, [digest("c")], AT)
        assert searches.to_tell(tx) == []
        assert {sha for sha, _ in searches.matches(tx, one.id, limit=10)} == {digest(label) for label in "abc"}
        searches.see(tx, one.id, found)
        assert searches.unseen(tx, "ann") == 0


def test_a_search_that_stops_watching_is_not_looked_for(shelf: Shelf):
    with shelf.catalog.write() as tx:
        one = searches.create(tx, saved("ann", "n", webhook="https://hook.example.org/a"))
        searches.note(tx, one.id, [digest("a")], AT, AT)
        searches.watch(tx, one.id, None)
        assert (searches.watching(tx), searches.to_tell(tx)) == ([], [])
        searches.watch(tx, one.id, AT + timedelta(hours=1))
        assert [search.reached_at for search in searches.watching(tx)] == [AT + timedelta(hours=1)]


def test_what_was_finished_comes_in_its_order_page_by_page(shelf: Shelf):
    for label in "cab":
        shelf.record(outcome(label, "text/plain", run("text"), run("names")))
    shelf.record(outcome("d", "text/plain", run("text", state=State.FAILED, reason="it is cut short")))
    until = datetime.now(UTC)
    with shelf.catalog.read() as tx:
        every = searches.finished(tx, (AT, ""), until, 100)
        assert list(dict.fromkeys(sha for sha, _ in every)) == [digest(label) for label in "cab"]
        after, pages = (AT, ""), []
        while page := searches.finished(tx, after, until, 1):
            pages += page
            after = (page[-1][1], page[-1][0])
        assert pages == every
        assert searches.finished(tx, (AT, ""), AT, 100) == []


def test_searches_and_matches_go_with_their_owner_and_their_contents(shelf: Shelf):
    with shelf.catalog.write() as tx:
        mine, other = searches.create(tx, saved("ann", "n")), searches.create(tx, saved("bob", "n"))
        for search in (mine, other):
            searches.note(tx, search.id, [digest("a"), digest("b")], AT, AT)
        searches.drop(tx, [digest("a")])
        assert [sha for sha, _ in searches.matches(tx, other.id, limit=10)] == [digest("b")]
        searches.drop_actor(tx, "ann")
        assert searches.find(tx, mine.id) is None
        searches.remove(tx, other.id)
        assert searches.kept(tx, "bob") == []
