"""The pieces of a blob: a range of them, and those of blobs of many, which are remembered."""

from hypothesis import given
from hypothesis import strategies as st

from strongroom.storage.catalog.holders import Piece
from strongroom.vault.read import Pieces, cut
from strongroom.vault.recent import MOST_PIECES, Many


def pieces(lengths: list[int]) -> Pieces:
    return Pieces(Piece(object_id=str(number), place="file", start=100, length=one) for number, one in enumerate(lengths))


@given(st.lists(st.integers(1, 9), max_size=12), st.integers(0, 120), st.none() | st.integers(0, 120))
def test_a_range_of_pieces_holds_its_bytes_and_no_others(lengths: list[int], start: int, length: int | None) -> None:
    def places(some: list[Piece] | Pieces) -> list[tuple[str, int]]:
        return [(one.object_id, one.start + at) for one in some for at in range(one.length)]

    blob = pieces(lengths)
    found = cut(blob, start, length)
    end = None if length is None else start + length
    assert places(found) == places(blob)[start:end]
    assert all(one.length for one in found)
    assert cut(list(blob), start, length) == found
    assert blob.total == sum(lengths)


def test_pieces_are_remembered_under_an_etag_until_others_were_asked_for_more_lately() -> None:
    many, half = Many(), pieces([1] * (MOST_PIECES // 2))
    many.keep(1, "a", half)
    many.keep(2, "a", half)
    assert many.get(1, "a") is half
    assert many.get(1, "b") is None
    many.keep(3, "a", half)
    assert many.get(2, "a") is None
    assert many.get(1, "a") is half


def test_what_is_dropped_or_too_much_is_not_remembered() -> None:
    many, few = Many(), pieces([1, 2])
    for version in range(3):
        many.keep(version, "a", few)
        many.drop(version, "a")
        many.drop(version, "a")
        assert many.get(version, "a") is None
    many.keep(1, "a", pieces([1] * (MOST_PIECES + 1)))
    assert many.get(1, "a") is None
    many.keep(1, "a", few)
    many.keep(1, "a", few)
    assert many.get(1, "a") is few
