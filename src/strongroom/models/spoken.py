"""Which language is spoken when: what a model hears in a few seconds each, smoothed, and windows cut where it changes."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from strongroom.models.sounds import LONGEST, Window, cut_at, quietest
from strongroom.ports.tools import Sound

SLICE = 3.0
"""Seconds in which a language is heard; in fewer, real voices are often taken for a neighbour's."""
SWITCH = 3.5
"""What a change costs, in natural logarithms: a sure slice gains 4.6 at most, so that two in a row are a change, one is not."""
FLOOR = 0.01
"""Least probability of a language that is believed: none is ruled out by one slice."""
_NEAR = SLICE / 2
"""Seconds around the border of two slices in which the pause is looked for."""

Heard = Mapping[str, float]
"""Probabilities by language."""


def starts(seconds: float) -> list[float]:
    """Give where the slices of a window begin: evenly, the last one up to its end."""
    count = max(1, round(seconds / SLICE))
    return [index * max(0.0, seconds - SLICE) / max(1, count - 1) for index in range(count)]


def smooth(heard: Sequence[Heard]) -> list[str]:
    """Give the likeliest course of languages (Viterbi), in which each change costs `SWITCH`.

    To begin or to end in another language than the usual one is a change too: else one wrong slice at the end would do.

    Args:
        heard: What each slice sounds like, in order.
    """
    votes: dict[str, float] = {}
    for one in heard:
        for language, probability in one.items():
            votes[language] = votes.get(language, 0.0) + probability
    languages = sorted(votes, key=lambda language: (-votes[language], language))
    says = np.log([[max(FLOOR, one.get(language, 0.0)) for language in languages] for one in heard])
    edge = np.where(np.arange(len(languages)) == 0, 0.0, -SWITCH)
    score, back = says[0] + edge, list[NDArray[np.intp]]()
    for row in says[1:]:
        best = int(score.argmax())
        stays = score >= score[best] - SWITCH
        back.append(np.where(stays, np.arange(len(languages)), best))
        score = np.where(stays, score, score[best] - SWITCH) + row
    course = [int((score + edge).argmax())]
    for step in reversed(back):
        course.append(int(step[course[-1]]))
    spoken = [languages[index] for index in reversed(course)]
    for index in range(1, len(spoken) - 1):
        before, here, after = spoken[index - 1 : index + 2]
        if here not in (before, after):  # a border within a slice sounds like a third language
            spoken[index] = max((before, after), key=lambda language: heard[index].get(language, 0.0))
    return spoken


def parts(sound: Sound, windows: Sequence[Window], languages: Sequence[Sequence[str]]) -> Iterator[tuple[Window, str]]:
    """Cut windows where the language changes; pieces of one language that follow each other are put together again.

    Args:
        sound: The recording.
        windows: Its windows.
        languages: Those of the slices of each.

    Yields:
        Windows, each of one language.
    """
    held: tuple[Window, str] | None = None
    for window, language in _cut(sound, windows, languages):
        if held is not None and held[1] == language and held[0].seconds + window.seconds <= LONGEST:
            held = (Window(pieces=(*held[0].pieces, *window.pieces)), language)
            continue
        if held is not None:
            yield held
        held = (window, language)
    if held is not None:
        yield held


def _cut(sound: Sound, windows: Sequence[Window], languages: Sequence[Sequence[str]]) -> Iterator[tuple[Window, str]]:
    for window, spoken in zip(windows, languages, strict=True):
        rest, done = window, 0.0
        begins = starts(window.seconds)
        for index in range(1, len(spoken)):
            if spoken[index] == spoken[index - 1]:
                continue
            border = (begins[index - 1] + begins[index] + SLICE) / 2
            at = _pause(sound, window, border)
            if done < at < window.seconds:
                first, rest = cut_at(rest, at - done)
                yield first, spoken[index - 1]
                done = at
        yield rest, spoken[-1]


def _pause(sound: Sound, window: Window, border: float) -> float:
    """Give the place, in seconds of a window, at which it is best cut near a border: between pieces, else where it is quiet."""
    done, best = 0.0, None
    for start, end in window.pieces:
        if best is None and done - _NEAR <= border <= done + (end - start) + _NEAR:
            best = (start, end, done)
        done += end - start
        if abs(done - border) <= _NEAR and done < window.seconds - 1e-6:
            return done
    if best is None:
        return border
    start, end, before = best
    here = start + border - before
    low, high = max(start, here - _NEAR), min(end, here + _NEAR)
    return before + quietest(sound, (low, high)) - start if high > low else border
