"""What people type is read as they mean it."""

from datetime import UTC, datetime

import pytest

from strongroom.domain.query import Choice, Term, parse
from strongroom.errors import QueryError


def test_words_phrases_and_exclusions_are_told_apart():
    query = parse('harbour "annual report" -draft -"for internal use" office')
    assert query.words == ("harbour", "office")
    assert query.phrases == ("annual report",)
    assert query.without == (Term(text="draft"), Term(text="for internal use", exact=True))
    assert query.meaning == "harbour annual report office"


@pytest.mark.parametrize(
    "text",
    ["meet at 10:30", "https://a.example/b?c=d:e", "jack-o'-lantern", "C:\\temp", "foo:bar", "filetype:pdf", "after: the war",
     "type:", "e-mail -", "size < 10", "a->b", "don't", '5" disk', "tench, Tinca tinca"],
)  # fmt: skip
def test_what_is_not_a_filter_is_words(text: str):
    query = parse(text)
    assert query.meaning == text
    assert not query.without
    assert query.types == query.extensions == Choice()


def test_an_alias_stands_for_its_types():
    assert parse("type:office").types.only == ("document", "spreadsheet", "presentation")
    assert parse("TYPE:Photo -type:mail").types == Choice(only=("image",), without=("mail",))


def test_values_may_be_quoted_or_listed():
    assert parse('container:"letters" container:mail-2,photos').containers.only == ("letters", "mail-2", "photos")
    assert parse("ext:.PDF,docx").extensions.only == ("pdf", "docx")
    assert parse("lang:en-GB -lang:de").languages == Choice(only=("en",), without=("de",))


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("before:2020", datetime(2020, 1, 1, tzinfo=UTC), None),
        ("after:2020-03", None, datetime(2020, 3, 1, tzinfo=UTC)),
        ("after:2019 before:2020-02-03", datetime(2020, 2, 3, tzinfo=UTC), datetime(2019, 1, 1, tzinfo=UTC)),
        ("-before:2020", None, datetime(2020, 1, 1, tzinfo=UTC)),
        ("before:2019 before:2021", datetime(2021, 1, 1, tzinfo=UTC), None),
    ],
)
def test_dates_count_from_their_first_day(text: str, before: datetime | None, after: datetime | None):
    query = parse(text)
    assert (query.before, query.after) == (before, after)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("size>10MB", 10_000_001, None),
        ("size>=1KiB", 1024, None),
        ("size<1.5k", None, 1499),
        ("size:<=2gib", None, 2 * 1024**3),
        ("-size>10", None, 10),
        ("size>1 size<3", 2, 2),
        ('size>"1 MB"', 1_000_001, None),
    ],
)
def test_sizes_are_inclusive_bounds(text: str, least: int | None, most: int | None):
    query = parse(text)
    assert (query.size_min, query.size_max) == (least, most)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("duration>10m", (600.0, False), None),
        ("duration<=1h30m", None, (5400.0, True)),
        ("duration>90", (90.0, False), None),
        ("duration:>=1:30:00", (5400.0, True), None),
        ("-duration>2.5s", None, (2.5, True)),
        ('duration<"1h 2m"', None, (3720.0, False)),
        ("duration>10m duration>=10m duration<5m duration<1h", (600.0, True), (3600.0, False)),
    ],
)
def test_durations_are_bounds_as_they_are_typed(text: str, least: tuple[float, bool] | None, most: tuple[float, bool] | None):
    query = parse(text)
    found = [bound and (bound.seconds, bound.inclusive) for bound in (query.duration_min, query.duration_max)]
    assert found == [least, most]
    assert parse(str(query)) == query


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("type:poem", "it can be image, pdf"),
        ("before:yesterday", "YYYY-MM-DD"),
        ("after:2020-13", "YYYY-MM-DD"),
        ("size>big", "size>10MB"),
        ("size:10MB", "size>10MB"),
        ("size<0", "size<10MB"),
        ("duration>long", "duration>10m"),
        ("duration:10m", "duration<=1h30m"),
        ("duration<0s", "duration<10m"),
        ("duration>99999999999:00", "duration>1:30:00"),
        ("lang:klingon", "ISO 639"),
        ("container:a/b", "a-z, 0-9 and hyphens"),
        ('ext:""', "ext:pdf"),
    ],
)
def test_an_impossible_value_is_told_with_what_it_can_be(text: str, says: str):
    with pytest.raises(QueryError, match=says):
        parse(text)


def test_a_quotation_mark_that_never_closes_is_left_out():
    assert parse('say "hello there').words == ("say", "hello", "there")
    assert parse("„Guten Tag“").phrases == ("Guten Tag",)
    assert parse('"" "..." -""').terms == ()


def test_a_query_of_broken_characters_is_still_a_query():
    assert parse("a\ud800b").words == ("a?b",)
