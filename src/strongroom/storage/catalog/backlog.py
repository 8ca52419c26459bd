"""How much of long recordings is still to be read by the analyzers of one pass, in seconds of recording.

Where several analyzers of a pass read a recording, each second counts for each of them by its share, so that a recording
never counts as longer than it is.
"""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from strongroom.domain.analysis import AnalyzerSpec, Cost
from strongroom.storage.catalog import analyses, contents, reach, standings, stretches
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.schema import contents as content_rows
from strongroom.storage.catalog.schema import stretches as stretch_rows
from strongroom.storage.catalog.standings import Standing

LITTLE = 1.0
"""What a content counts as that is no recording, or one of unknown length."""


def left(tx: Transaction, sha256s: Collection[str], specs: Sequence[AnalyzerSpec], cost: Cost) -> dict[str, float]:
    """Give the seconds that are left of contents.

    Args:
        tx: A transaction.
        sha256s: The contents; those that are gone, or that nothing is left of, are left out.
        specs: The room's analyzers.
        cost: The pass.
    """
    due = analyses.due(tx, sha256s, specs)
    lengths, known = contents.durations(tx, sha256s), stretches.stretches(tx, sha256s)
    kinds = contents.contents(tx, sha256s)
    found: dict[str, float] = {}
    for sha256, some in due.items():
        now_due = [spec for spec in some if spec.cost <= cost]
        if not now_due:
            continue
        takers = _takers(specs, kinds[sha256].media_type, cost)
        length = lengths.get(sha256)
        if length is None or not takers:
            found[sha256] = LITTLE
            continue
        reached = {
            spec.name: known[sha256, spec.name].reached
            for spec in now_due
            if (sha256, spec.name) in known and known[sha256, spec.name].version == spec.version
        }
        rest = [length - min(reached.get(spec.name, 0.0), length) for spec in now_due if spec in takers]
        found[sha256] = max(sum(rest) / len(takers), LITTLE)
    return found


def total(
    tx: Transaction,
    specs: Sequence[AnalyzerSpec],
    cost: Cost,
    *,
    containers: frozenset[int] | None,
) -> float | None:
    """Give the seconds that are left of all pending recordings; None where no length of a pending one is known.

    Args:
        tx: A transaction.
        specs: The room's analyzers.
        cost: The pass.
        containers: Where to look; None is everywhere.
    """
    shares = {key: _shares(one, specs, cost) for key, one in standings.load(tx).items()}
    shares = {key: share for key, share in shares.items() if share}
    within = (reach.held(reach.containers(tx, containers)), content_rows.c.standing.in_([key for key in shares if key]))
    lengths = sa.select(content_rows.c.standing, sa.func.sum(content_rows.c.duration))
    lengths = lengths.where(*within, content_rows.c.duration.is_not(None)).group_by(content_rows.c.standing)
    sums = [sum(shares[key].values()) * seconds for key, seconds in tx.execute(lengths)]
    columns = (content_rows.c.standing, content_rows.c.duration, stretch_rows.c.analyzer, stretch_rows.c.reached)
    begun = sa.select(*columns).join(stretch_rows, stretch_rows.c.sha256 == content_rows.c.sha256)
    begun = begun.where(*within, content_rows.c.duration.is_not(None))
    done = [shares[key].get(analyzer, 0.0) * min(at, length) for key, length, analyzer, at in tx.execute(begun)]
    return max(sum(sums) - sum(done), 0.0) if sums else None


def _takers(specs: Sequence[AnalyzerSpec], media_type: str | None, cost: Cost) -> list[AnalyzerSpec]:
    return [spec for spec in specs if spec.cost == cost and media_type is not None and spec.takes(media_type)]


def _shares(one: Standing, specs: Sequence[AnalyzerSpec], cost: Cost) -> Mapping[str, float]:
    """Give the analyzers of a pass that are due, each with its share of a recording."""
    takers = _takers(specs, one.media_type, cost)
    return {spec.name: 1 / len(takers) for spec in one.due(takers)}
