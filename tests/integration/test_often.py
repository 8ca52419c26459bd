"""How often each name is told is kept, and what a scope sees of it is what counting its mentions one by one gives."""

import random
from collections import Counter, defaultdict

import pytest
import sqlalchemy as sa

from strongroom.domain.analysis import State
from strongroom.domain.entities import ANALYZER, KINDS, ORGANISATION, PERSON, PLACE, Mention, Named
from strongroom.domain.outcome import Run
from strongroom.domain.scope import Scope
from strongroom.storage.catalog import Catalog, containers, entities, often, schema
from strongroom.storage.catalog.schema import entities as kept
from strongroom.storage.catalog.schema import mentions, spellings
from strongroom.testing.shelf import EVERYTHING, Shelf, digest, only, outcome

NAMES = ["Harbour Office", "HARBOUR office", "Meridian Ltd", "Anna Miller", "ANNA Miller", "Hamburg", "London", "hamburg"]
KIND_OF = {"harbour office": ORGANISATION, "meridian ltd": ORGANISATION, "anna miller": PERSON}


def naming(label: str, told: dict[str, int]) -> object:
    found = tuple(
        Mention(named=Named(kind=KIND_OF.get(name.lower(), PLACE), text=name), count=count) for name, count in told.items()
    )
    return outcome(label, "text/plain", Run(analyzer=ANALYZER, version=2, state=State.DONE, mentions=found))


@pytest.fixture
def told() -> dict[str, dict[str, int]]:
    chance = random.Random(4)
    return {str(n): {name: chance.randint(1, 4) for name in chance.sample(NAMES, chance.randint(1, 5))} for n in range(24)}


@pytest.fixture
def shelf(catalog: Catalog, told: dict[str, dict[str, int]]) -> Shelf:
    shelf = Shelf(catalog)
    for name in ("one", "two", "three"):
        shelf.container(name)
    labels = list(told)
    shelf.put("one", {label: label for label in labels[:12]})
    shelf.put("two", {label: label for label in labels[8:18]})
    shelf.put("three", {label: label for label in labels[18:]})
    shelf.record(*(naming(label, names) for label, names in told.items()))
    return shelf


def counted(told: dict[str, dict[str, int]], labels: list[str]) -> list[tuple[str, str, int, int]]:
    """Count by hand: kind, key, contents, mentions, in order."""
    where, times = defaultdict(set), Counter()
    for label in labels:
        for name, count in told[label].items():
            key = (KIND_OF.get(name.lower(), PLACE), entities.key_of(KIND_OF.get(name.lower(), PLACE), name))
            where[key].add(label)
            times[key] += count
    return sorted(((kind, key, len(shas), times[kind, key]) for (kind, key), shas in where.items()), key=order)


def order(one: tuple[str, str, int, int]) -> tuple[int, int, str, str]:
    return -one[2], -one[3], one[0], one[1]


def listed(shelf: Shelf, scope: Scope = EVERYTHING, **more: object) -> list[tuple[str, str, int, int]]:
    values = {"kind": None, "like": "", "after": 0, "limit": 100, **more}
    with shelf.catalog.read() as tx:
        found = often.listed(tx, scope, **values)
    return [(one.kind, entities.key_of(one.kind, one.name), one.contents, one.mentions) for one in found]


@pytest.fixture(params=["counted from the scope", "counted name by name"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "counted name by name":
        monkeypatch.setattr(often, "SMALL", -1)
        monkeypatch.setattr(often, "FIRST", 1)
    return str(request.param)


def test_a_scope_counts_what_its_own_contents_tell(shelf: Shelf, told: dict[str, dict[str, int]], way: str):
    labels = list(told)
    ids = dict(zip(("one", "two", "three"), container_ids(shelf), strict=True))
    assert listed(shelf) == counted(told, labels)
    assert listed(shelf, only(ids["one"])) == counted(told, labels[:12])
    assert listed(shelf, only(ids["one"], ids["two"])) == counted(told, labels[:18])
    assert listed(shelf, only()) == []
    assert listed(shelf, only(ids["three"]), kind=PERSON) == [one for one in counted(told, labels[18:]) if one[0] == PERSON]
    assert listed(shelf, only(ids["two"]), like="harbour") == [
        one for one in counted(told, labels[8:18]) if "harbour" in one[1]
    ]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_fit_together(shelf: Shelf, told: dict[str, dict[str, int]], way: str, limit: int):
    every, pages = listed(shelf), []
    while page := listed(shelf, after=len(pages), limit=limit):
        pages += page
    assert pages == every == counted(told, list(told))


def test_what_nothing_holds_any_more_counts_no_more(shelf: Shelf, told: dict[str, dict[str, int]], way: str):
    labels = list(told)
    for label in labels[18:]:
        shelf.remove("three", label)
    assert listed(shelf) == counted(told, labels[:18])
    with shelf.catalog.write() as tx:
        entities.drop(tx, [digest(label) for label in labels[18:]])
    assert listed(shelf) == counted(told, labels[:18])


def test_where_people_are_kept_out_only_they_are_counted_without(shelf: Shelf, told: dict[str, dict[str, int]], way: str):
    labels = list(told)
    with shelf.catalog.write() as tx:
        tx.execute(
            schema.containers.update().where(schema.containers.c.name == "two").values(metadata={"person_names": "none"})
        )
    people = [one for one in counted(told, labels[:12] + labels[18:]) if one[0] == PERSON]
    others = [one for one in counted(told, labels) if one[0] != PERSON]
    assert listed(shelf) == sorted(people + others, key=order)
    assert listed(shelf, only(container_ids(shelf)[1]), kind=PERSON) == []


def test_spellings_are_those_that_the_scope_sees(shelf: Shelf, told: dict[str, dict[str, int]], way: str):
    labels = list(told)
    for scope, seen in ((EVERYTHING, labels), (only(container_ids(shelf)[2]), labels[18:])):
        with shelf.catalog.read() as tx:
            found = often.listed(tx, scope, kind=PERSON, like="", after=0, limit=10)
        spelt = {name for label in seen for name in told[label] if name.lower() == "anna miller"}
        assert {name for one in found for name in one.spellings} == spelt


def test_counts_follow_whatever_is_read_again_left_out_or_dropped(shelf: Shelf, told: dict[str, dict[str, int]]):
    labels = list(told)
    shelf.record(*(naming(label, {"Hamburg": 2, "New Name": 1}) for label in labels[:5]))
    with shelf.catalog.write() as tx:
        entities.withhold(tx, [digest(label) for label in labels[5:9]])
        entities.drop(tx, [digest(label) for label in labels[9:11]])
    whole = sa.select(mentions.c.entity_id, sa.func.count(mentions.c.sha256.distinct()), sa.func.sum(mentions.c.count))
    spelt = sa.select(mentions.c.entity_id, mentions.c.spelling, sa.func.sum(mentions.c.count))
    with shelf.catalog.read() as tx:
        counted_anew = {tuple(map(int, row)) for row in tx.execute(whole.group_by(mentions.c.entity_id))}
        assert {tuple(row) for row in tx.execute(sa.select(kept.c.id, kept.c.contents, kept.c.mentions))} == counted_anew
        rows = tx.execute(spelt.group_by(mentions.c.entity_id, mentions.c.spelling))
        assert {tuple(row) for row in tx.execute(sa.select(spellings))} == {
            (key, text, int(count)) for key, text, count in rows
        }


def container_ids(shelf: Shelf) -> list[int]:
    with shelf.catalog.read() as tx:
        return [containers.get(tx, name, EVERYTHING).id for name in ("one", "two", "three")]


def test_every_kind_is_known():
    assert set(KIND_OF.values()) | {PLACE} <= set(KINDS)
