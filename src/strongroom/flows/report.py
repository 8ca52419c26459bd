"""`status`: what a room holds, how much is analysed, and what failed and why."""

from collections.abc import Iterator, Sequence

from strongroom.analyzers.office import office_reader_available
from strongroom.domain.analysis import AnalyzerSpec, Coverage, Failure
from strongroom.domain.scope import Scope
from strongroom.domain.status import Status
from strongroom.flows.models import missing_models
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import Transaction, analyses, sizes
from strongroom.storage.catalog import coverage as coverages

PAGE = 1000


def coverage(parts: Parts, scope: Scope) -> Coverage:
    """Say how much of a scope is analysed."""
    with parts.catalog.read() as tx:
        return coverages.coverage(tx, parts.specs, scope)


def rate(parts: Parts) -> float:
    """Say how many contents a second were finished over the last minutes."""
    with parts.catalog.read() as tx:
        return analyses.rate(tx)


def status(parts: Parts, scope: Scope) -> Status:
    """Say all of it."""
    containers = parts.vault.containers(scope)
    with parts.catalog.read() as tx:
        held = sizes.blobs_and_bytes(tx, [container.id for container in containers])
        return Status(
            coverage=coverages.coverage(tx, parts.specs, scope),
            types=coverages.by_type(tx, parts.specs, scope),
            containers=tuple((container, *held.get(container.id, (0, 0))) for container in containers),
            failures=tuple(_failures(tx, parts.specs, scope)),
            segments=parts.table.count(),
            rate=analyses.rate(tx),
            readers=_readers(parts),
            missing_models=missing_models(parts.settings),
        )


def _failures(tx: Transaction, specs: Sequence[AnalyzerSpec], scope: Scope) -> Iterator[Failure]:
    """Give blobs without bytes, then contents that failed, then those that nothing here reads."""
    yield from coverages.faults(tx, scope)
    after, told = "", ("", "")
    while page := coverages.failures(tx, scope, after, PAGE):
        for failure in page:
            if (failure.sha256, failure.reason) != told:  # two analyzers that fail alike have one thing to tell
                yield failure
            told = (failure.sha256, failure.reason)
        after = page[-1].sha256
    after = ""
    while page := coverages.unread(tx, specs, scope, after, PAGE):
        yield from page
        after = page[-1].sha256


def _readers(parts: Parts) -> dict[str, str]:
    settings = parts.settings
    libreoffice = None if settings.office == "builtin" else office_reader_available()
    return {
        "text": settings.text_model,
        "pictures": settings.picture_model,
        "text in pictures": settings.ocr_model,
        "office files": libreoffice or "built-in reader (LibreOffice reads them better: see docs/how-to/office.md)",
    }
