"""`transcript`: what is said in a recording, from its sound, its subtitles, or subtitles beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from strongroom.analyzers import decoding, subtitles
from strongroom.analyzers.media import subtitles_inside
from strongroom.domain.analysis import State
from strongroom.domain.content import Name
from strongroom.domain.scope import Scope
from strongroom.domain.times import clock
from strongroom.domain.transcript import ROLE, Transcript, Utterance, load
from strongroom.errors import NotFound
from strongroom.flows import beside
from strongroom.flows.moment import NAMES, Moment
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import Transaction, analyses, names, recordings, stretches

SPEECH = "speech"
"""Name of the analyzer that writes down what is said."""
LARGEST = 16 * 1024**2
"""Bytes of a file with subtitles."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Words:
    """What one source has of a recording."""

    source: str
    title: str
    utterances: tuple[Utterance, ...]

    @property
    def languages(self) -> set[str]:
        """ISO 639-1 codes, as far as they are known."""
        return {one.language for one in self.utterances if one.language}


def read_transcript(parts: Parts, moment: Moment, scope: Scope, language: str | None = None) -> Transcript:
    """Give what is said in a recording, as far as it is known.

    While speech is not written down to its end, subtitles count more: they have all of it.

    Args:
        parts: An open room.
        moment: The recording.
        scope: What may be seen; subtitles beside the recording count only within it.
        language: ISO 639-1 code, where it is to be in a certain one.

    Raises:
        NotFound: Nothing is said in it, or nothing is written down yet; the message says which, and how far it is.
    """
    with parts.catalog.read() as tx:
        spoken = recordings.roles(tx, moment.sha256, ROLE)
        inside = recordings.roles(tx, moment.sha256, subtitles_inside.ROLE)
        reached = _reached(parts, tx, moment.sha256)
        near = beside.subtitles(tx, _named(tx, moment, scope), scope)
    said = tuple(one for role in spoken for one in _load(parts, moment.sha256, role))
    speech = [_Words(source="speech", title="", utterances=said)] if said else []
    subtitled = [*_inside(parts, moment.sha256, inside), *_beside(parts, near)]
    found = [*speech, *subtitled] if reached is None else [*subtitled, *speech]
    told = next((one for one in found if language is None or language in one.languages), None)
    if told is None:
        raise NotFound(_missing(moment, found, language) if found else _why(parts, moment, reached))
    return Transcript(
        content=moment.sha256,
        source=told.source,
        title=told.title,
        utterances=told.utterances,
        reached=max(reached, said[-1].t_end) if said and reached is not None else reached,
        duration=moment.duration,
    )


def _missing(moment: Moment, found: Sequence[_Words], language: str | None) -> str:
    known = sorted(set().union(*(one.languages for one in found)))
    return f"{moment.name} has no words in {language!r}" + (f": there are those in {', '.join(known)}" if known else "")


def _load(parts: Parts, sha256: str, role: str) -> tuple[Utterance, ...]:
    _, stream = parts.vault.read_rendition(sha256, role)
    with stream:
        return load(stream.read())


def _reached(parts: Parts, tx: Transaction, sha256: str) -> float | None:
    """Give how far the sound is written down, in seconds; None where nothing of it is left to do."""
    for spec in analyses.due(tx, [sha256], parts.specs).get(sha256, ()):
        if spec.name == SPEECH:
            return stretches.reached(tx, sha256, SPEECH, spec.version)
    return None


def _named(tx: Transaction, moment: Moment, scope: Scope) -> Sequence[Name]:
    """Give where the recording is stored; first where it was asked for."""
    found = names.names(tx, [moment.sha256], scope, limit=NAMES).get(moment.sha256, ())
    return sorted(found, key=lambda one: str(one) != moment.name)


def _inside(parts: Parts, sha256: str, roles: Sequence[str]) -> list[_Words]:
    """Give the tracks of subtitles, first the one that says most: some only translate signs."""
    tracks = [
        _Words(source="subtitles", title=role.removeprefix(subtitles_inside.ROLE), utterances=_load(parts, sha256, role))
        for role in roles
    ]
    return sorted((one for one in tracks if one.utterances), key=lambda one: -len(one.utterances))


def _beside(parts: Parts, near: Sequence[beside.Neighbour]) -> list[_Words]:
    found = []
    for one in near:
        with parts.vault.source(one.sha256) as source:
            if source.size > LARGEST:
                continue
            with source.open() as stream:
                cues = tuple(subtitles.cues(decoding.stream(stream), language=beside.language(one.name)))
        if cues:
            found.append(_Words(source="beside", title=str(one.name), utterances=cues))
    return found


def _why(parts: Parts, moment: Moment, reached: float | None) -> str:
    name = moment.name
    if reached is not None:
        of = f" of {clock(moment.duration)}" if moment.duration is not None else ""
        far = f"; {clock(reached)}{of} is done, and nothing was said so far" if reached else ""
        return f"what is said in {name} is not written down yet{far}: run `strongroom analyze`"
    with parts.catalog.read() as tx:
        end = recordings.end_of(tx, moment.sha256, SPEECH)
    if end is None:
        return f"{name} has no subtitles, and speech is not written down here: set speech_model, then run `strongroom analyze`"
    state, reason = end
    if state is State.DONE and not reason:
        return f"nothing is said in {name}: no speech was heard in it, and it has no subtitles"
    return f"what is said in {name} could not be written down: {reason or state}"
