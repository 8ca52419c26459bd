"""What is said in a recording: where somebody speaks, written down window by window, each cut at a pause."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np

from strongroom.analyzers.media.opening import opened
from strongroom.analyzers.media.sound import Losses, blocks, duration_of, missing_end, other_tracks, sound_stream
from strongroom.analyzers.media.utterances import group
from strongroom.domain import transcript
from strongroom.domain.analysis import AnalyzerSpec, Cost
from strongroom.domain.findings import UTTERANCE, Checkpoint, Finding, Problem, Rendition, Segment
from strongroom.domain.locator import Locator
from strongroom.domain.transcript import Utterance
from strongroom.ports import RATE, Sound, Source, Span, SpeechModel, Tools, VoiceDetector

ACCEPTS = ("audio/*", "video/*")
"""Media types in which somebody may speak."""
WINDOW = 240.0
"""Seconds that are listened to at a time: enough for a model to work in batches, and what an interruption costs at the most."""
PAUSE = 0.5
"""Seconds between two stretches of speech that make a good place to cut at."""
_MARGIN = 1.0
"""Seconds at the end of a window that are heard again: a word that begins there is not known to be one yet."""
_QUIET = 0.2
"""Seconds over which loudness is taken where there is no pause to cut at."""
_MILLI = 1000


class SpeechAnalyzer:
    """What is said in a recording, in its own words."""

    spec = AnalyzerSpec(name="speech", version=1, accepts=ACCEPTS, cost=Cost.DEEP, seconds=1800.0)

    def analyze(self, source: Source, tools: Tools) -> Iterator[Finding]:
        """Yield the utterances of each window, then a checkpoint; see `strongroom.ports.Analyzer`.

        Nothing comes of a recording without sound, and in a room that wants no transcription.
        """
        model = tools.speech
        if model is None:
            return
        at: float | None = source.reached
        while at is not None:
            window = listen(source, at)
            if window is None:
                return
            at = yield from _heard(window, tools.voices, model)
            if at is not None:
                yield Checkpoint(at=at, of=window.duration if window.duration and window.duration > at else None)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Window:
    """Some minutes of a recording."""

    start: float
    """Seconds from the beginning of the recording."""
    sound: Sound
    """What is heard; empty beyond the end."""
    following: float | None
    """Where the sound goes on after a gap; None where it does not, or where this is known only from the next window."""
    is_last: bool
    """Whether the recording ends with it."""
    duration: float | None
    """Seconds of the recording, as far as is known."""
    problems: tuple[Problem, ...]
    """What of it is missing."""


def listen(source: Source, at: float) -> Window | None:
    """Give the next minutes of a recording; None where it has no sound.

    The recording is opened anew for each, so that a window is the same whether or not reading was interrupted before it:
    decoders remember what they decoded.

    Args:
        source: The recording.
        at: Where the window begins, in seconds.

    Raises:
        AnalysisError: The recording cannot be read.
    """
    losses, held, start, size, following = Losses(), list[Sound](), at, 0, None
    with opened(source) as container:
        if sound_stream(container) is None:
            return None
        with closing(blocks(container, at, losses)) as pieces:
            for seconds, sound in pieces:
                start = start if held else seconds
                if seconds - start > (size + 1) / RATE:
                    following = seconds
                    break
                held.append(sound)
                size += len(sound)
                if size >= WINDOW * RATE:
                    break
        is_last = following is None and size < WINDOW * RATE
        problems = list(losses.problems())
        if at == 0 and (others := other_tracks(container)):
            problems.append(Problem(reason=f"it has other sound tracks that were not listened to: {', '.join(others)}"))
        if is_last and (end := missing_end(container, start + size / RATE)) is not None:
            problems.append(end)
        return Window(
            start=start,
            sound=np.concatenate([np.empty(0, np.float32), *held])[: round(WINDOW * RATE)],
            following=following,
            is_last=is_last,
            duration=duration_of(container),
            problems=tuple(problems),
        )


def _heard(window: Window, voices: VoiceDetector, model: SpeechModel) -> Generator[Finding, None, float | None]:
    """Yield what is said in a window, and return where the next one begins; None at the end."""
    yield from window.problems
    spans = voices.spans(window.sound) if len(window.sound) else []
    length = len(window.sound) / RATE
    is_whole = window.is_last or window.following is not None
    end = length if is_whole else cut(window.sound, spans)
    sound = window.sound[: round(end * RATE)]
    said = _written(sound, [(a, min(b, end)) for a, b in spans if a < end], window.start, model)
    if said:
        yield Rendition(role=transcript.role(window.start), media_type=transcript.MEDIA_TYPE, data=transcript.dump(said))
    for together in group(said):
        yield Segment(
            kind=UTTERANCE,
            text=" ".join(one.text for one in together),
            locator=Locator(t_start=together[0].t_start, t_end=together[-1].t_end),
            language=together[0].language,
        )
    if window.is_last:
        return None
    return window.following if window.following is not None else window.start + end


def _written(sound: Sound, spans: Sequence[Span], start: float, model: SpeechModel) -> list[Utterance]:
    """Give what is said, with times from the beginning of the recording."""
    return [_moved(one, start) for one in (model.transcribe(sound, spans) if spans else []) if one.text.strip()]


def _moved(said: Utterance, by: float) -> Utterance:
    words = tuple(replace(word, t_start=round(word.t_start + by, 3), t_end=round(word.t_end + by, 3)) for word in said.words)
    start, end = round(said.t_start + by, 3), round(said.t_end + by, 3)
    return replace(said, text=said.text.strip(), t_start=start, t_end=max(start, end), words=words)


def cut(sound: Sound, spans: Sequence[Span]) -> float:
    """Give the place, in whole milliseconds, at which a window is cut so that no word is: in a pause of its second half.

    The last good pause is taken, else the last of the longest; where there is none, the quietest moment.

    Args:
        sound: The window.
        spans: Where somebody speaks in it.
    """
    length = len(sound) / RATE
    edges = [0.0, *(edge for span in spans for edge in span), length]
    pauses = [(b - a, (a + b) / 2) for a, b in zip(edges[2:-1:2], edges[3:-1:2], strict=False)]
    silence = length - edges[-2]
    if silence > 0:
        pauses.append((silence, max(length - silence / 2, length - _MARGIN)))
    late = [(round(pause, 1), at) for pause, at in pauses if at >= length / 2]
    good = [at for pause, at in late if pause >= PAUSE]
    place = max(good) if good else max(late)[1] if late else _quietest(sound)
    return max(1, round(place * _MILLI)) / _MILLI


def _quietest(sound: Sound) -> float:
    size = round(_QUIET * RATE)
    half = len(sound) // 2
    rows = sound[half : half + (len(sound) - half) // size * size].reshape(-1, size)
    if not len(rows):
        return len(sound) / RATE
    return (half + (int(np.argmin(np.einsum("ij,ij->i", rows, rows))) + 0.5) * size) / RATE
