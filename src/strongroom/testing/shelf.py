"""A catalog with blobs and contents that have no bytes, for tests of what follows from its rows."""

from collections.abc import Iterable, Mapping
from hashlib import sha256

from strongroom.domain.analysis import State
from strongroom.domain.media import type_of
from strongroom.domain.outcome import KeptMember, KeptObject, KeptRendition, Outcome, Run
from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.storage.catalog import Catalog, analyses, containers, landings, removals
from strongroom.storage.catalog.landings import Landing

EVERYTHING = Scope(actor=Actor(name="test"), purpose=Purpose(name="test"), containers=None, policy_version="test")


def digest(label: str) -> str:
    """Give the SHA-256 that stands for a content of this label."""
    return sha256(label.encode()).hexdigest()


def only(*container_ids: int) -> Scope:
    """Give a scope of some containers."""
    return Scope(actor=EVERYTHING.actor, purpose=EVERYTHING.purpose, containers=frozenset(container_ids), policy_version="test")


def kept(label: str, size: int = 0) -> KeptObject:
    """Give bytes of a label as if the vault kept them; they are empty, so that they need no object."""
    return KeptObject(object_id="", place="pack", size=size, sha256=digest(label))


def run(
    analyzer: str,
    *,
    version: int = 1,
    state: State = State.DONE,
    reason: str | None = None,
    members: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    renditions: Mapping[str, KeptObject] | None = None,
    properties: dict[str, object] | None = None,
) -> Run:
    """Give one analyzer's run; members are paths with labels."""
    pairs = members.items() if isinstance(members, Mapping) else members
    return Run(
        analyzer=analyzer,
        version=version,
        state=state,
        reason=reason,
        properties=properties or {},
        members=tuple(KeptMember(path=path, object=kept(label)) for path, label in pairs),
        renditions=tuple(
            KeptRendition(role=role, media_type="image/jpeg", object=one) for role, one in (renditions or {}).items()
        ),
    )


def outcome(label: str, media_type: str | None, *runs: Run, fault: str | None = None) -> Outcome:
    """Give what a worker found out about the content of a label."""
    type_ = None if media_type is None else type_of(media_type)
    return Outcome(sha256=digest(label), media_type=media_type, type=type_, runs=runs, fault=fault)


class Shelf:
    """Puts and removes blobs by labels; equal labels are equal contents."""

    def __init__(self, catalog: Catalog) -> None:
        """Work on a migrated catalog."""
        self.catalog = catalog

    def container(self, name: str) -> int:
        """Make a container and give its id."""
        with self.catalog.write() as tx:
            made = containers.create(tx, name, kind="stored", url=None, metadata={}, keeps_versions=False)
        return made.id

    def put(self, container: str, names: Mapping[str, str], **fields: object) -> None:
        """Put blobs: names with labels; `fields` go into each landing."""
        new = [
            Landing(**{"name": name, "size": len(label), "pieces": (), "sha256": digest(label), **fields})  # type: ignore[arg-type]
            for name, label in names.items()
        ]
        with self.catalog.write() as tx:
            landings.land(tx, containers.get(tx, container, EVERYTHING), new)

    def remove(self, container: str, name: str) -> None:
        """Remove a blob."""
        with self.catalog.write() as tx:
            removals.remove(tx, containers.get(tx, container, EVERYTHING), name)

    def delete_container(self, name: str) -> None:
        """Mark a container deleted; its rows stay."""
        with self.catalog.write() as tx:
            containers.mark_deleted(tx, containers.get(tx, name, EVERYTHING).id)

    def record(self, *outcomes: Outcome) -> list[tuple[str, str]]:
        """Record outcomes and give the objects to be removed."""
        with self.catalog.write() as tx:
            return analyses.record(tx, outcomes)
