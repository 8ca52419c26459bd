"""A blob of any size passes in constant memory."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import resource, sys
from pathlib import Path
from strongroom.storage.catalog import Catalog
from strongroom.storage.layout import Layout
from strongroom.vault import BlockRef, Vault

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

layout = Layout(root=Path(sys.argv[1])); layout.prepare()
catalog = Catalog(layout.catalog_url); catalog.migrate()
vault = Vault(catalog, layout, sys.argv[2] or None)
container = vault.create_container("letters")
chunk = bytes(range(256)) * 4096
vault.put(container, "warm", [chunk] * 2)
before = peak()
blob = vault.put(container, "big", (chunk for _ in range(300)))
vault.stage_block(container, "blocks", "1", (chunk for _ in range(100)))
vault.stage_block(container, "blocks", "2", (chunk for _ in range(100)))
joined = vault.commit_blocks(container, "blocks", [BlockRef(block_id="1"), BlockRef(block_id="2"), BlockRef(block_id="1")])
assert vault.fingerprint(joined.id) == blob.sha256
with vault.source(blob.sha256) as source, source.open() as stream:
    assert source.path().stat().st_size == 300 << 20
    while stream.read(1 << 20):
        pass
vault.close()
print(peak() - before)
"""


def test_three_hundred_megabytes_take_a_few(tmp_path: Path):
    room = [sys.executable, "-c", SCRIPT, str(tmp_path / "room"), ""]
    done = subprocess.run(room, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 24 << 20


def test_a_remote_vault_streams_too(tmp_path: Path, request: pytest.FixtureRequest):
    bucket = request.getfixturevalue("bucket")
    room = [
        sys.executable,
        "-c",
        SCRIPT.replace("range(300)", "range(150)").replace("range(100)", "range(50)"),
        str(tmp_path / "room"),
    ]
    room[2] = room[2].replace("300 << 20", "150 << 20")
    done = subprocess.run([*room, f"s3://{bucket}/v"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 140 << 20
