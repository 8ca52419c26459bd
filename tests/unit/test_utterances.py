"""What was heard becomes sentences; what the model invents is left out."""

from dataclasses import replace

from strongroom.models.utterances import Heard, Timed, utterances


def heard(text: str, *, probability: float = 0.9, log_probability: float = -0.2, no_speech: float = 0.1) -> Heard:
    words = tuple(
        Timed(text=f" {word}", t_start=index * 0.5, t_end=index * 0.5 + 0.4, probability=probability)
        for index, word in enumerate(text.split())
    )
    return Heard(words=words, text=text, language="en", log_probability=log_probability, no_speech=no_speech)


def said(one: Heard) -> list[str]:
    return [utterance.text for utterance in utterances(one)]


def test_sentences_are_apart_and_titles_end_none():
    assert said(heard("We met Mr. Dashwood. He was kind! Was he? Yes.")) == [
        "We met Mr. Dashwood.",
        "He was kind!",
        "Was he?",
        "Yes.",
    ]


def test_a_pause_ends_an_utterance():
    one = heard("first part second part")
    late = tuple(replace(word, t_start=word.t_start + 2, t_end=word.t_end + 2) for word in one.words[2:])
    found = list(utterances(replace(one, words=one.words[:2] + late)))
    assert [(u.text, u.t_start, u.t_end) for u in found] == [("first part", 0.0, 0.9), ("second part", 3.0, 3.9)]


def test_words_keep_their_times_without_blanks():
    (found,) = utterances(heard("fail better"))
    assert [(word.text, word.t_start, word.t_end) for word in found.words] == [("fail", 0.0, 0.4), ("better", 0.5, 0.9)]


def test_what_the_model_does_not_believe_is_left_out():
    assert said(heard("Thank you for watching.", log_probability=-1.1, no_speech=0.8)) == []
    assert said(heard("Thank you for watching.", log_probability=-1.8)) == []
    assert said(heard("Thank you for watching.", probability=0.2)) == []
    assert said(heard("Thank you for watching.")) == ["Thank you for watching."]


def test_repetitions_are_left_out():
    assert said(heard("I am a man who is " * 30)) == []


def test_marks_without_a_word_are_left_out():
    assert said(heard("...")) == []
    assert said(heard("")) == []


def test_a_window_whose_end_was_not_written_is_told_from_a_whole_one():
    one = heard("one two three four")
    assert one.complete(3.0)
    assert not one.complete(12.0)
