"""What is read in a room: lists, bytes, pages, and recordings."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from strongroom.domain.blob import Blob
from strongroom.domain.clip import Clip
from strongroom.domain.container import Container
from strongroom.domain.transcript import Transcript
from strongroom.flows import clip, fetch, frame, moment, page, report, transcript
from strongroom.room.sharing import Sharing


class Reading(Sharing):
    """What is read in a room."""

    def containers(self) -> Sequence[Container]:
        """Give the containers that the actor may see, by name."""
        return self._parts.vault.containers(self.scope("list"))

    def rate(self) -> float:
        """Say how many contents a second, of those that the actor may see, were read over the last minutes."""
        return report.rate(self._parts, self.scope("status"))

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

    def page(self, name: str, number: int = 1, *, marks: Sequence[str] = (), form: str = page.PNG) -> bytes:
        """Draw a page of a PDF, of an office file that LibreOffice has read, or a picture.

        Args:
            name: As for `get`.
            number: The page, counted from 1.
            marks: Words and phrases to mark on it.
            form: ``png``; or ``fit``, which gives JPEG where the page is a scan or a photograph, and PNG otherwise.

        Raises:
            BlobNotFound: There is none of this name.
            Unsupported: The content has no pages.
            UsageError: There is no such page.
        """
        scope = self.scope("page")
        sha256 = fetch.resolve(self._parts, name, scope)
        self._record("page", scope, name=name, content=sha256, page=number)
        return page.draw_page(self._parts, sha256, number, marks, form)

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
