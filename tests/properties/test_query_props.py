"""Any text is a query, and the canonical text of a query parses to the same query."""

from hypothesis import given
from hypothesis import strategies as st

from strongroom.domain.media import TYPE_ALIASES, TYPES
from strongroom.domain.query import Query, parse
from strongroom.errors import QueryError

PIECES = st.sampled_from(
    ['"', "-", ":", " ", "type:", "ext:", "lang:en", "before:", "after:2020", "2020-02-30", "size>", "size<=", "10MB", "0",
     "duration>", "duration<=", "1h30m", "1:30:00", "0.0000001s",
     "container:", "\u201c", "\u201d", "«", "»", ",", "image", "İ", "tar.gz", "a", "\t", "ß", "日本"]
)  # fmt: skip
NAMES = st.from_regex(r"[a-z0-9]{3,12}", fullmatch=True)


def parsed(text: str) -> Query | None:
    try:
        return parse(text)
    except QueryError:
        return None


@given(
    st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=12).map("".join), st.text(alphabet=st.characters(), max_size=20))
)
def test_any_text_parses_or_says_which_filter_cannot_be(text: str):
    query = parsed(text)
    if query is not None:
        assert parse(str(query)) == query


@given(st.text(alphabet=st.characters(exclude_characters='"«\u201c\u201e:<>-'), max_size=60))
def test_plain_text_is_embedded_as_it_stands(text: str):
    assert parse(text).meaning == " ".join(text.encode("utf-8", "replace").decode().split())


@given(st.lists(st.sampled_from([*TYPES, *TYPE_ALIASES])), st.lists(NAMES), st.lists(NAMES), st.booleans())
def test_filters_of_one_key_are_alternatives(types: list[str], containers: list[str], extensions: list[str], exclude: bool):  # noqa: FBT001
    sign = "-" if exclude else ""
    text = " ".join(
        [f"{sign}type:{t}" for t in types]
        + [f"{sign}container:{c}" for c in containers]
        + [f"{sign}ext:.{e.upper()}" for e in extensions]
    )
    query = parse(text)
    side = "without" if exclude else "only"
    assert set(getattr(query.containers, side)) == set(containers)
    assert set(getattr(query.extensions, side)) == set(extensions)
    assert set(getattr(query.types, side)) == {name for t in types for name in TYPE_ALIASES.get(t, (t,))}
    assert query.meaning == ""


@given(st.floats(0, 1e8), st.sampled_from([">", ">=", "<=", "<"]), st.booleans())
def test_any_duration_is_its_own_canonical_text(seconds: float, operator: str, negative: bool):  # noqa: FBT001
    query = parsed(f"{'-' if negative else ''}duration{operator}{seconds:.9f}")
    if query is None:
        assert operator in ("<", ">=")
        assert round(seconds, 6) == 0
        return
    (bound,) = filter(None, (query.duration_min, query.duration_max))
    assert abs(bound.seconds - seconds) <= 1e-6
    assert parse(str(query)) == query
