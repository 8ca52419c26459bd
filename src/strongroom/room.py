"""The room: a table of contents, one short method a verb."""

import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from strongroom.domain.analysis import Cost, Coverage
from strongroom.domain.blob import Blob
from strongroom.domain.clip import Clip
from strongroom.domain.container import Container
from strongroom.domain.hit import Results
from strongroom.domain.progress import OnProgress, silent
from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.domain.settings import Settings
from strongroom.domain.status import Added, Analyzed, Fault, Scanned, Status
from strongroom.domain.transcript import Transcript
from strongroom.engine import LocalExecutor
from strongroom.errors import RoomNotFound
from strongroom.flows import clip, fetch, frame, ingest, moment, page, picture, report, transcript, verify
from strongroom.flows.analyze import analyze
from strongroom.flows.init import make_room, settings_of
from strongroom.flows.parts import Parts, open_parts
from strongroom.flows.search import Searcher
from strongroom.governance.ledger import CatalogLedger
from strongroom.governance.policy import GENERAL, OWNER, OwnerPolicy
from strongroom.index import IndexReader
from strongroom.models.dimensions import reads_words
from strongroom.ports import Act, Ledger, Policy
from strongroom.storage.alone import alone
from strongroom.storage.layout import Layout
from strongroom.vault import Vault


def init(path: Path | str, **settings: object) -> "Room":
    """Make a room and open it.

    Args:
        path: A directory that is new or empty.
        settings: Any of `strongroom.domain.settings.Settings`; they are written into the room's ``settings.toml``.

    Raises:
        AlreadyExists: The directory is a room already, or holds other files.
    """
    make_room(Path(path), settings)
    return open(path)


def open(path: Path | str, **settings: object) -> "Room":  # noqa: A001 - it is read as `strongroom.open`
    """Open a room.

    Args:
        path: Its directory.
        settings: Any of `strongroom.domain.settings.Settings`, for this opening only.

    Raises:
        RoomNotFound: The directory is no room.
        RoomVersionError: A newer Strongroom wrote it.
        SettingError: A setting has a value it cannot have.
    """
    layout = Layout(root=Path(path).absolute())
    if not layout.settings.exists():
        raise RoomNotFound(f"{path} is not a room: make one with `strongroom init {path}`, or name yours with --room")
    return Room(open_parts(layout.root, settings_of(layout.root, os.environ, **settings), threads=os.cpu_count() or 1))


class Room:
    """One instance of Strongroom, acted in by one actor for one purpose."""

    def __init__(
        self,
        parts: Parts,
        *,
        actor: Actor = OWNER,
        purpose: Purpose = GENERAL,
        policy: Policy | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        """Use open parts; see `strongroom.open`.

        Args:
            parts: The room's parts.
            actor: Who acts.
            purpose: What for.
            policy: The rules; one local owner by default.
            ledger: Where acts are recorded; the catalog by default.
        """
        self._parts = parts
        self.actor = actor
        """Who acts."""
        self.purpose = purpose
        """What for."""
        self._policy = policy or OwnerPolicy()
        self._ledger = ledger or CatalogLedger(parts.catalog)

    def __enter__(self) -> Self:
        """Give the room itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the room."""
        self.close()

    def close(self) -> None:
        """Close every file and connection."""
        self._parts.close()

    @property
    def path(self) -> Path:
        """The room's directory."""
        return self._parts.layout.root

    @property
    def settings(self) -> Settings:
        """The room's settings."""
        return self._parts.settings

    @property
    def vault(self) -> Vault:
        """Containers and blobs, for a door that asks a policy and records acts by itself."""
        return self._parts.vault

    @property
    def ledger(self) -> Ledger:
        """Where acts are recorded."""
        return self._ledger

    def scope(self, action: str) -> Scope:
        """Give what the actor may see for an action.

        Raises:
            AccessDenied: The policy does not permit it.
        """
        return self._policy.scope(self.actor, self.purpose, action)

    def _record(self, verb: str, scope: Scope, **details: object) -> None:
        self._ledger.append(
            Act(verb=verb, actor=scope.actor, purpose=scope.purpose, policy_version=scope.policy_version, details=details)
        )

    # Filling

    def add(self, paths: Sequence[Path | str], *, to: str, on_progress: OnProgress = silent) -> Added:
        """Copy files and folders into a container, which is made if it does not exist; see `strongroom.flows.ingest.walk`.

        Args:
            paths: Files and folders of this machine.
            to: Name of the container.
            on_progress: Is told of files done.

        Raises:
            UsageError: A path does not exist.
            StorageFull: No space is left; what was counted by then stays.
        """
        scope = self.scope("add")
        self._parts.vault.sweep()
        added = ingest.add(self._parts.vault, ingest.container_named(self._parts.vault, to, scope), paths, on_progress)
        self._record("add", scope, container=to, added=added.added, bytes=added.size, refused=len(added.refused))
        return added

    def mount(self, url: Path | str, *, name: str, on_progress: OnProgress = silent) -> Scanned:
        """Make a container of files that stay where they are, or look again at one that is mounted already.

        Args:
            url: A folder, or a ``file://``, ``s3://``, ``az://`` or ``gs://`` URL.
            name: Name of the container.
            on_progress: Is told of files seen.

        Raises:
            AlreadyExists: The name is taken by another container.
            Unreachable: The store does not answer.
        """
        scope = self.scope("mount")
        scanned = self._parts.vault.mount(str(url), name, scope, on_progress)
        self._record("mount", scope, container=name, url=str(url), added=scanned.added, deleted=scanned.deleted)
        return scanned

    def analyze(
        self,
        *,
        containers: Sequence[str] | None = None,
        retry_failed: bool = False,
        depth: Cost = Cost.DEEP,
        on_progress: OnProgress = silent,
    ) -> Analyzed:
        """Look at mounts for changes, then read everything that is not read yet.

        Args:
            containers: Names of the only ones to look at; None is all.
            retry_failed: Whether what failed before is read again.
            depth: The last pass to run: `Cost.CHEAP` makes everything findable soon, and leaves the rest for later.
            on_progress: Is told of each step.

        Raises:
            ModelMissing: A model has not been pulled.
            RoomLocked: Another process is analysing this room.
        """
        scope = self.scope("analyze")
        found = self.containers() if containers is None else [self._parts.vault.container(name, scope) for name in containers]
        with alone(self._parts.layout, "analyze", "another process is analysing this room: let it finish, or stop it"):
            self._parts.vault.sweep()
            for container in found:
                if container.url is not None:
                    self._parts.vault.scan(container, on_progress)
            analyzed = analyze(
                self._parts,
                LocalExecutor(self.settings.worker_count),
                containers=None if containers is None else frozenset(one.id for one in found),
                retry_failed=retry_failed,
                depth=depth,
                on_progress=on_progress,
            )
        models = self.settings.models
        self._record("analyze", scope, contents=analyzed.contents, failed=analyzed.failed, models=models)
        return analyzed

    # Finding

    @cached_property
    def _searcher(self) -> Searcher:
        parts, toolbox = self._parts, self._parts.toolbox
        return Searcher(
            IndexReader(parts.table),
            parts.catalog,
            lambda: toolbox.text,
            lambda: toolbox.pictures,
            parts.specs,
            pictures_read_words=reads_words(parts.settings),
        )

    def search(self, query: str, *, limit: int = 10, offset: int = 0) -> Results:
        """Find contents in plain words; see docs/reference/query-language.md.

        Args:
            query: Words, ``"exact phrases"``, ``-without``, and filters such as ``type:image``.
            limit: Hits on a page.
            offset: Hits to pass over.

        Raises:
            QueryError: A filter has a value that it cannot have.
            ModelMissing: The text model has not been pulled.
        """
        scope = self.scope("search")
        results = self._searcher.search(query, scope, limit=limit, offset=offset)
        self._record("search", scope, query=query, total=results.total, hits=[hit.content for hit in results.hits])
        return results

    def similar(self, file: Path | str, *, limit: int = 10, offset: int = 0) -> Results:
        """Find pictures, and moments of videos, that look like a picture of this machine.

        Raises:
            Unreadable: The file is no picture that can be read.
            ModelMissing: The picture model has not been pulled.
        """
        scope = self.scope("similar")
        pixels = picture.open_example(Path(file))
        results = self._searcher.similar(pixels, scope, limit=limit, offset=offset)
        self._record("similar", scope, total=results.total, hits=[hit.content for hit in results.hits])
        return results

    # Reading

    def containers(self) -> Sequence[Container]:
        """Give the containers that the actor may see, by name."""
        return self._parts.vault.containers(self.scope("list"))

    def list(self, container: str, *, prefix: str = "") -> Iterator[Blob]:
        """Give the blobs of a container in the order of their names.

        Raises:
            ContainerNotFound: There is none.
        """
        found = self._parts.vault.container(container, self.scope("list"))
        yield from self._parts.vault.walk(found, prefix=prefix)

    def get(self, name: str, out: BinaryIO) -> int:
        """Write the bytes of a blob, a member or a content.

        Args:
            name: ``CONTAINER/BLOB``, ``CONTAINER/BLOB!/MEMBER``, or a SHA-256.
            out: Where to.

        Returns:
            How many bytes were written.

        Raises:
            BlobNotFound: There is none.
            ContentNotFound: No live blob holds it.
        """
        scope = self.scope("get")
        sha256 = fetch.resolve(self._parts, name, scope)
        self._record("get", scope, name=name, content=sha256)
        return fetch.copy(self._parts, sha256, out)

    def get_to_file(self, name: str, file: Path) -> int:
        """Write the bytes to a file, which appears only when it is whole; see `get`."""
        return fetch.to_file(lambda out: self.get(name, out), file)

    def page(self, name: str, number: int = 1, *, marks: Sequence[str] = ()) -> bytes:
        """Draw a page of a PDF, of an office file that LibreOffice has read, or a picture, as PNG.

        Args:
            name: As for `get`.
            number: The page, counted from 1.
            marks: Words and phrases to mark on it.

        Raises:
            BlobNotFound: There is none of this name.
            Unsupported: The content has no pages.
            UsageError: There is no such page.
        """
        scope = self.scope("page")
        sha256 = fetch.resolve(self._parts, name, scope)
        self._record("page", scope, name=name, content=sha256, page=number)
        return page.draw_page(self._parts, sha256, number, marks)

    # Reading recordings

    def transcript(self, name: str, *, language: str | None = None) -> Transcript:
        """Give what is said in a recording (named as for `clip`), as far as it is written down; else what its subtitles say.

        Raises:
            NotFound: Nothing is said in it, or nothing is written down yet; the message says which.
            Unsupported: It is no recording.
        """
        scope = self.scope("transcript")
        found = moment.find(self._parts, name, scope)
        said = transcript.read_transcript(self._parts, found, scope, language)
        self._record("transcript", scope, name=name, content=found.sha256, source=said.source)
        return said

    def clip(
        self,
        name: str,
        file: Path | str,
        *,
        t_start: float | None = None,
        t_end: float | None = None,
        around: float = 0.0,
        exact: bool = False,
    ) -> Clip:
        """Cut a moment out of a recording, without encoding it anew where the file's format allows.

        Args:
            name: As for `get`, or the id of a hit's segment, whose span is cut out.
            file: Where to, when it is whole; its ending says in which format.
            t_start: Seconds at which to begin; the hit's, or 0, if not given.
            t_end: Seconds at which to end; the hit's, or the recording's, if not given.
            around: Seconds more before and after.
            exact: Whether the picture is encoded anew to begin at the start, not at the keyframe before.

        Raises:
            Unsupported: It is no recording, or has nothing that the format can hold.
            UsageError: There is no such span or format.
        """
        scope = self.scope("clip")
        found = clip.span(moment.find(self._parts, name, scope), t_start, t_end, around)
        self._record("clip", scope, name=name, content=found.sha256, t_start=found.t_start, t_end=found.t_end)
        return clip.write_clip(self._parts, found, Path(file), exact=exact)

    def frame(self, name: str, at: float | None = None, *, form: str = "png") -> bytes:
        """Give the upright picture that a video (named as for `clip`) shows at a time, as ``png`` or ``jpg``.

        Args:
            name: The video.
            at: Seconds from its beginning; the hit's, or 0, if not given.
            form: Of the picture.

        Raises:
            Unsupported: It is no video.
            UsageError: It is shorter.
        """
        scope = self.scope("frame")
        found = moment.find(self._parts, name, scope)
        self._record("frame", scope, name=name, content=found.sha256, at=at)
        return frame.draw_frame(self._parts, found, at, form)

    # Telling

    def coverage(self) -> Coverage:
        """Say how much of what the actor may see is analysed."""
        return report.coverage(self._parts, self.scope("status"))

    def status(self) -> Status:
        """Say what the room holds, how much is analysed, and every failure with its reason."""
        return report.status(self._parts, self.scope("status"))

    def check(self, *, deep: bool = False, on_progress: OnProgress = silent) -> Sequence[Fault]:
        """Hold vault, catalog and index against each other.

        Args:
            deep: Whether every byte is read and its SHA-256 compared.
            on_progress: Is told of what was looked at.
        """
        scope = self.scope("check")
        faults = verify.check(self._parts, deep=deep, on_progress=on_progress)
        self._record("check", scope, deep=deep, faults=len(faults))
        return faults
