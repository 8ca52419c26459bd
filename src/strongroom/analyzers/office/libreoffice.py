"""LibreOffice where it is installed: one warm process a worker, restarted when it hangs or dies."""

import atexit
import contextlib
import functools
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from strongroom.errors import AnalysisError, LimitExceeded, Unreadable, Unsupported

SECONDS = 60.0
"""Time that one file may take."""
_START_SECONDS = 75.0
_COLD_SECONDS = 60.0
_RENEW = 200
"""Files after which the process is renewed: it does not give all its memory back."""
_SCRIPT = Path(__file__).with_name("desk.py")
_PLACES = ("/usr/lib/libreoffice/program/soffice", "/opt/libreoffice/program/soffice", "/usr/lib64/libreoffice/program/soffice",
           "/Applications/LibreOffice.app/Contents/MacOS/soffice")  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """A LibreOffice on this machine that can be talked to."""

    soffice: str
    """Its program."""
    python: str
    """The Python that has its ``uno`` module."""
    version: str
    """As it says itself: ``LibreOffice 7.4.7.2``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Converted:
    """What LibreOffice made of a file."""

    family: str
    """``text``, ``sheet``, ``slides`` or ``drawing``; empty where only pages could be made."""
    pdf: Path | None
    """The pages; None where they could not be made."""
    odf: Path | None
    """The same document in an OpenDocument form."""


def present() -> str | None:
    """Give the path of LibreOffice's program without starting it; None where there is none."""
    return shutil.which("soffice") or shutil.which("libreoffice") or next(filter(os.path.exists, _PLACES), None)


@functools.cache
def installed() -> Installed | None:
    """Look for LibreOffice with a Python that can speak to it; None where there is none."""
    soffice = present()
    if soffice is None:
        return None
    program = Path(soffice).resolve().parent
    pythons = [str(program / "python"), "/usr/bin/python3", shutil.which("python3") or "", sys.executable]
    python = next((one for one in pythons if one and Path(one).exists() and _run(one, "-c", "import uno") is not None), None)
    said = _run(soffice, "--version") if python else None
    if python is None or said is None:
        return None
    return Installed(soffice=soffice, python=python, version=" ".join(said.split()[:2]))


def _run(*command: str) -> str | None:
    try:
        with tempfile.TemporaryDirectory(prefix="strongroom-office-") as home:
            done = subprocess.run(  # noqa: S603 - programs found on this machine
                command, capture_output=True, timeout=30, check=True, text=True, env=_environment() | {"HOME": home}
            )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}


class Desk:
    """One warm LibreOffice, started when first needed."""

    def __init__(self, office: Installed) -> None:
        """Take the program to use; nothing is started yet."""
        self._office = office
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._left = 0

    @property
    def pid(self) -> int | None:
        """The number of the process group, while one runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def convert(self, file: Path, into: Path, *, odf: bool, seconds: float = SECONDS) -> Converted:
        """Convert one file to PDF, and to OpenDocument where wanted.

        Args:
            file: The file; its extension must be that of its kind.
            into: A folder for what is made.
            odf: Whether the OpenDocument form is wanted.
            seconds: Time that it may take; LibreOffice is stopped beyond it.

        Raises:
            Unreadable: LibreOffice does not open it, or dies over it.
            LimitExceeded: It takes too long.
            Unsupported: LibreOffice does not start.
        """
        self._ready()
        order: dict[str, str | None] = {
            "in": str(file),
            "pdf": str(into / "pages.pdf"),
            "odf": str(into / "document.odf") if odf else None,
        }
        try:
            answer = self._ask(order, seconds)
        except LimitExceeded:
            self.stop()
            raise
        except Unreadable:
            self.stop()
            return self._cold(file, into)
        self._left -= 1
        if answer.get("dead"):
            self.stop()
            return self._cold(file, into)
        if "error" in answer:
            raise Unreadable(f"LibreOffice cannot open it: {answer['error']}")
        made = {key: Path(answer[key]) if key in answer else None for key in ("pdf", "odf")}
        return Converted(family=answer["family"], pdf=made["pdf"], odf=made["odf"])

    def _cold(self, file: Path, into: Path) -> Converted:
        """Convert to PDF with a LibreOffice for this file alone: over some files it dies only where it is spoken to (7.4)."""
        folder = Path(tempfile.mkdtemp(prefix="strongroom-office-"))
        process = subprocess.Popen(  # noqa: S603 - programs found on this machine
            [self._office.python, str(_SCRIPT), self._office.soffice, str(folder), str(file), str(into)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
        try:
            process.wait(_COLD_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise Unreadable("LibreOffice died over it") from error
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            shutil.rmtree(folder, ignore_errors=True)
        made = into / f"{file.stem}.pdf"
        if not made.exists():
            raise Unreadable("LibreOffice died over it")
        return Converted(family="", pdf=made, odf=None)

    def stop(self) -> None:
        """End LibreOffice and remove its folder; the next file starts a new one."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    if stream:
                        stream.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _ready(self) -> None:
        if self.pid is not None and self._left > 0:
            return
        self.stop()
        self._folder = Path(tempfile.mkdtemp(prefix="strongroom-office-"))
        self._left = _RENEW
        try:
            self._process = subprocess.Popen(  # noqa: S603 - programs found on this machine
                [self._office.python, str(_SCRIPT), self._office.soffice, str(self._folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )
            self._answer(_START_SECONDS)
        except (OSError, AnalysisError) as error:
            self.stop()
            raise Unsupported(f"LibreOffice does not start: {error}") from error

    def _ask(self, order: dict[str, str | None], seconds: float) -> dict[str, str]:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise Unreadable("LibreOffice died") from error
        return self._answer(seconds)

    def _answer(self, seconds: float) -> dict[str, str]:
        """Read one line, waiting no longer than allowed."""
        assert self._process is not None
        assert self._process.stdout is not None
        until = time.monotonic() + seconds
        descriptor = self._process.stdout.fileno()
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(0.0, until - time.monotonic())):
                    raise LimitExceeded(f"LibreOffice took longer than {seconds:g} seconds and was stopped")
                piece = os.read(descriptor, 1 << 16)
                if not piece:
                    raise Unreadable("LibreOffice died over it")
                line += piece
        answer: dict[str, str] = json.loads(line)
        return answer


_desks: dict[int, Desk] = {}


def desk() -> Desk | None:
    """Give this process's LibreOffice; None where none is installed."""
    office = installed()
    if office is None:
        return None
    if os.getpid() not in _desks:
        _desks.clear()
        _desks[os.getpid()] = Desk(office)
        atexit.register(_desks[os.getpid()].stop)
    return _desks[os.getpid()]
