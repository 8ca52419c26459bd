"""What a reader is told and shown of one content: card, text, bytes, thumbnail; a scope shows no more than it grants."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

import strongroom
from strongroom.domain.scope import Actor
from strongroom.errors import BlobNotFound, ContentNotFound, NotFound, Unsupported, UsageError
from strongroom.room import Room
from strongroom.storage.catalog import acts
from strongroom.testing.estate.documents import docx, pdf
from strongroom.testing.estate.pictures import jpeg
from strongroom.testing.fakes import FixedPolicy
from strongroom.testing.recordings import tone, wav

STORY = "\n\n".join(
    f"Chapter {n}. The harbour office wrote its report number {n} about the flooded cellar. " + "It rained all day. " * 30
    for n in range(1, 41)
)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("looking")
    files, rng = folder / "files", Random(7)
    (files / "sub").mkdir(parents=True)
    (files / "story.txt").write_text(STORY, "utf-8")
    (files / "sub" / "again.txt").write_text(STORY, "utf-8")
    (files / "paper.pdf").write_bytes(pdf(rng, "lighthouse"))
    (files / "photo.jpg").write_bytes(jpeg(rng, "harbour"))
    (files / "letter.docx").write_bytes(docx(rng, "anchor"))
    (files / "beep.wav").write_bytes(wav(tone(2.0)))
    with zipfile.ZipFile(files / "pack.zip", "w") as pack:
        pack.writestr("inner/story.txt", STORY)
        pack.writestr("inner/other.txt", "Another short text about a ship in the fog.")
    (folder / "more").mkdir()
    (folder / "more" / "copy.txt").write_text(STORY, "utf-8")
    with strongroom.init(folder / "room", workers=1, office="builtin") as made:
        made.add([f"{files}/"], to="papers")
        made.add([f"{folder / 'more'}/"], to="other")
        made.analyze()
        yield made


def others(room: Room, container: str) -> Room:
    """Give the room as somebody sees it to whom one container is granted."""
    (granted,) = [one.id for one in room.containers() if one.name == container]
    return room.acting(Actor(name="guest"), FixedPolicy([granted]))


def recorded(room: Room, verb: str) -> list[dict[str, object]]:
    with room._parts.catalog.read() as tx:
        return [act.details for _, act in acts.list(tx, -1, 100_000) if act.verb == verb]


def test_a_card_tells_where_a_content_is_and_how_it_was_read(room: Room):
    card = room.card("papers/story.txt")
    assert (card.type, card.size) == ("text", len(STORY.encode()))
    assert {str(name) for name in card.names} == {
        *("papers/story.txt", "papers/sub/again.txt", "other/copy.txt", "papers/pack.zip!/inner/story.txt")
    }
    assert card.name_count == 4
    assert [reading.analyzer for reading in card.readings] == ["text", "entities"]
    assert card.due == ()
    assert [(parent.path, str(parent.name)) for parent in card.parents] == [("inner/story.txt", "papers/pack.zip")]
    assert {(past.container, past.blob) for past in card.history} == {
        *(("papers", "story.txt"), ("papers", "sub/again.txt"), ("other", "copy.txt"))
    }
    assert all(past.sha256 == card.sha256 and past.is_current for past in card.history)
    assert card.languages == {"en": card.segment_count}
    assert recorded(room, "card")[-1] == {"name": "papers/story.txt", "content": card.sha256}


def test_a_card_of_an_archive_lists_its_members_a_part_at_a_time(room: Room):
    card = room.card("papers/pack.zip")
    assert [member.path for member in card.members.members] == ["inner/story.txt", "inner/other.txt"]
    assert card.members.total == 2
    rest = room.inside("papers/pack.zip", after=1, limit=5)
    assert ([member.path for member in rest.members], rest.more) == (["inner/other.txt"], False)
    assert room.inside("papers/pack.zip", limit=1).more
    with pytest.raises(UsageError):
        room.inside("papers/pack.zip", after=-1)


def test_a_card_tells_of_pages_pictures_and_lengths(room: Room):
    assert room.card("papers/paper.pdf").page_count == 2
    photo = room.card("papers/photo.jpg")
    assert photo.page_count == 1
    assert "thumbnail" in {role.role for role in photo.renditions}
    beep = room.card("papers/beep.wav")
    assert beep.duration == pytest.approx(2.0, abs=0.1)
    assert "waveform" in {role.role for role in beep.renditions}


def test_a_card_shows_only_what_the_scope_grants(room: Room):
    guest = others(room, "other")
    card = guest.card(room.card("papers/story.txt").sha256)
    assert [str(name) for name in card.names] == ["other/copy.txt"]
    assert card.name_count == 1
    assert card.parents == ()
    assert {past.container for past in card.history} == {"other"}
    hidden = room.card("papers/paper.pdf").sha256
    for verb in (guest.card, guest.inside, guest.text, guest.open, guest.thumbnail):
        with pytest.raises(ContentNotFound):
            verb(hidden)
    with pytest.raises(ContentNotFound):
        guest.rendition(hidden, "thumbnail")


def test_a_card_tells_of_versions_that_are_past(tmp_path: Path):
    with strongroom.init(tmp_path / "room", workers=1) as room:
        room.keep_deleted(blob_days=7)
        container = room.vault.create_container("notes", keeps_versions=True)
        first = room.vault.put(container, "a.txt", b"first words")
        room.vault.put(container, "a.txt", b"second words")
        card = room.card("notes/a.txt")
        assert [(past.size, past.is_current) for past in card.history] == [(12, True), (11, False)]
        with pytest.raises(ContentNotFound):  # no live blob holds it
            room.card(str(first.sha256))


def test_text_comes_whole_and_in_reading_order(room: Room):
    parts, after = [], 0
    while True:
        text = room.text("papers/story.txt", after=after, limit=10)
        parts += [piece for piece in text.pieces if piece.kind == "passage"]
        after += len(text.pieces)
        if not text.more:
            break
    assert after == text.total
    starts = [piece.locator.char_start for piece in parts]
    assert starts == sorted(starts)
    assert all(STORY[p.locator.char_start : p.locator.char_end] == p.text for p in parts)
    assert "".join("".join(p.text.split()) for p in parts) == "".join(STORY.split())


def test_text_is_opened_at_a_match(room: Room):
    match = room.search('"report number 31" container:papers').hits[0].matches[0]
    text = room.text("papers/story.txt", segment=match.segment_id, limit=5)
    assert [piece.segment_id for piece in text.pieces].index(match.segment_id) == 2
    with pytest.raises(NotFound):
        room.text("papers/paper.pdf", segment=match.segment_id)
    for wrong in ({"limit": 0}, {"limit": 5000}, {"after": -1}, {"page": 0}):
        with pytest.raises(UsageError):
            room.text("papers/story.txt", **wrong)


def test_text_of_one_page(room: Room):
    text = room.text("papers/paper.pdf", page=1)
    assert any("lighthouse" in piece.text for piece in text.pieces)
    assert {piece.locator.page for piece in room.text("papers/paper.pdf", page=2).pieces} == {2}
    assert room.text("papers/paper.pdf", page=3).total == 0


def test_bytes_are_read_from_any_place_on(room: Room):
    before = len(recorded(room, "get"))
    data = STORY.encode()
    with room.open("papers/story.txt") as opened:
        assert (opened.size, opened.media_type) == (len(data), "text/plain")
        assert opened.sha256 == room.card("papers/story.txt").sha256
        assert opened.read_at(10, 20) == data[10:30]
        assert opened.read_at(len(data) - 3, 20) == data[-3:]
        assert opened.read_at(len(data) + 3, 20) == b""
        with pytest.raises(UsageError):
            opened.read_at(-1, 2)
    assert b"".join(room.open("papers/story.txt").chunks(5, 50)) == data[5:50]
    assert b"".join(room.open("papers/pack.zip!/inner/story.txt").chunks()) == data
    assert len(recorded(room, "get")) == before + 3


def test_content_that_is_left_half_read_is_closed(room: Room):
    chunks = room.open("papers/story.txt").chunks()
    next(chunks)
    chunks.close()


@pytest.mark.parametrize("name", ["paper.pdf", "photo.jpg", "beep.wav"])
def test_a_thumbnail_is_a_small_picture_of_anything_that_has_one(room: Room, name: str):
    media_type, data = room.thumbnail(f"papers/{name}", size=100)
    with Image.open(io.BytesIO(data)) as picture:
        assert max(picture.size) <= 100
        assert Image.MIME[str(picture.format)] == media_type


def test_what_has_no_picture_says_so(room: Room):
    for name in ("story.txt", "letter.docx", "pack.zip"):
        with pytest.raises(Unsupported):
            room.thumbnail(f"papers/{name}")
    with pytest.raises(BlobNotFound):
        room.thumbnail("papers/none.jpg")
    for size in (0, 5000):
        with pytest.raises(UsageError):
            room.thumbnail("papers/photo.jpg", size=size)


def test_a_thumbnail_that_is_missing_is_made_once_and_kept(room: Room):
    def drop(sha256: str) -> None:
        with room._parts.catalog.write() as tx:
            tx.execute(sa.text("DELETE FROM renditions WHERE sha256 = :sha"), {"sha": sha256})

    for name, role in (("photo.jpg", "thumbnail"), ("paper.pdf", "thumbnail"), ("beep.wav", "waveform")):
        sha256 = room.card(f"papers/{name}").sha256
        drop(sha256)
        first = room.thumbnail(sha256, size=512)
        assert room.rendition(sha256, role) == first or role == "waveform"
        assert room.thumbnail(sha256, size=512) == first
    assert not [fault for fault in room.check() if fault.kind == "missing-object"]


def test_a_look_at_a_small_picture_is_recorded_once_for_each_who_looks(room: Room):
    def count() -> int:
        return len([one for one in recorded(room, "thumbnail") if one["name"] == "papers/photo.jpg"])

    room.thumbnail("papers/photo.jpg")
    before = count()
    room.thumbnail("papers/photo.jpg")
    assert count() == before
    others(room, "papers").thumbnail("papers/photo.jpg")
    assert count() == before + 1


def test_a_rendition_that_is_not_there_says_so(room: Room):
    with pytest.raises(ContentNotFound, match="analyse"):
        room.rendition("papers/story.txt", "pdf")


def test_pictures_like_one_in_the_room_or_like_an_upload_are_found(room: Room):
    photo = io.BytesIO()
    room.get("papers/photo.jpg", photo)
    photo.seek(0)
    assert [str(hit.names[0]) for hit in room.similar(photo).hits][:1] == ["papers/photo.jpg"]
    photo.seek(0)
    assert not room.similar(photo, filters="container:other").hits
    itself = room.card("papers/photo.jpg").sha256
    assert itself not in {hit.content for hit in room.similar_to("papers/photo.jpg").hits}
    with pytest.raises(ContentNotFound):
        room.similar_to("papers/story.txt")


def test_a_page_is_packed_as_it_is_made(room: Room):
    assert room.page("papers/paper.pdf", form="fit").startswith(b"\x89PNG")
    assert room.page("papers/photo.jpg", form="fit").startswith(b"\x89PNG")  # drawn by code, on plain ground
    with pytest.raises(UsageError, match="png or fit"):
        room.page("papers/photo.jpg", form="gif")


def test_a_scan_is_sent_as_jpeg(tmp_path: Path):
    grain = np.random.default_rng(7).normal(235, 6, (1200, 850)).clip(0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(grain).save(out, "PDF", resolution=100)
    with strongroom.init(tmp_path / "room", workers=1, ocr_model="none", plugins=False) as room:
        room.create_container("scans")
        room.upload("scans", "scan.pdf", out.getvalue(), content_type="application/pdf")
        room.analyze()
        drawn, packed = room.page("scans/scan.pdf"), room.page("scans/scan.pdf", form="fit")
    assert (drawn[:4], packed[:2]) == (b"\x89PNG", b"\xff\xd8")
    assert len(packed) * 3 < len(drawn)


def test_stepping_through_a_list_is_no_other_search(room: Room):
    hits = [hit.content for hit in room.search("harbour office report").hits]
    before = len(recorded(room, "search"))
    first, second = hits[:2]
    assert room.around("harbour office report", first)[0] is None
    after = room.around("harbour office report", first)[1]
    assert after is not None
    assert after.content == second
    assert room.around("harbour office report", "0" * 64) == (None, None)
    assert len(recorded(room, "search")) == before
    for _ in range(2):  # somebody opens a link that was sent to them: they have searched as well, once
        others(room, "papers").around("harbour office report", second)
    assert len(recorded(room, "search")) == before + 1


def test_only_archives_and_messages_count_as_holding_others(room: Room):
    known = {name: room.card(f"papers/{name}").sha256 for name in ("pack.zip", "letter.docx", "story.txt")}
    assert room.holding(list(known.values())) == {known["pack.zip"]}
    assert others(room, "other").holding(list(known.values())) == frozenset()
