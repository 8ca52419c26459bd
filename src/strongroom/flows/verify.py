"""`check`: vault, catalog and index, held against each other."""

from strongroom.domain.progress import OnProgress, Progress
from strongroom.domain.status import Fault
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import analyses, contents

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
    held = parts.table.counts()
    done = 0
    for sha256, analyzer, version, segments in analyses.written(parts.catalog):
        has = held.pop((sha256, analyzer, version), 0)
        done += 1
        if has != segments:
            faults.append(
                Fault(
                    kind="missing-segments" if has < segments else "orphan-segments",
                    subject=sha256,
                    detail=f"{analyzer} wrote {segments:,} segments and the index holds {has:,}: analyse it again",
                )
            )
    on_progress(Progress(step="checking the index", done=done, total=done, unit="analyses", failed=len(faults)))
    faults += [
        Fault(kind="orphan-segments", subject=sha256, detail=f"the index holds {count:,} segments of {analyzer} {version}, and the catalog none")
        for (sha256, analyzer, version), count in held.items()
    ]
    return faults
