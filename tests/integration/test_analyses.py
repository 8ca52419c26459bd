"""What is pending, what outcomes leave behind, and what a lost content ends as; on SQLite and PostgreSQL."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from strongroom.domain.analysis import AnalyzerSpec, State
from strongroom.domain.outcome import KeptMember, KeptRendition, Outcome, Run
from strongroom.storage.catalog import Catalog, analyses, contents, now, standings
from strongroom.testing.shelf import EVERYTHING, Shelf, digest, only, outcome, run
from strongroom.vault import Vault

TEXT = AnalyzerSpec(name="words", version=1, accepts=("text/*",))
ZIP = AnalyzerSpec(name="unpack", version=1, accepts=("application/zip",))
ANY = AnalyzerSpec(name="any", version=1, accepts=("*/*",))


@pytest.fixture
def shelf(catalog: Catalog) -> Shelf:
    shelf = Shelf(catalog)
    shelf.container("one")
    return shelf


def pending(shelf: Shelf, *specs: AnalyzerSpec, **given: object) -> set[str]:
    values = {"containers": None, "after": "", "limit": 100, **given}
    with shelf.catalog.read() as tx:
        found = analyses.pending(tx, specs, **values)
        assert found == sorted(found)
        counted = {name: value for name, value in values.items() if name in ("containers", "failed_before")}
        assert values["after"] or values["limit"] != 100 or analyses.pending_count(tx, specs, **counted) == len(found)
    return set(found)


def named(*labels: str) -> set[str]:
    return {digest(label) for label in labels}


def test_a_new_content_is_pending_until_each_analyzer_that_takes_it_has_finished(shelf: Shelf):
    shelf.put("one", {"a": "a"})
    assert pending(shelf, TEXT, ZIP) == named("a")
    shelf.record(outcome("a", "text/plain"))
    assert pending(shelf, TEXT) == named("a")
    assert pending(shelf, ZIP) == set()
    shelf.record(outcome("a", "text/plain", run("words")))
    assert pending(shelf, TEXT, ZIP) == set()
    assert pending(shelf, ANY) == named("a")


@pytest.mark.parametrize("state", list(State))
def test_done_failed_and_skipped_are_all_finished(shelf: Shelf, state: State):
    shelf.put("one", {"a": "a"})
    shelf.record(outcome("a", "text/plain", run("words", state=state)))
    assert pending(shelf, TEXT) == set()


def test_a_newer_version_of_an_analyzer_makes_its_contents_pending(shelf: Shelf):
    shelf.put("one", {"a": "a"})
    shelf.record(outcome("a", "text/plain", run("words", state=State.FAILED)))
    newer = AnalyzerSpec(name="words", version=2, accepts=("text/*",))
    assert pending(shelf, newer) == named("a")
    shelf.record(outcome("a", "text/plain", run("words", version=2)))
    assert pending(shelf, newer) == set()


def test_failures_are_pending_again_only_if_they_are_older_than_asked(shelf: Shelf):
    begun = now() - timedelta(seconds=1)
    shelf.put("one", {"a": "a", "b": "b", "c": "c"})
    shelf.record(outcome("a", "text/plain", run("words", state=State.FAILED)), outcome("b", "text/plain", run("words")))
    shelf.record(outcome("c", None, fault="it could not be read"))
    later = now() + timedelta(seconds=1)
    assert pending(shelf, TEXT) == set()
    assert pending(shelf, TEXT, failed_before=begun) == set()
    assert pending(shelf, TEXT, failed_before=later) == named("a", "c")
    assert pending(shelf, ZIP, failed_before=later) == named("c")
    assert pending(shelf, TEXT, failed_before=later, containers=frozenset()) == set()
    with shelf.catalog.read() as tx:
        assert analyses.due(tx, named("a", "b", "c"), [TEXT], failed_before=later) == {
            digest("a"): (TEXT,),
            digest("b"): (),
            digest("c"): (TEXT,),
        }


def test_pages_follow_each_other_without_gaps_or_repeats(shelf: Shelf):
    labels = [f"content {i}" for i in range(25)]
    other = shelf.container("two")
    shelf.put("one", {label: label for label in labels})
    shelf.put("two", {label: label for label in labels[:10]})
    shelf.record(*(outcome(label, "text/plain") for label in labels[:7]))
    for containers in (None, frozenset([other])):
        found: list[str] = []
        with shelf.catalog.read() as tx:
            while page := analyses.pending(tx, [TEXT], containers=containers, after=found[-1] if found else "", limit=4):
                found += page
        assert found == sorted(named(*(labels if containers is None else labels[:10])))


def test_only_what_a_live_blob_of_a_live_container_holds_is_pending(shelf: Shelf):
    two = shelf.container("two")
    shelf.put("one", {"a": "a", "b": "b"})
    shelf.put("two", {"c": "c"})
    shelf.remove("one", "b")
    shelf.put("one", {"a": "a2"})
    assert pending(shelf, TEXT) == named("a2", "c")
    assert pending(shelf, TEXT, containers=frozenset([two])) == named("c")
    shelf.delete_container("two")
    assert pending(shelf, TEXT) == named("a2")
    assert pending(shelf, TEXT, containers=frozenset([two])) == set()


def test_members_are_pending_wherever_their_archive_is_held_and_go_with_it(shelf: Shelf):
    two = shelf.container("two")
    shelf.put("one", {"a.zip": "zip"})
    shelf.record(outcome("zip", "application/zip", run("unpack", members={"in/a.zip": "inner"})))
    shelf.record(outcome("inner", "application/zip", run("unpack", members={"b.txt": "text"})))
    assert pending(shelf, TEXT, ZIP) == named("text")
    shelf.put("two", {"again.zip": "zip"})
    assert pending(shelf, TEXT, ZIP, containers=frozenset([two])) == named("text")
    shelf.remove("one", "a.zip")
    assert pending(shelf, TEXT, ZIP) == named("text")
    shelf.remove("two", "again.zip")
    assert pending(shelf, TEXT, ZIP) == set()


def test_an_archive_that_holds_itself_dies_with_its_blob(shelf: Shelf):
    shelf.put("one", {"droste.zip": "droste"})
    shelf.record(outcome("droste", "application/zip", run("unpack", members={"droste.zip": "droste", "a": "a"})))
    shelf.remove("one", "droste.zip")
    with shelf.catalog.read() as tx:
        assert set(contents.dead(tx, 10)) == named("droste", "a")


def test_members_that_a_newer_reading_does_not_find_are_held_no_more(shelf: Shelf):
    shelf.put("one", {"a.zip": "zip"})
    shelf.record(outcome("zip", "application/zip", run("unpack", members={"a": "a", "b": "b"})))
    shelf.record(outcome("zip", "application/zip", run("unpack", version=2, members={"b": "b", "c": "c"})))
    assert pending(shelf, TEXT) == named("b", "c")
    with shelf.catalog.read() as tx:
        assert contents.dead(tx, 10) == [digest("a")]


def test_recording_twice_changes_nothing_but_attempts(shelf: Shelf):
    shelf.put("one", {"a.zip": "zip"})
    told = outcome("zip", "application/zip", run("unpack", members={"a": "a"}, properties={"member-count": 1}))

    def everything() -> dict[str, list[object]]:
        with shelf.catalog.read() as tx:
            tables = ("contents", "members", "holdings", "renditions", "objects")
            found = {name: sorted(map(repr, tx.execute(sa.text(f"SELECT * FROM {name}")))) for name in tables}
            assert tx.scalar(sa.text("SELECT max(attempts) FROM analyses")) == attempts
        return found

    attempts = 1
    shelf.record(told)
    once = everything()
    attempts = 2
    shelf.record(told)
    assert everything() == once


def test_an_outcome_of_a_content_that_is_gone_leaves_nothing_behind(shelf: Shelf, vault: Vault):
    kept = vault.keep([b"a picture"])
    picture = KeptRendition(role="thumbnail", media_type="image/jpeg", object=kept)
    freed = shelf.record(
        Outcome(
            sha256=digest("never put"),
            media_type="image/png",
            type="image",
            runs=(Run(analyzer="image", version=1, state=State.DONE, renditions=(picture,)),),
        )
    )
    assert [one for one, _ in freed] == [kept.object_id]
    with shelf.catalog.read() as tx:
        assert contents.contents(tx, [digest("never put")]) == {}


def test_objects_of_members_and_renditions_are_freed_when_nothing_refers_to_them(shelf: Shelf, vault: Vault):
    shelf.put("one", {"a.zip": "zip"})
    first, second, inner, twin = (vault.keep([text]) for text in (b"one", b"two", b"inner", b"inner"))

    def told(picture: object, member: object) -> Outcome:
        made = Run(
            analyzer="unpack",
            version=1,
            state=State.DONE,
            members=(KeptMember(path="inner.txt", object=member),),
            renditions=(KeptRendition(role="thumbnail", media_type="image/jpeg", object=picture),),
        )
        return Outcome(sha256=digest("zip"), media_type="application/zip", type="archive", runs=(made,))

    assert shelf.record(told(first, inner)) == []
    freed = {one for one, _ in shelf.record(told(second, twin))}
    assert freed == {first.object_id, twin.object_id} - {inner.object_id}
    with shelf.catalog.read() as tx:
        assert tx.scalars(sa.text("SELECT object_id FROM renditions")).all() == [second.object_id]
        held = tx.scalars(sa.text("SELECT object_id FROM contents WHERE object_id IS NOT NULL")).all()
        assert held == [inner.object_id]
    shelf.remove("one", "a.zip")
    with shelf.catalog.write() as tx:
        freed = {one for one, _ in contents.drop(tx, contents.dead(tx, 10))}
    assert freed == {second.object_id, inner.object_id}
    with shelf.catalog.read() as tx:
        assert contents.contents(tx, [digest("zip"), inner.sha256]) == {}


def test_dropping_spares_what_is_held_and_what_lies_in_it(shelf: Shelf):
    shelf.put("one", {"a.zip": "zip"})
    shelf.record(outcome("zip", "application/zip", run("unpack", members={"a": "a"})))
    with shelf.catalog.write() as tx:
        contents.drop(tx, named("zip", "a"))
        assert set(contents.contents(tx, named("zip", "a"))) == named("zip", "a")
    shelf.remove("one", "a.zip")
    with shelf.catalog.write() as tx:
        contents.drop(tx, [digest("a")])
        assert set(contents.contents(tx, named("zip", "a"))) == named("zip", "a")
        contents.drop(tx, named("zip", "a"))
        assert contents.contents(tx, named("zip", "a")) == {}


def test_a_lost_content_fails_what_was_due_and_is_pending_no_more(shelf: Shelf):
    shelf.put("one", {"a": "a", "b": "b"})
    shelf.record(outcome("a", "text/plain", run("words")))
    with shelf.catalog.write() as tx:
        for label in ("a", "b", "unknown"):
            analyses.lose(tx, digest(label), [TEXT, ANY], "it took longer than 300 s")
    assert pending(shelf, TEXT, ANY) == set()
    with shelf.catalog.read() as tx:
        known = standings.load(tx)
        rows = tx.execute(sa.text("SELECT sha256, standing FROM contents")).all()
        runs = {sha: dict(known[key].runs) for sha, key in rows}
    assert runs[digest("a")] == {"words": (1, State.DONE), "any": (1, State.FAILED)}
    assert runs[digest("b")] == {"bytes": (1, State.FAILED)}
    later = now() + timedelta(seconds=1)
    assert pending(shelf, TEXT, ANY, failed_before=later) == named("a", "b")
    shelf.record(outcome("b", "text/plain", run("words"), run("any")))
    assert pending(shelf, TEXT, ANY, failed_before=later) == named("a")


def test_losing_a_retried_content_counts_the_attempt(shelf: Shelf):
    shelf.put("one", {"a": "a"})
    shelf.record(outcome("a", "text/plain", run("words", state=State.FAILED, reason="first")))
    with shelf.catalog.write() as tx:
        analyses.lose(tx, digest("a"), [TEXT], "second")
        row = tx.execute(sa.text("SELECT reason, attempts FROM analyses")).one()
    assert tuple(row) == ("second", 2)


def test_texts_that_a_database_refuses_are_stored_without_harm(shelf: Shelf):
    shelf.put("one", {"a.zip": "zip"})
    odd = {"bad\0name\udcff.txt": "a"}
    made = run("unpack", members=odd, reason="nul \0 inside", properties={"au\0thor": "x\ud800y", "scale": float("nan")})
    for _ in range(2):
        shelf.record(outcome("zip", "application/zip", made))
    with shelf.catalog.read() as tx:
        assert tx.scalar(sa.text("SELECT path FROM members")) == "bad\ufffdname\ufffd.txt"
        assert analyses.properties(tx, [digest("zip")]) == {
            digest("zip"): {"au\ufffdthor": "x\ufffdy", "scale": None},
        }


def test_properties_of_all_analyzers_are_merged(shelf: Shelf):
    shelf.put("one", {"a": "a"})
    shelf.record(outcome("a", "image/png", run("image", properties={"width": 3}), run("exif", properties={"camera": "X"})))
    with shelf.catalog.read() as tx:
        assert analyses.properties(tx, named("a", "b")) == {digest("a"): {"width": 3, "camera": "X"}}
        assert analyses.earlier(tx, [(digest("a"), "exif")]) == {("exif", 1): [digest("a")]}
        assert analyses.rate(tx) > 0


def test_a_scope_that_holds_nothing_has_nothing_pending(shelf: Shelf):
    shelf.put("one", {"a": "a"})
    assert pending(shelf, TEXT, containers=only(999).containers) == set()
    assert EVERYTHING.containers is None
