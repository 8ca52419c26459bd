"""Names of contents: only live ones, only within the scope, through any depth of archives."""

import pytest

from strongroom.domain.scope import Scope
from strongroom.storage.catalog import Catalog, names
from strongroom.testing.shelf import EVERYTHING, Shelf, digest, only, outcome, run


@pytest.fixture
def shelf(catalog: Catalog) -> Shelf:
    shelf = Shelf(catalog)
    shelf.container("one")
    return shelf


def shown(shelf: Shelf, label: str, scope: Scope = EVERYTHING, limit: int = 20) -> list[str]:
    with shelf.catalog.read() as tx:
        found = [str(name) for name in names.names(tx, [digest(label)], scope, limit).get(digest(label), ())]
        assert names.name_counts(tx, [digest(label)], scope).get(digest(label), 0) >= len(found)
    return found


def test_a_content_has_all_names_of_its_blobs_within_the_scope(shelf: Shelf):
    two = shelf.container("two")
    shelf.put("one", {"a": "same", "folder/b": "same"})
    shelf.put("two", {"c": "same"})
    assert shown(shelf, "same") == ["one/a", "one/folder/b", "two/c"]
    assert shown(shelf, "same", only(two)) == ["two/c"]
    assert shown(shelf, "same", only()) == []
    assert shown(shelf, "same", limit=2) == ["one/a", "one/folder/b"]


def test_a_removed_or_replaced_blob_and_a_deleted_container_give_no_name(shelf: Shelf):
    shelf.container("two")
    shelf.put("one", {"a": "x", "b": "x", "c": "x"})
    shelf.put("two", {"d": "x"})
    shelf.remove("one", "a")
    shelf.put("one", {"b": "y"})
    assert shown(shelf, "x") == ["one/c", "two/d"]
    shelf.delete_container("two")
    assert shown(shelf, "x") == ["one/c"]
    shelf.remove("one", "c")
    assert shown(shelf, "x") == []


def test_a_member_is_named_by_the_way_to_it(shelf: Shelf):
    shelf.put("one", {"mails.mbox": "mbox"})
    shelf.record(outcome("mbox", "application/mbox", run("mail", members={"1.eml": "mail"})))
    shelf.record(outcome("mail", "message/rfc822", run("mail", members={"a/plan.zip": "zip"})))
    shelf.record(outcome("zip", "application/zip", run("unpack", members={"plan.txt": "plan"})))
    assert shown(shelf, "plan") == ["one/mails.mbox!/1.eml!/a/plan.zip!/plan.txt"]
    shelf.put("one", {"plan.txt": "plan"})
    assert shown(shelf, "plan") == ["one/plan.txt", "one/mails.mbox!/1.eml!/a/plan.zip!/plan.txt"]
    shelf.remove("one", "mails.mbox")
    assert shown(shelf, "plan") == ["one/plan.txt"]


def test_a_scope_shows_no_name_of_an_archive_outside_of_it(shelf: Shelf):
    two = shelf.container("two")
    shelf.put("one", {"a.zip": "zip"})
    shelf.record(outcome("zip", "application/zip", run("unpack", members={"x": "x"})))
    assert shown(shelf, "x", only(two)) == []
    shelf.put("two", {"b.zip": "zip"})
    assert shown(shelf, "x", only(two)) == ["two/b.zip!/x"]


def test_an_archive_in_itself_is_named_once(shelf: Shelf):
    shelf.put("one", {"droste.zip": "droste"})
    shelf.record(outcome("droste", "application/zip", run("unpack", members={"droste.zip": "droste"})))
    assert shown(shelf, "droste") == ["one/droste.zip"]


def test_ways_that_double_at_each_level_are_bounded_and_counted_without_walking_them(shelf: Shelf):
    shelf.put("one", {"top": "level 0"})
    for level in range(12):
        both = {f"{i}": f"level {level + 1}" for i in range(10)}
        shelf.record(outcome(f"level {level}", "application/zip", run("unpack", members=both)))
    assert len(shown(shelf, "level 12", limit=20)) == 20
    with shelf.catalog.read() as tx:
        assert names.name_counts(tx, [digest("level 12")], EVERYTHING) == {digest("level 12"): 10**12}


def test_first_names_give_one_name_for_people(shelf: Shelf):
    shelf.put("one", {"a": "x", "b": "x"})
    with shelf.catalog.read() as tx:
        assert names.first_names(tx, [digest("x"), digest("y")], EVERYTHING) == {digest("x"): "one/a"}
