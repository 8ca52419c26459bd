"""What is said in recordings: windows, pauses, groups, going on after an interruption, and recordings that are broken."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from strongroom.analyzers.media import speech
from strongroom.analyzers.media.speech import SpeechAnalyzer, cut
from strongroom.analyzers.media.utterances import LONGEST, MOST, group
from strongroom.domain import transcript
from strongroom.domain.findings import UTTERANCE, Checkpoint, Finding, Problem, Rendition, Segment
from strongroom.domain.transcript import Utterance, Word
from strongroom.errors import Unreadable
from strongroom.ports import RATE, Sound
from strongroom.testing.hearing import Ears, PitchSpeech, spoken
from strongroom.testing.recordings import audio, chart, noise, silence, ten_streams, tone, truncated, video, wav
from strongroom.testing.source import BytesSource

WORDS = [300 + 10 * (number % 100) for number in range(75)]


@pytest.fixture(autouse=True)
def _short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "WINDOW", 30.0)


def analyzed(raw: bytes, reached: float = 0.0, ears: Ears | None = None) -> Iterator[Finding]:
    source = BytesSource(raw)
    source.reached = reached
    return SpeechAnalyzer().analyze(source, ears or Ears())  # type: ignore[arg-type]


def in_stretches(raw: bytes) -> list[Finding]:
    """Interrupt the reading at every checkpoint."""
    found: list[Finding] = []
    reached: float | None = 0.0
    while reached is not None:
        reading, at, reached = analyzed(raw, reached), reached, None
        for one in reading:
            found.append(one)
            if isinstance(one, Checkpoint):
                assert one.at > at
                reached = one.at
                break
    return found


def plain(found: list[Finding]) -> list[object]:
    return [
        (one.text, one.locator, one.language) if isinstance(one, Segment) else one.data if isinstance(one, Rendition) else one
        for one in found
    ]


def words(found: list[Finding]) -> list[str]:
    return [word for one in found if isinstance(one, Segment) for word in one.text.split()]


def kept(found: list[Finding]) -> list[Utterance]:
    renditions = sorted((one for one in found if isinstance(one, Rendition)), key=lambda one: one.role)
    assert all(one.role.startswith(transcript.ROLE) for one in renditions)
    return [said for one in renditions for said in transcript.load(one.data)]


@pytest.mark.parametrize("form", ["wav", "mp3", "ogg", "matroska"])
def test_every_word_is_found_once_at_its_time_with_and_without_interruptions(form: str) -> None:
    rate = 48_000
    sound = spoken(WORDS, rate=rate)
    raw = wav(sound, rate) if form == "wav" else audio(sound, form=form, codec="libopus" if form == "ogg" else None, rate=rate)
    found = list(analyzed(raw))
    assert words(found) == [str(word) for word in WORDS]
    assert [one.text for one in kept(found)] == words(found)
    np.testing.assert_allclose([one.t_start for one in kept(found)], np.arange(len(WORDS)), atol=0.05)
    assert plain(in_stretches(raw)) == plain(found)


def test_windows_end_in_pauses_and_each_checkpoint_tells_how_long_the_recording_is() -> None:
    found = list(analyzed(wav(spoken(WORDS))))
    points = [one for one in found if isinstance(one, Checkpoint)]
    assert len(points) >= len(WORDS) // 30
    assert all(0.7 < point.at % 1 < 1 and point.of == pytest.approx(len(WORDS)) for point in points)
    assert all(15 <= b.at - a.at <= 30 for a, b in pairwise(points))


def test_segments_are_moments_of_the_kind_utterance() -> None:
    found = [one for one in analyzed(wav(spoken(WORDS))) if isinstance(one, Segment)]
    for one in found:
        start, end = one.locator.t_start, one.locator.t_end
        assert one.kind == UTTERANCE
        assert start is not None
        assert end is not None
        assert 0 < end - start <= LONGEST
        assert len(one.text) <= MOST


def test_no_word_is_invented_in_silence_and_the_model_is_not_asked() -> None:
    model = PitchSpeech()
    found = list(analyzed(wav(silence(100)), ears=Ears(model)))
    assert [type(one) for one in found] == [Checkpoint] * 3
    assert model.heard == []


def test_a_long_silence_within_a_recording_loses_nothing() -> None:
    sound = np.concatenate([spoken(WORDS[:5]), silence(80), spoken(WORDS[5:10])])
    assert [round(one.t_start) for one in kept(list(analyzed(wav(sound))))] == [0, 1, 2, 3, 4, 85, 86, 87, 88, 89]


def test_sound_without_a_pause_is_cut_at_its_quietest_moment() -> None:
    sound = tone(30)
    sound[round(20.0 * RATE) : round(20.3 * RATE)] *= 0.5
    assert cut(sound, [(0.0, 30.0)]) == pytest.approx(20.1, abs=0.2)
    assert list(analyzed(wav(tone(100))))


def test_a_cut_never_lies_within_speech_where_there_is_a_pause() -> None:
    spans = [(0.0, 12.0), (12.2, 19.0), (20.0, 25.0), (25.1, 29.8)]
    assert cut(noise(30), spans) == 19.5
    assert cut(noise(30), [(0.0, 16.0), (16.1, 22.0), (22.0, 30.0)]) == pytest.approx(16.05)
    assert cut(silence(30), []) == 29.0


def test_languages_are_kept_apart() -> None:
    ears = Ears(PitchSpeech({"500": "de", "510": "de"}))
    found = [one for one in analyzed(wav(spoken([300, 310, 500, 510, 320])), ears=ears) if isinstance(one, Segment)]
    assert [(one.language, one.text) for one in found] == [("en", "300 310"), ("de", "500 510"), ("en", "320")]


def test_a_room_that_wants_no_transcription_gets_none() -> None:
    assert list(analyzed(wav(spoken(WORDS)), ears=Ears(transcribes=False))) == []


def test_a_film_is_heard_and_one_without_sound_gives_nothing() -> None:
    film = video([chart()] * 125, sound=spoken(WORDS[:5], rate=48_000))
    assert words(list(analyzed(film))) == [str(word) for word in WORDS[:5]]
    assert list(analyzed(video([chart()] * 10))) == []


def test_of_ten_streams_one_is_heard_and_the_others_are_named() -> None:
    (problem,) = (one for one in analyzed(ten_streams()) if isinstance(one, Problem))
    assert problem.reason == (
        "it has other sound tracks that were not listened to: 2 (ger), 3 (fre), 4 (spa), 5 (ita), 6 (jpn)"
    )


def test_a_truncated_recording_gives_the_words_before_the_break_and_says_where_it_is() -> None:
    raw = truncated(audio(spoken(WORDS, rate=48_000), form="flac", rate=48_000), 0.5)
    found = list(analyzed(raw))
    assert words(found)[:30] == [str(word) for word in WORDS[:30]]
    assert any("breaks off at 0:00:3" in one.reason for one in found if isinstance(one, Problem))


def test_a_text_file_is_refused_with_a_reason() -> None:
    with pytest.raises(Unreadable):
        list(analyzed(b"These are only words.\n" * 100))


def said(text: str, start: float, end: float, language: str = "en", words: tuple[Word, ...] = ()) -> Utterance:
    return Utterance(text=text, t_start=start, t_end=end, language=language, words=words)


def test_groups_end_at_long_pauses_and_before_they_are_too_long() -> None:
    sentence = "This is a sentence of some fifty characters, no more."
    talk = [said(sentence, 4.0 * n, 4.0 * n + 3.5) for n in range(20)]
    groups = list(group(talk))
    assert [one for together in groups for one in together] == talk
    assert all(5 <= len(together) <= 7 for together in groups[:-1])
    apart = [
        said(sentence, 0, 4),
        said(sentence, 4.2, 8),
        said(sentence, 8.1, 12),
        said(sentence, 14.5, 18),
        said("Yes.", 30, 31),
    ]
    assert [len(together) for together in group(apart)] == [3, 1, 1]


def test_an_utterance_that_is_too_long_is_cut_between_words_at_the_end_of_a_sentence() -> None:
    spoken_words = tuple(
        Word(text="end." if n % 40 == 39 else "word", t_start=n * 0.3, t_end=n * 0.3 + 0.2) for n in range(200)
    )
    whole = said(" ".join(word.text for word in spoken_words), 0.0, 60.0, words=spoken_words)
    pieces = [one for together in group([whole]) for one in together]
    assert tuple(word for one in pieces for word in one.words) == spoken_words
    assert all(one.text.endswith("end.") and len(one.text) <= MOST for one in pieces)


def test_the_sound_of_a_window_is_bounded() -> None:
    model = PitchSpeech()
    list(analyzed(wav(spoken(WORDS)), ears=Ears(model)))
    assert max(model.heard) <= 30.0


def test_fakes_hear_what_was_spoken() -> None:
    sound: Sound = spoken([440, 1000])
    assert [one.text for one in PitchSpeech().transcribe(sound, Ears().voices.spans(sound))] == ["440", "1000"]
