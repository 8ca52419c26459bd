"""`export`: a list of results as a file that other programs and other people read."""

from collections.abc import Callable
from pathlib import Path

from strongroom.domain.export import CSV, FORMS, JSON, MOST, XLSX, ZIP, Exported, Finding
from strongroom.domain.progress import OnProgress
from strongroom.domain.scope import Scope
from strongroom.errors import UsageError
from strongroom.flows import fetch
from strongroom.flows.export import rows
from strongroom.flows.export.asjson import write_json
from strongroom.flows.export.dossier import Dossier
from strongroom.flows.export.tables import Sheet, write_csv, write_xlsx
from strongroom.flows.fetch import whole
from strongroom.flows.parts import Parts
from strongroom.flows.picture import open_example
from strongroom.storage.catalog.catalog import now

GIVEN = "a picture that was given"
"""How a picture is named that lies in no room."""


def form_of(file: Path, form: str | None, known: tuple[str, ...] = FORMS) -> str:
    """Give the form in which a file is to be written: what was said, or what its ending says.

    Raises:
        UsageError: It is none of those that are known.
    """
    wanted = (form or file.suffix.lstrip(".")).lower()
    if wanted not in known:
        raise UsageError(f"{wanted or file.name!r} is no form that this can be written in: give one of {', '.join(known)}")
    return wanted


def find(parts: Parts, query: str, scope: Scope, *, limit: int, sort: str, like: str | Path | None = None) -> Finding:
    """Search for what is to be written: in words, or by a picture of the room (its name) or of this machine (its path).

    Raises:
        UsageError: The query or the limit cannot be.
        NotFound: There is no such picture.
        ModelMissing: The text model, or the picture model, has not been pulled.
    """
    if not 1 <= limit <= MOST:
        raise UsageError(f"{limit:,} hits cannot be written: give a limit of 1 to {MOST:,}")
    if like is None:
        results = parts.searcher.search(query, scope, limit=limit, sort=sort)
    else:
        example = open_example(like) if isinstance(like, Path) else fetch.resolve(parts, like, scope)
        results = parts.searcher.similar(example, scope, filters=query, limit=limit)
    named = GIVEN if isinstance(like, Path) else like or ""
    return Finding(query=query, at=now(), room=parts.layout.root.name, scope=scope, results=results, like=named)


def export(
    parts: Parts,
    finding: Finding,
    file: Path,
    form: str,
    *,
    originals: bool,
    on_progress: OnProgress,
    until: Callable[[], bool] | None = None,
) -> Exported:
    """Write what was found to a file, which appears only when it is whole.

    Args:
        parts: An open room.
        finding: What was found.
        file: Where to.
        form: One of `FORMS`.
        originals: Whether a dossier holds the files themselves.
        on_progress: Is told of hits done.
        until: Says when nobody waits for a dossier any more.

    Raises:
        StorageError: It cannot be written.
    """
    left_out: tuple[str, ...] = ()
    if form == ZIP:
        dossier = Dossier(parts, finding, originals=originals, on_progress=on_progress, until=until)
        left_out = tuple(whole(dossier.write, file))
    elif form == XLSX:
        whole(lambda path: write_xlsx(path, _sheets(finding)), file)
    elif form == CSV:
        whole(lambda path: write_csv(path, _hits(finding)), file)
    else:
        assert form == JSON, form
        whole(lambda path: write_json(path, finding), file)
    hits = len(finding.hits)
    return Exported(form=form, hits=hits, is_cut=finding.is_cut, left_out=left_out, size=file.stat().st_size)


def _hits(finding: Finding) -> Sheet:
    return Sheet(name="Results", head=rows.HEAD, rows=rows.hits(finding))


def _sheets(finding: Finding) -> list[Sheet]:
    every = Sheet(name="Every match", head=rows.MATCHES, rows=rows.matches(finding))
    return [_hits(finding), every, Sheet(name="About", head=("What", "Is"), rows=rows.about(finding))]
