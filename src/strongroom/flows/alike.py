"""`near_duplicates`: pictures that are nearly the same as one.

The picture vectors find what looks alike; the perceptual hashes tell the same picture from another of the same thing.
"""

from strongroom.domain.alike import Alike
from strongroom.domain.media import IMAGE
from strongroom.domain.scope import Scope
from strongroom.errors import UsageError
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import analyses, contents, names
from strongroom.storage.tables import View
from strongroom.storage.tables.predicates import both, granted, of_contents, one_of

LOOKED_AT = 200
"""Nearest pictures that are looked at."""
MOST = 100
BITS = 10
"""Perceptual hashes of the same picture differ in no more of their 64 bits (tests/integration/test_alike.py)."""
LEAST = 0.7
"""Cosine below which two pictures are not the same, whatever their hashes."""
ALONE = 0.985
"""Cosine from which two pictures are the same where one has no hash."""
NAMES = 5


def near_duplicates(parts: Parts, sha256: str, scope: Scope, limit: int) -> tuple[Alike, ...]:
    """Give the pictures that are nearly the same as one, the nearest first; none where it is no picture.

    Args:
        parts: An open room.
        sha256: The content.
        scope: What may be seen.
        limit: How many at most.

    Raises:
        UsageError: The limit is none that can be.
    """
    if not 1 <= limit <= MOST:
        raise UsageError(f"limit is {limit}: it can be 1 to {MOST}")
    looks = parts.table.rows(("image_vector",), both(of_contents([sha256]), "image_vector IS NOT NULL"), limit=1)
    if not looks.num_rows:
        return ()
    vector = looks.column(0).combine_chunks().flatten().to_numpy(zero_copy_only=False)
    where = both(one_of("type", [IMAGE]), granted(scope.containers))

    def read(view: View) -> dict[str, float]:
        columns = ("content_sha256",)
        rows = view.nearest("image_vector", vector, columns=columns, where=where, limit=LOOKED_AT).to_pylist()
        return {row["content_sha256"]: 1 - row["_distance"] for row in reversed(rows)}

    near = parts.table.read(read)
    near.pop(sha256, None)
    return _same(parts, sha256, scope, near)[:limit]


def _same(parts: Parts, sha256: str, scope: Scope, near: dict[str, float]) -> tuple[Alike, ...]:
    with parts.catalog.read() as tx:
        said = analyses.properties(tx, [sha256, *near])
        known = contents.contents(tx, list(near))
        bits = {sha: _bits(said.get(sha256, {}), said.get(sha, {})) for sha in near}
        same = [sha for sha, likeness in near.items() if _is_same(bits[sha], likeness)]
        named = names.names(tx, same, scope, limit=NAMES)
    found = [
        Alike(
            sha256=sha,
            names=named[sha],
            media_type=known[sha].media_type,
            size=known[sha].size,
            width=_whole(said.get(sha, {}), "width"),
            height=_whole(said.get(sha, {}), "height"),
            bits=bits[sha],
            likeness=near[sha],
        )
        for sha in same
        if sha in named and sha in known
    ]
    return tuple(sorted(found, key=lambda one: (one.bits if one.bits is not None else BITS, -one.likeness)))


def _is_same(bits: int | None, likeness: float) -> bool:
    return likeness >= ALONE if bits is None else bits <= BITS and likeness >= LEAST


def _bits(one: dict[str, object], other: dict[str, object]) -> int | None:
    hashes = (one.get("phash"), other.get("phash"))
    if not all(isinstance(value, str) for value in hashes):
        return None
    return (int(str(hashes[0]), 16) ^ int(str(hashes[1]), 16)).bit_count()


def _whole(said: dict[str, object], name: str) -> int | None:
    value = said.get(name)
    return value if isinstance(value, int) else None
