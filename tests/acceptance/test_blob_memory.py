"""A blob of a gigabyte passes through the server in constant memory."""

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench/blob_memory.py"


def test_a_gigabyte_is_put_and_got_in_little_memory(tmp_path: Path):
    """The bench compares bytes and peak, and says with its exit code whether both are right; by hand it does 20 GiB."""
    command = [sys.executable, BENCH, "--gib", "1", "--bound-mib", "300", "--folder", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
