"""What the doors of recordings ask of the catalog, on both databases."""

from strongroom.domain.analysis import State
from strongroom.storage.catalog import Catalog, recordings
from strongroom.testing.shelf import Shelf, digest, outcome, run
from strongroom.vault import Vault


def test_recordings_are_found_by_the_beginning_of_their_names_in_many_places_at_once(catalog: Catalog):
    shelf = Shelf(catalog)
    one, two = shelf.container("one"), shelf.container("two")
    shelf.put(
        "one", {"a/film.mp4": "film", "a/film.srt": "words", "a/film.txt": "text", "a/films.mp4": "other", "tone.wav": "tone"}
    )
    shelf.put("two", {"film.mp4": "film"})
    kinds = {"film": "video/mp4", "words": "text/plain", "text": "text/plain", "other": "video/mp4", "tone": "audio/wav"}
    shelf.record(*(outcome(label, kind) for label, kind in kinds.items()))
    places = {(one, "a/film."), (one, "tone."), (two, "tone."), *((one, f"none{n}.") for n in range(250))}
    with catalog.read() as tx:
        found = recordings.under(tx, places)
    assert found == [(one, "a/film.mp4", digest("film")), (one, "tone.wav", digest("tone"))]
    shelf.remove("one", "tone.wav")
    with catalog.read() as tx:
        assert recordings.under(tx, {(one, "tone.")}) == []


def test_roles_are_given_in_order_and_the_end_of_an_analysis_with_its_reason(catalog: Catalog, vault: Vault):
    shelf = Shelf(catalog)
    shelf.container("one")
    shelf.put("one", {"film.mp4": "film"})
    roles = {
        role: vault.keep([role.encode()])
        for role in ("transcript-000000060000", "transcript-000000000000", "transcripts", "waveform")
    }
    speech = run("speech", state=State.FAILED, reason="it is broken", renditions=roles)
    shelf.record(outcome("film", "video/mp4", speech))
    with catalog.read() as tx:
        assert recordings.roles(tx, digest("film"), "transcript-") == ["transcript-000000000000", "transcript-000000060000"]
        assert recordings.end_of(tx, digest("film"), "speech") == (State.FAILED, "it is broken")
        assert recordings.end_of(tx, digest("film"), "video") is None


def test_members_are_found_by_the_beginning_of_their_paths(catalog: Catalog):
    shelf = Shelf(catalog)
    shelf.container("one")
    shelf.put("one", {"tapes.zip": "tapes"})
    inside = run("archive", members={"a/film.mp4": "film", "a/film.srt": "words", "a/films.mp4": "other", "b.txt": "text"})
    shelf.record(outcome("tapes", "application/zip", inside))
    with catalog.read() as tx:
        found = recordings.members_under(tx, digest("tapes"), "a/film.", 10)
    assert found == [("a/film.mp4", digest("film")), ("a/film.srt", digest("words"))]
