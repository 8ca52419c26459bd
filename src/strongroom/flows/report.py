"""`status`: what a room holds, how much is analysed, and what failed and why."""

from collections.abc import Mapping, Sequence
from functools import partial

from strongroom.analyzers.office import office_reader_available
from strongroom.domain.analysis import Coverage
from strongroom.domain.container import Container
from strongroom.domain.scope import Scope
from strongroom.domain.status import Contained, Status
from strongroom.flows import failures
from strongroom.flows.models import missing_models
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import analyses, reach, sizes
from strongroom.storage.catalog import coverage as coverages
from strongroom.storage.tables.predicates import granted

GROUPS = 100
"""Reasons that are told of what failed, and as many of what was left out."""


def coverage(parts: Parts, scope: Scope) -> Coverage:
    """Say how much of a scope is analysed."""
    with parts.catalog.read() as tx:
        return coverages.coverage(tx, parts.specs, scope)


def rate(parts: Parts, scope: Scope) -> float:
    """Say how many contents a second, of what a scope shows, were finished over the last minutes."""
    with parts.catalog.read() as tx:
        return analyses.rate(tx, containers=scope.containers)


def contained(parts: Parts, scope: Scope) -> tuple[Contained, ...]:
    """Give each container with what it holds and how much of that is analysed; in a large room it may be some seconds old."""
    containers = parts.vault.containers(scope)
    held, covered = parts.kept_coverage.get(tuple(one.id for one in containers), partial(_covered, parts, scope, containers))
    return tuple(
        Contained(container=one, blobs=held.get(one.id, (0, 0))[0], size=held.get(one.id, (0, 0))[1], coverage=covered[one.id])
        for one in containers
    )


def _covered(
    parts: Parts, scope: Scope, containers: Sequence[Container]
) -> tuple[Mapping[int, tuple[int, int]], Mapping[int, Coverage]]:
    ids = [container.id for container in containers]
    with parts.catalog.read() as tx:
        return sizes.blobs_and_bytes(tx, ids), coverages.by_container(tx, parts.specs, scope, ids)


def by_type(parts: Parts, scope: Scope) -> dict[str, Coverage]:
    """Say how much of a scope is analysed, by plain type."""
    with parts.catalog.read() as tx:
        return coverages.by_type(tx, parts.specs, scope)


def status(parts: Parts, scope: Scope) -> Status:
    """Say all of it."""
    groups = [failures.groups(parts, scope, skipped=skipped, after=0, limit=GROUPS).groups for skipped in (False, True)]
    types = by_type(parts, scope)
    return Status(
        coverage=coverage(parts, scope),
        types=types,
        containers=contained(parts, scope),
        failures=failures.everything(parts, scope),
        failure_groups=(*groups[0], *groups[1]),
        segments=segments(parts, scope),
        rate=rate(parts, scope),
        readers=readers(parts),
        missing_models=missing_models(parts.settings),
    )


def segments(parts: Parts, scope: Scope) -> int:
    """Count the rows of the index of what a scope shows: the rest is nobody's business."""
    with parts.catalog.read() as tx:
        inside = reach.containers(tx, scope.containers)
    return parts.table.count(None if inside is None else granted(frozenset(inside)))


def readers(parts: Parts) -> dict[str, str]:
    """Say which reader or model does what."""
    settings = parts.settings
    libreoffice = None if settings.office == "builtin" else office_reader_available()
    return {
        "text": settings.text_model,
        "pictures": settings.picture_model,
        "text in pictures": settings.ocr_model,
        "office files": libreoffice or "built-in reader (LibreOffice reads them better: see docs/how-to/office.md)",
    }
