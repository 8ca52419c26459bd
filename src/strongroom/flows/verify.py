"""`check`: vault, catalog and index, held against each other."""

from collections import Counter

from strongroom.domain.progress import OnProgress, Progress
from strongroom.domain.status import Fault
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import analyses

PAGE = 1000


def check(parts: Parts, *, deep: bool, on_progress: OnProgress) -> list[Fault]:
    """Find where the three do not agree; nothing is changed.

    Args:
        parts: An open room.
        deep: Whether every byte is read and its SHA-256 compared.
        on_progress: Is told of what was looked at.
    """
    return [*parts.vault.check(deep=deep, on_progress=on_progress), *_index(parts, on_progress)]


def _index(parts: Parts, on_progress: OnProgress) -> list[Fault]:
    """Compare the number of segments that the catalog says were written with those that the index holds."""
    faults: list[Fault] = []
    held: Counter[tuple[str, str, int]] = Counter()
    for batch in parts.table.scan(("content_sha256", "analyzer", "version")):
        held.update(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    done, after = 0, ("", "")
    while page := _page(parts, after):
        for sha256, analyzer, version, wrote in page:
            faults += _compare(sha256, analyzer, wrote, held.pop((sha256, analyzer, version), 0))
        done, after = done + len(page), page[-1][:2]
        on_progress(Progress(step="checking the index", done=done, total=None, unit="analyses", failed=len(faults)))
    for (sha256, analyzer, _version), count in sorted(held.items()):
        faults += _compare(sha256, analyzer, 0, count)
    return faults


def _page(parts: Parts, after: tuple[str, str]) -> list[tuple[str, str, int, int]]:
    with parts.catalog.read() as tx:
        return analyses.written(tx, after=after, limit=PAGE)


def _compare(sha256: str, analyzer: str, wrote: int, holds: int) -> list[Fault]:
    if wrote == holds:
        return []
    kind = "missing-segments" if holds < wrote else "orphan-segments"
    detail = f"{analyzer} wrote {wrote:,} segments and the index holds {holds:,}"
    return [Fault(kind=kind, subject=sha256, detail=detail)]
