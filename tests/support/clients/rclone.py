"""rclone: copies, syncs and checks of whole trees."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from clients.place import Place, hashes, make_files

MIB = 1 << 20
TREE = {"a.bin": 10, "b/c ü.bin": 100_000, "b/d/large.bin": 9 * MIB, "empty": 0, "f/g/h/i.txt": 3000}


class Rclone:
    """The command line program."""

    def __init__(self, place: Place) -> None:
        program = Path(sys.executable).with_name("rclone")
        self._program = program if program.exists() else Path(shutil.which("rclone") or "rclone")
        self._up, self._down, self._box = place.folder / "up", place.folder / "down", f"it:{place.name}"
        settings = {"TYPE": "azureblob", "ACCOUNT": place.account, "KEY": place.key, "ENDPOINT": place.url}
        more = {"CHUNK_SIZE": "2Mi", "UPLOAD_CONCURRENCY": "4"}
        self._environment = {f"RCLONE_CONFIG_IT_{name}": value for name, value in {**settings, **more}.items()}
        self._environment |= {"RCLONE_CONFIG": os.devnull, "RCLONE_RETRIES": "1", "RCLONE_LOW_LEVEL_RETRIES": "1"}

    def _close(self) -> None:
        """Nothing is open."""

    def _run(self, *arguments: str | Path, given: bytes | None = None) -> bytes:
        done = subprocess.run(
            [self._program, *arguments],
            env={**os.environ, **self._environment},
            input=given,
            capture_output=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def make_a_container(self) -> None:
        self._run("mkdir", self._box)
        assert self._box[3:] in self._run("lsd", "it:").decode()

    def copy_a_tree_up(self) -> None:
        make_files(self._up, TREE)
        self._run("copy", self._up, self._box)
        listed = json.loads(self._run("lsjson", "--recursive", "--files-only", "--hash", self._box))
        assert {one["Path"]: one["Size"] for one in listed} == TREE

    def check_hashes(self) -> None:
        self._run("check", self._up, self._box)

    def check_by_downloading(self) -> None:
        self._run("check", "--download", self._up, self._box)

    def sync_up_what_changed(self) -> None:
        (self._up / "a.bin").write_bytes(b"changed and longer")
        (self._up / "empty").unlink()
        make_files(self._up, {"new/one.bin": 5 * MIB})
        self._run("sync", self._up, self._box)
        self._run("check", self._up, self._box)

    def sync_down(self) -> None:
        self._run("sync", self._box, self._down)
        assert hashes(self._down) == hashes(self._up)

    def sync_down_what_changed(self) -> None:
        self._run("deletefile", f"{self._box}/f/g/h/i.txt")
        self._run("rcat", f"{self._box}/rcat.txt", given=b"from standard input")
        self._run("sync", self._box, self._down)
        assert (self._down / "rcat.txt").read_bytes() == b"from standard input"
        assert not (self._down / "f/g/h/i.txt").exists()

    def read_a_part(self) -> None:
        found = self._run("cat", "--offset", "1000", "--count", "50", f"{self._box}/b/d/large.bin")
        assert found == (self._up / "b/d/large.bin").read_bytes()[1000:1050]

    def copy_on_the_server(self) -> None:
        self._run("mkdir", f"{self._box}-second")
        self._run("copyto", f"{self._box}/b/d/large.bin", f"{self._box}/copies/large.bin")
        self._run("copy", f"{self._box}/b", f"{self._box}-second/b")
        self._run("check", "--download", f"{self._box}/b", f"{self._box}-second/b")

    def move_on_the_server(self) -> None:
        self._run("moveto", f"{self._box}/b/c ü.bin", f"{self._box}/moved.bin")
        assert self._run("cat", f"{self._box}/moved.bin") == (self._up / "b/c ü.bin").read_bytes()

    def set_a_tier(self) -> None:
        self._run("settier", "cool", f"{self._box}/a.bin")
        assert json.loads(self._run("lsjson", f"{self._box}/a.bin"))[0]["Tier"].lower() == "cool"

    def delete_and_purge(self) -> None:
        self._run("delete", f"{self._box}/b")
        assert not self._run("lsf", "--recursive", "--files-only", f"{self._box}/b")
        self._run("purge", self._box)
        assert self._box[3:] not in self._run("lsf", "it:").decode().split("/\n")
