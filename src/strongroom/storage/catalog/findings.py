"""What analyses found beside segments: members and renditions, replaced whenever an analyzer reads a content again."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa

from strongroom.domain.outcome import KeptMember, KeptObject, Outcome, Stretch
from strongroom.storage.catalog import contents, holdings, objects
from strongroom.storage.catalog.catalog import Transaction, dialect_insert
from strongroom.storage.catalog.schema import holdings as held_rows
from strongroom.storage.catalog.schema import members, renditions
from strongroom.storage.catalog.texts import storable

Edges = dict[tuple[str, str], list[tuple[str, str]]]
"""By parent and analyzer: path and SHA-256 of each member in order."""


def adopt(tx: Transaction, outcomes: Iterable[Outcome]) -> set[str]:
    """Give all objects that workers kept their rows, and their ids back."""
    kept: list[KeptObject] = []
    for outcome in outcomes:
        for run in outcome.runs:
            kept += [member.object for member in run.members] + [rendition.object for rendition in run.renditions]
    objects.adopt(tx, kept)
    return {one.object_id for one in kept if one.object_id}


def write_members(
    tx: Transaction, outcomes: Sequence[Outcome], depths: Mapping[str, int], known: Mapping[tuple[str, str], Stretch]
) -> None:
    """Replace the members that analyzers found, and hold them wherever their parents are held.

    Args:
        tx: A writing transaction.
        outcomes: Of contents that exist.
        depths: How deep each of those lies.
        known: How far analyzers were; what they found before a checkpoint stays where reading went on from there.
    """
    before = _edges(tx, [outcome.sha256 for outcome in outcomes])
    lost: set[str] = set()
    for outcome in outcomes:
        for run in outcome.runs:
            old = before.get((outcome.sha256, run.analyzer), [])
            first = known[outcome.sha256, run.analyzer].members if run.began else 0
            new = old[:first] + [(storable(member.path), member.object.sha256) for member in run.members]
            if old != new:
                _replace(tx, (outcome.sha256, run.analyzer), run.members, depths[outcome.sha256], first)
                _hold_inside(tx, outcome.sha256, {sha for _, sha in set(new) - set(old)}, depths[outcome.sha256])
                lost |= {sha for _, sha in set(old) - set(new)}
    if lost:
        holdings.release(tx, lost)


def write_renditions(tx: Transaction, outcomes: Sequence[Outcome]) -> set[str]:
    """Replace the renditions that analyzers made, and give the objects that may be in no use now."""
    shas = {outcome.sha256: {run.analyzer for run in outcome.runs if not run.began} for outcome in outcomes}
    rows = [
        {
            "sha256": outcome.sha256,
            "role": rendition.role,
            "analyzer": run.analyzer,
            "media_type": rendition.media_type,
            "size": rendition.object.size,
            "object_id": rendition.object.object_id,
        }
        for outcome in outcomes
        for run in outcome.runs
        for rendition in run.renditions
    ]
    new = {(str(row["sha256"]), str(row["role"])) for row in rows}
    old: set[str] = set()
    for part in holdings.chunks(shas):
        for row in tx.execute(sa.select(renditions).where(renditions.c.sha256.in_(part))).all():
            if row.analyzer in shas[row.sha256] or (row.sha256, row.role) in new:
                old.add(row.object_id)
                tx.execute(renditions.delete().where(renditions.c.sha256 == row.sha256, renditions.c.role == row.role))
    if rows:
        insert = dialect_insert(tx, renditions)
        changed = {name: insert.excluded[name] for name in ("analyzer", "media_type", "size", "object_id")}
        tx.execute(insert.on_conflict_do_update(index_elements=["sha256", "role"], set_=changed), rows)
    return old


def release(tx: Transaction, ids: Collection[str]) -> list[tuple[str, str]]:
    """Let go of those objects that nothing refers to."""
    return objects.release(tx, ids) if ids else []


def _edges(tx: Transaction, sha256s: Collection[str]) -> Edges:
    found: Edges = {}
    for part in holdings.chunks(sha256s):
        statement = sa.select(members).where(members.c.parent_sha256.in_(part)).order_by(members.c.seq)
        for row in tx.execute(statement):
            found.setdefault((row.parent_sha256, row.analyzer), []).append((row.path, row.child_sha256))
    return found


def _replace(tx: Transaction, key: tuple[str, str], found: Sequence[KeptMember], depth: int, first: int) -> None:
    """Put what was found in the place of all members from a number on."""
    parent, analyzer = key
    contents.add_member_contents(tx, (member.object for member in found), depth + 1)
    later = (members.c.parent_sha256 == parent, members.c.analyzer == analyzer, members.c.seq >= first)
    tx.execute(members.delete().where(*later))
    rows = [
        {
            "parent_sha256": parent,
            "analyzer": analyzer,
            "seq": seq,
            "path": storable(member.path),
            "child_sha256": member.object.sha256,
        }
        for seq, member in enumerate(found, first)
    ]
    if rows:
        tx.execute(members.insert(), rows)


def _hold_inside(tx: Transaction, parent: str, added: set[str], depth: int) -> None:
    """Let every container that holds the parent hold what was newly found inside."""
    if not added:
        return
    holdings.move(tx, added, depth + 1)
    held = sa.select(held_rows.c.container_id).where(held_rows.c.sha256 == parent)
    for container_id in sorted(tx.scalars(held)):
        holdings.spread(tx, container_id, added)
