"""Utterances gathered to pieces that are long enough to mean something, and short enough to be a moment."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from strongroom.domain.transcript import Utterance, Word

LONGEST, MOST = 30.0, 400
"""Seconds and characters of a piece, at the most."""
PAUSE, BREAK = 2.0, 8.0
"""Seconds of silence at which a piece ends if it says something already, and at which it ends whatever it says."""
LEAST = 120
"""Characters that say something."""
_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।")  # noqa: RUF001 - the marks of many scripts resemble each other


def group(utterances: Iterable[Utterance]) -> Iterator[list[Utterance]]:
    """Give utterances in groups, each of one language; an utterance that is too long by itself comes in pieces.

    Args:
        utterances: In order of time.
    """
    held: list[Utterance] = []
    for whole in utterances:
        for one in _pieces(whole):
            if held and _is_apart(held, one):
                yield held
                held = []
            held.append(one)
    if held:
        yield held


def _is_apart(held: list[Utterance], one: Utterance) -> bool:
    size = sum(len(each.text) + 1 for each in held)
    pause = one.t_start - held[-1].t_end
    return (
        one.language != held[0].language
        or size + len(one.text) > MOST
        or one.t_end - held[0].t_start > LONGEST
        or pause >= BREAK
        or (pause >= PAUSE and size >= LEAST)
    )


def _pieces(one: Utterance) -> Iterator[Utterance]:
    """Cut an utterance that is too long between its words, where a sentence ends if one does in the second half of a piece."""
    words = one.words
    if not words or (len(one.text) <= MOST and one.t_end - one.t_start <= LONGEST):
        yield one
        return
    while words:
        count = _fitting(words)
        if count < len(words):
            ends = [n for n in range(count // 2 + 1, count + 1) if words[n - 1].text.endswith(_ENDS)]
            count = ends[-1] if ends else count
        part, words = words[:count], words[count:]
        text = " ".join(word.text for word in part)
        yield replace(one, text=text, t_start=part[0].t_start, t_end=part[-1].t_end, words=part)


def _fitting(words: tuple[Word, ...]) -> int:
    """Give how many words make a piece, one at the least."""
    size = 0
    for number, word in enumerate(words):
        size += len(word.text) + 1
        if number and (size > MOST or word.t_end - words[0].t_start > LONGEST):
            return number
    return len(words)
