"""Passages a second in which names are found: the bare loop of spaCy against the whole pass over an index, in one run.

Usage: python bench/entities.py [PASSAGES]
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table
from spacy.util import load_model_from_path

from strongroom.domain.analysis import AnalyzerSpec
from strongroom.domain.findings import PASSAGE, Segment
from strongroom.domain.segments import Placement, segment_row, to_table
from strongroom.domain.settings import Settings
from strongroom.flows.naming import Namer
from strongroom.models.dimensions import dimensions
from strongroom.models.entities import BATCH, UNUSED, load_names
from strongroom.models.store import ModelStore
from strongroom.models.zoo import SPACY_SMALL
from strongroom.storage.tables import SegmentTable

ROUNDS = 3
SHA256 = "0" * 64
SENTENCES = (
    "On {day} March 2021 the Harbour Office in Hamburg paid Meridian Shipping Ltd {day},500 euros for the repair of the quay.",
    "Dr Anna Miller and John Smith of Northwind Energy signed the contract in London, said the Ministry of Transport.",
    "The cellar of the archive was flooded twice that winter, and nobody could say why the pumps had been switched off.",
    "Write to office{day}@harbour.example or call +44 20 7946 09{day}; the reference is HX-991{day}, file number 2021/{day}.",
    "In the minutes the chairman thanked the Port Authority of Rotterdam and asked for a new estimate by the end of the year.",
)


def passages(count: int) -> list[str]:
    """Make passages of about 60 words, each different."""
    return [
        " ".join(SENTENCES[(number + at) % len(SENTENCES)].format(day=10 + (number + at) % 18) for at in range(3))
        for number in range(count)
    ]


def bare(texts: list[str]) -> int:
    """Find names by the loop that one would write by hand."""
    pipeline = load_model_from_path(ModelStore().place(SPACY_SMALL), exclude=list(UNUSED))
    begun = time.process_time()
    count = sum(len(doc.ents) for doc in pipeline.pipe(texts, batch_size=BATCH))
    print(f"bare: {count:,} names")
    return round(len(texts) / (time.process_time() - begun))


def ours(table: SegmentTable, count: int) -> int:
    """Find names, forms and all, as a worker does: read from the index, counted by spelling."""
    namer = Namer(table, load_names(Settings(), ModelStore()), lambda _: None)
    begun = time.process_time()
    run = namer.run(SHA256)
    print(f"ours: {sum(one.count for one in run.mentions):,} names, {len(run.mentions):,} spellings")
    return round(count / (time.process_time() - begun))


def indexed(place: Path, texts: list[str]) -> SegmentTable:
    """Put the passages into an index as one content."""
    table = SegmentTable(place, *dimensions(Settings()))
    spec = AnalyzerSpec(name="text", version=1, accepts=("text/plain",))
    placement = Placement(containers=(1,), extensions=("txt",), dated_at=None)
    rows = [
        segment_row(
            Segment(kind=PASSAGE, text=text, language="en"),
            spec,
            number=number,
            sha256_hex=SHA256,
            size=1,
            media_type="text/plain",
            type_="text",
            placement=placement,
            duration=None,
        )
        for number, text in enumerate(texts)
    ]
    table.merge(to_table(rows, table.schema))
    return table


def main() -> None:
    """Measure both in turn, and print the best round of each."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    texts = passages(count)
    shown = Table("passages a second and core", "bare spaCy", "Strongroom", "ratio")
    with tempfile.TemporaryDirectory() as place:
        table = indexed(Path(place) / "index", texts)
        measures: tuple[Callable[[], int], ...] = (lambda: bare(texts), lambda: ours(table, count))
        best = [max(found) for found in zip(*([measure() for measure in measures] for _ in range(ROUNDS)), strict=True)]
    shown.add_row(f"{count:,} of {len(texts[0].split())} words", *(f"{one:,}" for one in best), f"{best[1] / best[0]:.2f}")
    Console().print(shown)


if __name__ == "__main__":
    main()
