"""Placements: what segments repeat of where their content is stored, and whether they still say it rightly."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath

import sqlalchemy as sa

from strongroom.domain.segments import Placement
from strongroom.storage.catalog import holdings
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.holdings import live
from strongroom.storage.catalog.schema import containers, contents, members, versions
from strongroom.storage.catalog.schema import holdings as held_rows

EXTENSION_CHARACTERS = 16
EXTENSIONS = 32
"""A content keeps at most so many extensions, in order of the alphabet."""
LEVELS = 32


def unplaced(tx: Transaction, limit: int, after: str = "") -> list[str]:
    """Give contents that are stored elsewhere than their segments say, in order of SHA-256."""
    text = "SELECT sha256 FROM contents WHERE NOT is_placed AND sha256 > :after ORDER BY sha256 LIMIT :limit"
    return list(tx.scalars(sa.text(text), {"after": after, "limit": limit}))


def tokens(tx: Transaction, sha256s: Collection[str]) -> dict[str, int]:
    """Give a number for each content that is another one after it moved; read it beside the placements."""
    found: dict[str, int] = {}
    for part in holdings.chunks(sha256s):
        statement = sa.select(contents.c.sha256, contents.c.moves).where(contents.c.sha256.in_(part))
        found |= {row.sha256: row.moves for row in tx.execute(statement)}
    return found


def placed(tx: Transaction, done: Mapping[str, int]) -> None:
    """Note that segments say rightly where their contents are stored, unless these moved meanwhile.

    Args:
        tx: A writing transaction.
        done: What `tokens` gave in the transaction that read the placements.
    """
    if done:
        unmoved = sa.and_(contents.c.sha256 == sa.bindparam("key"), contents.c.moves == sa.bindparam("token"))
        update = contents.update().where(unmoved).values(is_placed=True)
        tx.execute(update, [{"key": sha, "token": moves} for sha, moves in sorted(done.items())])


def placements(tx: Transaction, sha256s: Collection[str]) -> dict[str, Placement]:
    """Give where contents are stored; one that nothing live holds has no containers."""
    wanted = set(sha256s)
    held = _containers(tx, wanted)
    extensions, dates = _extensions(tx, wanted), _dates(tx, wanted)
    return {
        sha: Placement(
            containers=tuple(sorted(held.get(sha, ()))),
            extensions=tuple(sorted(extensions.get(sha, ()))[:EXTENSIONS]),
            dated_at=dates.get(sha),
        )
        for sha in wanted
    }


def extension(name: str) -> str | None:
    """Give the lower-case extension of a name, without the dot; None where it has none that people would filter by."""
    suffix = PurePosixPath(name).suffix[1:].lower()
    return suffix if suffix.isalnum() and len(suffix) <= EXTENSION_CHARACTERS else None


def _containers(tx: Transaction, sha256s: Collection[str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    table = held_rows
    for part in holdings.chunks(sha256s):
        statement = sa.select(table.c.sha256, table.c.container_id).where(
            table.c.sha256.in_(part), table.c.container_id == containers.c.id, containers.c.deleted_at.is_(None)
        )
        for sha, container_id in tx.execute(statement):
            found.setdefault(sha, set()).add(container_id)
    return found


def _extensions(tx: Transaction, sha256s: Collection[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for part in holdings.chunks(sha256s):
        blobs = sa.select(versions.c.sha256, versions.c.name).where(live(), versions.c.sha256.in_(part))
        paths = sa.select(members.c.child_sha256, members.c.path).join(contents, contents.c.sha256 == members.c.parent_sha256)
        paths = paths.where(members.c.child_sha256.in_(part), contents.c.is_held)
        for sha, name in (*tx.execute(blobs), *tx.execute(paths)):
            if suffix := extension(name):
                found.setdefault(sha, set()).add(suffix)
    return found


def _dates(tx: Transaction, sha256s: Collection[str]) -> dict[str, datetime]:
    """Give the oldest file time of each content, or of what it lies in where it is no blob itself."""
    found: dict[str, datetime] = {}
    above = {sha: {sha} for sha in sha256s}
    """By something on the way up: the contents asked for that lie in it."""
    seen: set[tuple[str, str]] = set()
    for _ in range(LEVELS):
        for top, date in _blob_dates(tx, above).items():
            for sha in above[top]:
                found[sha] = min(date, found.get(sha, date))
        seen |= {(top, sha) for top, under in above.items() for sha in under}
        climbed: dict[str, set[str]] = {}
        for part in holdings.chunks(above):
            statement = sa.select(members.c.child_sha256, members.c.parent_sha256).where(members.c.child_sha256.in_(part))
            for child, parent in tx.execute(statement.distinct()):
                left = {sha for sha in above[child] if sha not in found and (parent, sha) not in seen}
                if left:
                    climbed.setdefault(parent, set()).update(left)
        if not climbed:
            break
        above = climbed
    return found


def _blob_dates(tx: Transaction, sha256s: Collection[str]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for part in holdings.chunks(sha256s):
        statement = sa.select(versions.c.sha256, versions.c.modified_at, versions.c.metadata)
        for sha, modified_at, metadata in tx.execute(statement.where(live(), versions.c.sha256.in_(part))):
            date = _file_time(metadata) or modified_at
            found[sha] = min(date, found.get(sha, date))
    return found


def _file_time(metadata: Mapping[str, str]) -> datetime | None:
    text = next((value for name, value in metadata.items() if name.lower() == "mtime"), "")
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
