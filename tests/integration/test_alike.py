"""Pictures that are nearly the same are found, and others of like things are not; a scope shows its own."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image

import strongroom
from strongroom.domain.scope import Actor
from strongroom.errors import UsageError
from strongroom.room import Room
from strongroom.testing.fakes import FixedPolicy
from strongroom.testing.recordings import photographs


def saved(picture: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("alike")
    pictures = [Image.fromarray(one) for one in photographs((640, 480))]
    with strongroom.init(folder / "room", workers=1) as made:
        made.create_container("photos")
        made.create_container("secret")
        for number, picture in enumerate(pictures):
            made.upload("photos", f"{number}.png", saved(picture, "PNG"))
        first = pictures[0]
        made.upload("photos", "small.jpg", saved(first.resize((200, 150)), "JPEG", quality=40))
        made.upload("photos", "cropped.jpg", saved(first.crop((8, 6, 632, 474)), "JPEG", quality=90))
        made.upload("secret", "grey.jpg", saved(first.convert("L"), "JPEG"))
        made.upload("photos", "note.txt", b"Words, not a picture.")
        made.analyze()
        yield made


def names(room: Room, name: str) -> set[str]:
    return {str(one.names[0]) for one in room.near_duplicates(name)}


def test_the_same_picture_in_another_size_cut_or_saved_anew_is_found(room: Room):
    assert {"photos/small.jpg", "photos/cropped.jpg"} <= names(room, "photos/0.png")
    (small,) = [one for one in room.near_duplicates("photos/0.png") if str(one.names[0]) == "photos/small.jpg"]
    assert (small.width, small.height) == (200, 150)
    assert small.bits is not None


def test_other_pictures_are_not_the_same(room: Room):
    assert names(room, "photos/0.png") <= {"photos/small.jpg", "photos/cropped.jpg", "secret/grey.jpg"}
    assert names(room, "photos/1.png") == set()
    assert room.near_duplicates("photos/note.txt") == ()
    with pytest.raises(UsageError):
        room.near_duplicates("photos/0.png", limit=0)


def test_a_scope_shows_its_own(room: Room):
    granted = room.vault.container("photos", room.scope("list")).id
    guest = room.acting(Actor(name="guest"), FixedPolicy([granted]))
    assert "secret/grey.jpg" not in names(guest, "photos/0.png")
    assert names(guest, "photos/0.png")
