"""The form in which what was said is kept."""

from strongroom.domain.transcript import Utterance, Word, dump, load, role


def test_what_is_written_is_read_again():
    words = (Word(text="Hello", t_start=1.0, t_end=1.4, probability=0.98), Word(text="there.", t_start=1.5, t_end=1.9))
    said = (Utterance(text="Hello there.", t_start=1.0, t_end=1.9, language="en", words=words),)
    assert load(dump(said)) == said


def test_a_subtitle_has_no_words_and_perhaps_no_language():
    said = (Utterance(text="Привет", t_start=0.0, t_end=2.0, language=None),)
    assert load(dump(said)) == said


def test_roles_sort_as_time_does():
    starts = [0.0, 9.5, 10.0, 599.999, 3600.0, 28_800.0]
    assert sorted(map(role, reversed(starts))) == [role(start) for start in starts]
