"""What texts name is found once all analyzers have read them, counted within the scope, and searched by any spelling."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import strongroom
from strongroom.domain.analysis import State
from strongroom.domain.entities import ANALYZER, ORGANISATION, PERSON, PLACE, Mention, Named
from strongroom.domain.outcome import Outcome, Run
from strongroom.domain.scope import Actor
from strongroom.domain.settings import Settings, load_settings
from strongroom.errors import QueryError, UsageError
from strongroom.flows import naming_filter
from strongroom.models.store import ModelStore
from strongroom.room import Room
from strongroom.storage.catalog import Catalog, analyses, entities, often
from strongroom.testing.fakes import FixedPolicy
from strongroom.testing.shelf import EVERYTHING, Shelf, digest, outcome

OFFICE = b"Minutes of 3 March 2021. The Harbour Office in Hamburg paid Meridian Shipping Ltd. 4,500 euros. Dr A. Miller signed."
LETTER = b"The HARBOUR OFFICE told Meridian Shipping Limited on 2021-03-03 that it was enough, said A. Miller in London."
GERMAN = "Das Hafenamt zahlte am 3. März 2021 genau 4.500 EUR für die Hafenstraße 12, 20457 Hamburg.".encode()


@contextmanager
def filled(path: Path) -> Iterator[Room]:
    with strongroom.init(path, workers=1) as made:
        made.create_container("letters")
        made.create_container("private")
        made.upload("letters", "office.txt", OFFICE)
        made.upload("private", "letter.txt", LETTER)
        made.upload("letters", "german.txt", GERMAN)
        made.upload("letters", "apple.txt", b"An apple a day keeps nobody away from the orchard.")
        made.analyze()
        yield made


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A room of one's own."""
    with filled(tmp_path / "room") as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A room that nothing is changed in."""
    with filled(tmp_path_factory.mktemp("entities") / "room") as made:
        yield made


def names(room: Room, kind: str) -> dict[str, int]:
    return {one.name: one.contents for one in room.entities(kind=kind)}


def hits(room: Room, query: str) -> set[str]:
    return {hit.names[0].blob for hit in room.search(query).hits}


def test_spellings_are_counted_together_and_found_by_any_of_them(shared: Room):
    office = next(one for one in shared.entities(kind=ORGANISATION) if "Harbour" in one.name)
    assert (office.contents, set(office.spellings)) == (2, {"The Harbour Office", "The HARBOUR OFFICE"})
    assert hits(shared, 'entity:"harbour office"') == {"office.txt", "letter.txt"}
    assert hits(shared, 'harbour entity:"HARBOUR OFFICE"') == {"office.txt", "letter.txt"}
    assert hits(shared, "entity:2021-03-03") == {"office.txt", "letter.txt", "german.txt"}
    assert hits(shared, 'entity:"€4500" -entity:"Meridian Shipping Limited"') == {"german.txt"}
    assert hits(shared, 'entity:hamburg entity:"A. Miller"') == {"office.txt"}
    assert not hits(shared, "entity:hamburg entity:london")
    assert not hits(shared, "entity:nobody")
    facets = shared.search("harbour").facets
    assert facets[PERSON] == {"A. Miller": 2}
    assert shared.coverage().pending == 0


def test_more_contents_than_a_predicate_lists_are_held_against_the_catalog(shared: Room, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(naming_filter, "INLINE", 1)
    assert hits(shared, "entity:2021-03-03") == {"office.txt", "letter.txt", "german.txt"}
    assert hits(shared, "hamburg -entity:2021-03-03") == {"apple.txt"} & hits(shared, "hamburg")
    assert hits(shared, 'entity:2021-03-03 entity:"A. Miller" entity:london') == {"letter.txt"}
    assert hits(shared, "orchard -entity:2021-03-03") == {"apple.txt"}


def test_the_model_is_asked_about_english_only_and_forms_are_found_in_any_language(shared: Room):
    found = {(one.kind, one.name) for one in shared.entities(content="letters/german.txt")}
    assert {kind for kind, _ in found} == {"date", "amount", "address"}
    assert not shared.entities(content="letters/apple.txt")


def test_without_the_model_forms_are_found_and_nothing_stays_pending(tmp_path: Path):
    models = tmp_path / "models"
    models.mkdir()
    whole = ModelStore.of(load_settings(None, os.environ)).directory
    for place in whole.iterdir():
        if place.name != Settings().entity_model:
            (models / place.name).symlink_to(place)
    with strongroom.init(tmp_path / "room", workers=1, models_dir=str(models)) as room:
        room.create_container("letters")
        room.upload("letters", "office.txt", OFFICE)
        room.analyze()
        assert {one.kind for one in room.entities()} == {"date", "amount"}
        assert room.coverage().pending == 0
    with strongroom.open(tmp_path / "room", workers=1, models_dir=str(whole)) as room:
        assert room.coverage().pending == 1, "it is looked through again when the model is there"
        room.analyze()
        assert {one.kind for one in room.entities()} >= {"date", "amount", PERSON, ORGANISATION}


def test_none_turns_it_off(tmp_path: Path):
    with strongroom.init(tmp_path / "room", workers=1, entity_model="none") as room:
        room.create_container("letters")
        room.upload("letters", "office.txt", OFFICE)
        room.analyze()
        assert not room.entities()
        assert room.coverage().searched == 1


def test_a_scope_sees_its_own_names_spellings_and_counts(shared: Room):
    letters = shared.vault.container("letters", shared.scope("list")).id
    ann = shared.acting(Actor(name="ann"), FixedPolicy(frozenset({letters})))
    assert {one.name: one.contents for one in ann.entities(kind=PLACE)} == {"Hamburg": 1}
    office = next(one for one in ann.entities(kind=ORGANISATION) if "Harbour" in one.name)
    assert (office.contents, office.mentions, office.spellings) == (1, 1, ("The Harbour Office",))
    assert {hit.names[0].blob for hit in ann.search('entity:"Harbour Office"').hits} == {"office.txt"}
    assert ann.search("harbour").facets[PERSON] == {"Dr A. Miller": 1}


def test_a_container_may_keep_people_out(room: Room):
    assert names(room, PERSON) == {"A. Miller": 2}
    private = room.vault.container("private", room.scope("manage"))
    room.vault.set_container_metadata(private, {"person_names": "none"})
    assert names(room, PERSON) == {"Dr A. Miller": 1}, "it is no longer shown at once"
    assert hits(room, 'entity:"A. Miller"') == {"office.txt"}
    room.upload("private", "new.txt", b"Yesterday John Smith met the Harbour Office in Hamburg.")
    room.analyze()
    with room._parts.catalog.read() as tx:
        spelt = set(tx.scalars(entities.mentions.select().with_only_columns(entities.mentions.c.spelling)))
    assert "A. Miller" not in spelt, "what was stored is gone"
    assert "John Smith" not in spelt, "what is new is not stored"
    assert names(room, PLACE)["Hamburg"] == 2
    room.vault.set_container_metadata(private, {})
    room.analyze()
    assert names(room, PERSON) == {"A. Miller": 2, "John Smith": 1}


def test_what_goes_takes_its_names_along(room: Room):
    room.delete_blob("letters", "office.txt")
    assert "Hamburg" not in names(room, PLACE)
    room.analyze()
    with room._parts.catalog.read() as tx:
        assert "hamburg" not in set(tx.scalars(entities.table.select().with_only_columns(entities.table.c.key)))


def test_doing_it_twice_changes_nothing_and_a_content_that_is_read_again_is_looked_through_again(room: Room):
    before = room.entities(limit=1000)
    assert room.analyze().contents == 0
    with room._parts.catalog.write() as tx:
        sha256 = next(iter(entities.naming(tx, ["Hamburg"], room.scope("list"))))
        run = Run(analyzer="text", version=1, state=State.DONE, segments=1)
        analyses.record(tx, [Outcome(sha256=sha256, media_type="text/plain", type="text", runs=(run,))])
    assert room.coverage().pending == 1
    room.analyze()
    assert room.entities(limit=1000) == before


def test_what_cannot_be_asked_is_said(shared: Room):
    with pytest.raises(UsageError, match="organisation"):
        shared.entities(kind="ship")
    with pytest.raises(UsageError, match="limit"):
        shared.entities(limit=0)
    with pytest.raises(QueryError, match="Harbour Office"):
        shared.search('entity:"--"')


def test_both_databases_count_each_content_once_however_often_it_is_recorded(catalog: Catalog):
    shelf = Shelf(catalog)
    shelf.container("one")
    shelf.put("one", {"a": "a", "b": "b"})
    mention = Mention(named=Named(kind=ORGANISATION, text="Harbour\0Office"), count=3)
    reading = Run(analyzer=ANALYZER, version=2, state=State.DONE, mentions=(mention,))
    for _ in range(2):
        shelf.record(outcome("a", "text/plain", reading), outcome("b", "text/plain", reading))
    with catalog.read() as tx:
        (one,) = often.listed(tx, EVERYTHING, kind=None, like="harbour", after=0, limit=10)
        assert (one.contents, one.mentions, one.spellings) == (2, 6, ("Harbour\ufffdOffice",))
        assert entities.naming(tx, ["the HARBOUR office"], EVERYTHING) == {digest("a"), digest("b")}
        assert entities.naming(tx, ["Harbour Office"], EVERYTHING, among=[digest("a")]) == {digest("a")}
        assert entities.facets(tx, [digest("b")], [ORGANISATION, PERSON], EVERYTHING) == {ORGANISATION: {one.name: 1}}
