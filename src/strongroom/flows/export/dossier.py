"""The dossier: a folder in a zip that opens without a server, with what was found, the pages that say so, and their hashes."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from strongroom.domain.export import Finding
from strongroom.domain.hit import Hit
from strongroom.domain.progress import OnProgress, Progress
from strongroom.domain.query import parse
from strongroom.errors import NotFound, StorageError
from strongroom.flows.export import rows
from strongroom.flows.export.asjson import said, told
from strongroom.flows.export.pictures import Picture, pictures
from strongroom.flows.export.safe import file_name, marked, size
from strongroom.flows.parts import Parts

ORIGINALS_MOST = 4 << 30
"""Bytes of originals that go into one dossier."""
CHUNK = 1 << 20
FOLDER = "dossier/"
"""Everything lies in one folder, so that unpacking strews nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A hit as the dossier shows it."""

    number: int
    """From 1."""
    hit: Hit
    """What was found."""
    pictures: tuple[Picture, ...]
    """What is shown of it, without the bytes."""
    original: str
    """Path of the file itself; empty where it is not in the dossier."""


@dataclass(slots=True)
class _Written:
    """What is in the zip so far."""

    archive: ZipFile
    at: tuple[int, int, int, int, int, int]
    files: list[dict[str, object]] = field(default_factory=list)
    originals: int = 0
    left_out: list[str] = field(default_factory=list)

    def put(self, path: str, data: bytes) -> None:
        method = ZIP_STORED if path.endswith((".jpg", ".png")) else ZIP_DEFLATED
        self.archive.writestr(self.info(path), data, method)
        self.note(path, len(data), sha256(data).hexdigest())

    def info(self, path: str) -> ZipInfo:
        return ZipInfo(FOLDER + path, self.at)

    def note(self, path: str, count: int, digest: str) -> None:
        self.files.append({"path": path, "size": count, "sha256": digest})


class Dossier:
    """Writes one dossier."""

    def __init__(
        self,
        parts: Parts,
        finding: Finding,
        *,
        originals: bool,
        on_progress: OnProgress,
        until: Callable[[], bool] | None = None,
    ) -> None:
        """Take what is to be shown; see `strongroom.flows.export.export`."""
        self._parts, self._finding, self._originals = parts, finding, originals
        self._on_progress, self._until = on_progress, until or (lambda: False)

    def write(self, file: Path) -> list[str]:
        """Write the zip; gives what had to be left out of it, each with its reason.

        Raises:
            OSError: It cannot be written.
            StorageError: Nobody waits for it any more, or an original cannot be read.
        """
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            at = self._finding.at
            written = _Written(archive, (at.year, at.month, at.day, at.hour, at.minute, at.second))
            entries = list(self._entries(written))
            written.put("index.html", self._page(entries, written.left_out).encode())
            manifest = {
                "about": said(self._finding),
                "hits": [told(entry.number, entry.hit) | {"original": entry.original} for entry in entries],
                "left_out": written.left_out,
                "files": list(written.files),
            }
            written.put("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1).encode("utf-8", "replace"))
            sums = "".join(f"{one['sha256']}  {one['path']}\n" for one in written.files)
            archive.writestr(written.info("SHA256SUMS"), sums, ZIP_DEFLATED)
        return written.left_out

    def _entries(self, written: _Written) -> Iterator[Entry]:
        query = parse(self._finding.query)
        words = [term.text for term in query.terms]
        total = len(self._finding.hits)
        for number, hit in enumerate(self._finding.hits, 1):
            if self._until():
                raise StorageError("nobody waits for this dossier any more")
            shown = []
            for picture in pictures(self._parts, hit, words, number):
                if picture.data:
                    written.put(picture.path, picture.data)
                    shown.append(picture.bare())
                else:
                    written.left_out.append(f"{number}: {picture.problem}")
            original = self._original(written, number, hit) if self._originals else ""
            yield Entry(number=number, hit=hit, pictures=tuple(shown), original=original)
            self._on_progress(Progress(step="writing the dossier", done=number, total=total, unit="hits"))

    def _original(self, written: _Written, number: int, hit: Hit) -> str:
        """Put the file itself in; gives its path."""
        if written.originals + hit.size > ORIGINALS_MOST:
            written.left_out.append(f"{number}: the original, since all together would have more than {size(ORIGINALS_MOST)}")
            return ""
        path = f"originals/{number:05d}-{file_name(rows.inside(hit))}"
        try:
            with self._parts.vault.source(hit.content) as source, source.open() as stream:
                info = written.info(path)
                info.compress_type = ZIP_STORED
                info.file_size = hit.size  # so that more than 2 GiB are written as such
                with written.archive.open(info, "w", force_zip64=True) as out:
                    shutil.copyfileobj(stream, out, CHUNK)
        except NotFound as error:
            written.left_out.append(f"{number}: the original: {error}")
            return ""
        written.originals += hit.size
        written.note(path, hit.size, hit.content)
        return path

    def _page(self, entries: list[Entry], left_out: list[str]) -> str:
        text: str = _template().render(
            about=list(rows.about(self._finding)), query=self._finding.asked, entries=entries, left_out=left_out
        )
        return text.encode("utf-8", "replace").decode()


@cache
def _template() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("strongroom.flows.export", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"marked": marked, "size": size, "inside": rows.inside, "found_by": rows.found_by}
    return environment.get_template("dossier.html")
