"""Short clips found by a plain description of their subject: the chance to be among the first three of twenty.

    python bench/finding.py FOLDER

The folder holds clips and `queries.tsv`, a line a clip: its name, and what it is asked for by, or nothing where it only stands
in the others' way. Rooms of twenty are the clip and nineteen others, drawn in every way; clips whose descriptions share a
word do not stand in each other's way. Each question is compared with the label vectors that the analyzer `video` gives.
"""

import sys
from math import comb
from pathlib import Path

import numpy as np

from strongroom.analyzers.media.video import VideoAnalyzer
from strongroom.domain.findings import SHOT, Segment, Vector
from strongroom.domain.settings import Settings
from strongroom.models.toolbox import Toolbox
from strongroom.testing.source import BytesSource

ROOM, FIRST = 20, 3
PLAIN = frozenset({"a", "an", "the", "of", "on", "in", "with", "and", "red", "white", "brown", "green", "black", "yellow"})
"""Words by which two descriptions are not of one thing."""


def words(query: str) -> set[str]:
    """Give the words that say what is shown."""
    return {word.strip(",.").rstrip("s") for word in query.lower().split()} - PLAIN - {""}


def vectors(file: Path, tools: Toolbox) -> Vector | None:
    """Give the label vectors of a clip's shots, one a row."""
    found = list(VideoAnalyzer().analyze(BytesSource(file.read_bytes(), "video/mp4"), tools))
    rows = [one.label_vector for one in found if isinstance(one, Segment) and one.kind == SHOT and one.label_vector is not None]
    return np.stack(rows) if rows else None


def main() -> None:
    """Measure and print; the worst first."""
    folder = Path(sys.argv[1])
    asked = dict(line.split("\t") for line in (folder / "queries.tsv").read_text("utf-8").splitlines())
    tools = Toolbox(Settings())
    looked = {name: vectors(folder / name, tools) for name in asked}
    shown = {name: rows for name, rows in looked.items() if rows is not None}
    chances: dict[str, tuple[float, int]] = {}
    for name, query in asked.items():
        if not query or name not in shown:
            continue
        (vector,) = tools.text.embed([query], query=True)
        close = {other: float((rows @ vector).max()) for other, rows in shown.items()}
        others = [other for other in shown if other != name and not words(asked[other]) & words(query)]
        better = sum(close[other] > close[name] for other in others)
        drawn = min(ROOM - 1, len(others))
        ways = sum(comb(better, count) * comb(len(others) - better, drawn - count) for count in range(min(FIRST, drawn + 1)))
        chances[name] = ways / comb(len(others), drawn), better + 1
    for name, (chance, rank) in sorted(chances.items(), key=lambda one: one[1][0])[:20]:
        print(f"{chance:6.2f}  rank {rank:3} of {len(shown)}  {name}: {asked[name]}")
    whole = sum(chance for chance, _ in chances.values())
    best = sum(rank <= FIRST for _, rank in chances.values())
    print(
        f"{whole:.1f} of {len(chances)} within the first {FIRST} of {ROOM}; {best} within the first {FIRST} of all {len(shown)}"
    )


if __name__ == "__main__":
    main()
