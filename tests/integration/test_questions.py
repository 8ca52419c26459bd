"""A question about many values gives the rows of all, on either database, and with lists beside."""

import pytest
import sqlalchemy as sa

from strongroom.storage.catalog import Catalog
from strongroom.storage.catalog.questions import INSIDE, SOME, Question
from strongroom.storage.catalog.schema import containers, versions
from strongroom.testing.shelf import Shelf, digest

HERE = sa.select(versions.c.sha256, versions.c.name, versions.c.size, versions.c.tier).where(versions.c.sha256.in_(SOME))
NAMES = ["plain", 'a "quoted" name', "back\\slash", "tab\tand line\n", "snow \N{SNOWMAN}", "pile \N{PILE OF POO}"]


@pytest.fixture
def shelf(catalog: Catalog) -> Shelf:
    shelf = Shelf(catalog)
    shelf.container("one")
    shelf.container("two")
    return shelf


def test_rows_come_as_they_are_whatever_is_in_them(shelf: Shelf):
    shelf.put("one", {name: name for name in NAMES})
    with shelf.catalog.read() as tx:
        found = sorted(Question(HERE).over(tx, {digest(name) for name in NAMES}))
    assert found == sorted((digest(name), name, len(name), None) for name in NAMES)


def test_more_values_than_a_database_takes_in_one_list_are_asked_about(shelf: Shelf):
    labels = [f"{number}" for number in range(3)]
    shelf.put("one", {label: label for label in labels})
    many = [digest(f"none {number}") for number in range(40_000)] + [digest(label) for label in labels]
    with shelf.catalog.read() as tx:
        assert sorted(row[1] for row in Question(HERE).over(tx, many)) == labels


def test_a_list_of_containers_narrows_it_down_and_an_empty_one_lets_nothing_through(shelf: Shelf):
    shelf.put("one", {"a": "x"})
    shelf.put("two", {"b": "x"})
    within = Question(HERE.where(versions.c.container_id.in_(INSIDE)))
    with shelf.catalog.read() as tx:
        two = tx.scalar(sa.select(containers.c.id).where(containers.c.name == "two"))
        assert [row[1] for row in within.over(tx, [digest("x")], inside=[two])] == ["b"]
        assert list(within.over(tx, [digest("x")], inside=[])) == []
        assert list(within.over(tx, [], inside=[two])) == []


def test_what_a_transaction_wrote_is_seen_in_it(shelf: Shelf):
    shelf.put("one", {"a": "x"})
    with shelf.catalog.write() as tx:
        tx.execute(sa.update(versions).values(size=7))
        assert [row[2] for row in Question(HERE).over(tx, [digest("x")])] == [7]
