"""A process that writes into a vault until it is killed, and says what was acknowledged: run by test_vault_processes.

Arguments: room, catalog URL, number of the writer, blobs to write (0: without end).
"""

import hashlib
import os
import random
import sys
from itertools import count
from pathlib import Path

from strongroom.domain.blob import Blob
from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.storage.catalog import Catalog
from strongroom.storage.layout import Layout
from strongroom.vault import BlockRef, PutItem, Traits, Vault

SCOPE = Scope(actor=Actor(name="owner"), purpose=Purpose(name="test"), containers=None, policy_version="1")


def say(name: str, data: bytes | None) -> None:
    digest = "-" if data is None else hashlib.sha256(data).hexdigest()
    os.write(1, f"{name} {digest}\n".encode())


def main() -> None:
    room, url, number, rounds = sys.argv[1:]
    vault = Vault(Catalog(url), Layout(root=Path(room)))
    container = vault.container("letters", SCOPE)
    rng = random.Random(number)
    for turn in count() if rounds == "0" else range(int(rounds)):
        mine = f"{number}/{turn}"
        small, large = rng.randbytes(rng.randrange(1, 5000)), rng.randbytes(rng.randrange(70_000, 400_000))
        for name, data in ((mine, large), (f"{number}/same", small), ("all/same", large)):
            vault.put(container, name, data)
            say(name, data)
        items = {f"{mine}/{i}": rng.randbytes(rng.randrange(1, 3000)) for i in range(20)}
        for blob in vault.put_all(container, [PutItem(name=name, source=data) for name, data in items.items()]):
            assert isinstance(blob, Blob)
            say(blob.name, items[blob.name])
        for block_id, data in (("1", small), ("2", large)):
            vault.stage_block(container, f"{mine}/blocks", block_id, data)
        vault.commit_blocks(container, f"{mine}/blocks", [BlockRef(block_id="2"), BlockRef(block_id="1")])
        say(f"{mine}/blocks", large + small)
        vault.put(container, f"{mine}/log", b"", traits=Traits(kind="append"))
        vault.append(container, f"{mine}/log", small)
        vault.append(container, f"{mine}/log", large)
        say(f"{mine}/log", small + large)
        os.write(1, f"{mine} ?\n".encode())
        vault.delete(container, mine)
        say(mine, None)
    vault.close()


if __name__ == "__main__":
    main()
