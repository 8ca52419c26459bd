"""What lies beside a file: the subtitles of a recording, and the recording of subtitles.

Players take ``film.srt`` and ``film.en.vtt`` for subtitles of the ``film.mp4`` that lies beside them; so does this.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from strongroom.domain.content import Name
from strongroom.domain.media import AUDIO, VIDEO
from strongroom.domain.scope import Scope
from strongroom.errors import NotFound
from strongroom.flows import named
from strongroom.flows.named import LEVEL
from strongroom.storage.catalog import Transaction, blobs, containers, contents, recordings
from strongroom.storage.names import successor

MOST = 50
"""Neighbours that are looked at."""
SUBTITLES = re.compile(
    r"(?P<stem>.+?)(?P<language>\.[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)?(?:\.(?:sdh|cc|forced))?\.(?:srt|vtt)", re.IGNORECASE
)
"""Name of a file with subtitles."""
ENDINGS = (".srt", ".vtt")
"""Of such a name: looked at first, since each search asks it of all that it found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """A content that lies beside another."""

    name: Name
    """Where."""
    sha256: str
    """The content."""


def subtitles(tx: Transaction, names: Iterable[Name], scope: Scope) -> list[Neighbour]:
    """Give the files with subtitles that lie beside a recording, in order of name.

    Args:
        tx: A transaction.
        names: Where the recording is stored.
        scope: What may be seen.
    """
    found: dict[str, Neighbour] = {}
    for name in names:
        stem = _leaf(name).rpartition(".")[0]
        for one in _beside(tx, name, f"{stem}.", scope) if stem else ():
            spelt = SUBTITLES.fullmatch(_leaf(one.name))
            if spelt and stem in (spelt["stem"], _leaf(one.name).rpartition(".")[0]):
                found.setdefault(one.sha256, one)
    return list(found.values())


def recording(tx: Transaction, name: Name, scope: Scope) -> Neighbour | None:
    """Give the recording beside a file with subtitles; None where it has no such name, or there is none.

    Args:
        tx: A transaction.
        name: Where the subtitles are stored.
        scope: What may be seen.
    """
    found = recordings_beside(tx, {"": [name]}, scope).get("")
    return None if found is None else found[0]


def recordings_beside(tx: Transaction, named: Mapping[str, Sequence[Name]], scope: Scope) -> dict[str, tuple[Neighbour, Name]]:
    """Give the recordings beside files with subtitles, and which of their names that is by; of all files at once.

    Args:
        tx: A transaction.
        named: Where files are stored, by any key; those without subtitles have none.
        scope: What may be seen.
    """
    spelt = {key: [(name, stems) for name in names if (stems := _stems(name))] for key, names in named.items()}
    spoken = {key: pairs for key, pairs in spelt.items() if pairs}
    if not spoken:
        return {}
    blobs_named = [(name, stem) for pairs in spoken.values() for name, stems in pairs if not name.member for stem in stems]
    ids = {one: containers.get(tx, one, scope).id for one in {name.container for name, _ in blobs_named}}
    rows = recordings.under(tx, {(ids[name.container], f"{stem}.") for name, stem in blobs_named})
    by_stem = {(container, blob.rpartition(".")[0]): (blob, sha) for container, blob, sha in reversed(rows)}
    found: dict[str, tuple[Neighbour, Name]] = {}
    for key, pairs in spoken.items():
        for name, stems in pairs:
            if name.member:
                near = _within(tx, name, stems, scope)
            else:
                place = next((one for stem in stems if (one := by_stem.get((ids[name.container], stem)))), None)
                near = place and Neighbour(name=Name(container=name.container, blob=place[0]), sha256=place[1])
            if near:
                found[key] = (near, name)
                break
    return found


def _stems(name: Name) -> tuple[str, ...]:
    """Give what the name of the recording of subtitles is before its ending, the likeliest first; nothing for other files."""
    leaf = _leaf(name)
    spelt = SUBTITLES.fullmatch(leaf) if leaf[-4:].lower() in ENDINGS else None
    return () if spelt is None else tuple(dict.fromkeys((leaf.rpartition(".")[0], spelt["stem"])))


def _within(tx: Transaction, name: Name, stems: Sequence[str], scope: Scope) -> Neighbour | None:
    """Give the recording that lies in the same archive or mail."""
    for stem in stems:
        near = [one for one in _beside(tx, name, f"{stem}.", scope) if _leaf(one.name).rpartition(".")[0] == stem]
        known = contents.contents(tx, [one.sha256 for one in near])
        for one in near:
            if one.sha256 in known and known[one.sha256].type in (AUDIO, VIDEO):
                return one
    return None


def language(name: Name) -> str | None:
    """Give the language that the name of a file with subtitles says, as ISO 639-1; None where it says none."""
    spelt = SUBTITLES.fullmatch(_leaf(name))
    code = re.split("[-_]", spelt["language"][1:])[0].lower() if spelt and spelt["language"] else ""
    return code if len(code) == len("en") else None


def _leaf(name: Name) -> str:
    return name.member.rpartition(LEVEL)[2] if name.member else name.blob


def _beside(tx: Transaction, name: Name, prefix: str, scope: Scope) -> Iterator[Neighbour]:
    """Give what is stored in the same place under a name that begins so."""
    if not name.member:
        container = containers.get(tx, name.container, scope)
        for blob in blobs.page(tx, container, start=prefix, end=successor(prefix), limit=MOST):
            if blob.sha256 is not None:
                yield Neighbour(name=Name(container=name.container, blob=blob.name), sha256=blob.sha256)
        return
    above, level, _ = name.member.rpartition(LEVEL)
    try:
        parent = named.found(tx, name.container, name.blob + (LEVEL + above if above else ""), scope)
    except NotFound:
        return
    for path, sha256 in recordings.members_under(tx, parent, prefix, MOST):
        yield Neighbour(name=replace(name, member=above + level + path), sha256=sha256)
