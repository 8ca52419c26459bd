"""The vault against a dictionary: whatever is done to it, it holds what the model says, and no object too many."""

import hashlib
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from strongroom.domain.blob import Blob
from strongroom.errors import BlobNotFound, ConditionFailed, Conflict, UsageError
from strongroom.storage.catalog import Catalog
from strongroom.storage.layout import Layout
from strongroom.vault import BlockRef, Condition, PutItem, Traits, Vault

NAMES = st.sampled_from(["a", "a/b", "a/b/c", "ä😀", "\ufb01", "z"])
DATA = st.builds(lambda seed, size: (seed * size)[:size], st.binary(min_size=1, max_size=3), st.sampled_from([0, 1, 9, 70_000]))
BLOCKS = st.sampled_from(["01", "02", "03"])


class VaultMachine(RuleBasedStateMachine):
    """Two containers: one replaces, one keeps versions."""

    @initialize()
    def open(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="strongroom-machine-"))
        layout = Layout(root=self.root)
        layout.prepare()
        self.catalog = Catalog(layout.catalog_url)
        self.catalog.migrate()
        self.layout = layout
        self.vault = Vault(self.catalog, layout)
        self.containers = [self.vault.create_container("plain"), self.vault.create_container("kept", keeps_versions=True)]
        self.model: list[dict[str, bytes]] = [{}, {}]
        self.appendable: set[tuple[int, str]] = set()
        self.earlier: dict[tuple[int, str, str], bytes] = {}
        self.committed: dict[tuple[int, str], dict[str, bytes]] = {}
        self.staged: dict[tuple[int, str], dict[str, bytes]] = {}

    def set(self, where: int, name: str, data: bytes, blocks: dict[str, bytes] | None = None, *, append: bool = False) -> None:
        self.retire(where, name)
        self.model[where][name] = data
        self.committed[where, name] = blocks or {}
        if append:
            self.appendable.add((where, name))

    def retire(self, where: int, name: str) -> None:
        if where == 1 and name in self.model[where]:
            self.earlier[where, name, self.current[where, name]] = self.model[where][name]
        self.appendable.discard((where, name))

    @property
    def current(self) -> dict[tuple[int, str], str]:
        return self.__dict__.setdefault("_current", {})

    def wrote(self, where: int, blob: Blob) -> None:
        self.current[where, blob.name] = blob.version

    @rule(where=st.integers(0, 1), name=NAMES, data=DATA, append=st.booleans())
    def put(self, where: int, name: str, data: bytes, *, append: bool) -> None:
        kind = "append" if append else "block"
        blob = self.vault.put(self.containers[where], name, data, traits=Traits(kind=kind))
        self.staged.pop((where, name), None)
        self.set(where, name, data, append=append)
        self.wrote(where, blob)

    @rule(where=st.integers(0, 1), items=st.lists(st.tuples(NAMES, DATA), max_size=6))
    def put_all(self, where: int, items: list[tuple[str, bytes]]) -> None:
        done = self.vault.put_all(self.containers[where], [PutItem(name=name, source=data) for name, data in items])
        for blob, (name, data) in zip(done, items, strict=True):
            assert isinstance(blob, Blob)
            self.set(where, name, data)
            self.wrote(where, blob)

    @rule(where=st.integers(0, 1), name=NAMES, data=DATA)
    def append(self, where: int, name: str, data: bytes) -> None:
        if (where, name) in self.appendable:
            self.vault.append(self.containers[where], name, data, at=len(self.model[where][name]))
            self.model[where][name] += data
        else:
            with pytest.raises(Conflict if name in self.model[where] else BlobNotFound):
                self.vault.append(self.containers[where], name, data)

    @rule(where=st.integers(0, 1), name=NAMES, block=BLOCKS, data=DATA.filter(bool))
    def stage(self, where: int, name: str, block: str, data: bytes) -> None:
        if (where, name) in self.appendable:
            with pytest.raises(Conflict):
                self.vault.stage_block(self.containers[where], name, block, data)
            return
        self.vault.stage_block(self.containers[where], name, block, data)
        self.staged.setdefault((where, name), {})[block] = data

    @rule(where=st.integers(0, 1), name=NAMES, refs=st.lists(BLOCKS, max_size=4))
    def commit(self, where: int, name: str, refs: list[str]) -> None:
        known = {**self.committed.get((where, name), {}), **self.staged.get((where, name), {})}
        named = [BlockRef(block_id=one) for one in refs]
        if not set(refs) <= known.keys():
            with pytest.raises(UsageError):
                self.vault.commit_blocks(self.containers[where], name, named)
            return
        blob = self.vault.commit_blocks(self.containers[where], name, named)
        self.set(where, name, b"".join(known[one] for one in refs), {one: known[one] for one in refs})
        self.staged.pop((where, name), None)
        self.wrote(where, blob)

    @rule(source=st.integers(0, 1), name=NAMES, where=st.integers(0, 1), new=NAMES)
    def copy(self, source: int, name: str, where: int, new: str) -> None:
        if name not in self.model[source]:
            with pytest.raises(BlobNotFound):
                self.vault.copy((self.containers[source], name, None), self.containers[where], new)
            return
        data, append = self.model[source][name], (source, name) in self.appendable
        blocks = self.committed.get((source, name))
        blob = self.vault.copy((self.containers[source], name, None), self.containers[where], new)
        self.set(where, new, data, blocks, append=append)
        self.wrote(where, blob)

    @rule(where=st.integers(0, 1), name=NAMES)
    def snapshot(self, where: int, name: str) -> None:
        if name in self.model[where]:
            blob = self.vault.snapshot(self.containers[where], name)
            self.earlier[where, name, blob.version] = self.model[where][name]

    @rule(where=st.integers(0, 1), name=NAMES)
    def delete(self, where: int, name: str) -> None:
        if name not in self.model[where]:
            if self.staged.pop((where, name), None):
                self.vault.delete(self.containers[where], name)
            with pytest.raises(BlobNotFound):
                self.vault.delete(self.containers[where], name)
            return
        self.staged.pop((where, name), None)
        snapshots = {one.version for one in self.vault.versions(self.containers[where], name) if not one.is_current}
        self.vault.delete(self.containers[where], name)
        left = {one.version for one in self.vault.versions(self.containers[where], name)}
        for version in snapshots - left:
            self.earlier.pop((where, name, version))
        self.retire(where, name)
        del self.model[where][name]
        self.committed.pop((where, name), None)

    @rule(where=st.integers(0, 1), name=NAMES, data=DATA)
    def put_if_new(self, where: int, name: str, data: bytes) -> None:
        condition = Condition(if_none_match="*")
        if name in self.model[where]:
            with pytest.raises(ConditionFailed):
                self.vault.put(self.containers[where], name, data, condition=condition)
            return
        self.wrote(where, self.vault.put(self.containers[where], name, data, condition=condition))
        self.staged.pop((where, name), None)
        self.set(where, name, data)

    @rule()
    def open_again(self) -> None:
        self.vault.close()
        self.vault = Vault(self.catalog, self.layout)
        self.vault.sweep()

    @invariant()
    def holds_what_the_model_says(self) -> None:
        for where, container in enumerate(self.containers):
            found = {blob.name: self.vault.open(blob).read() for blob in self.vault.walk(container)}
            assert found == self.model[where]
            assert list(found) == sorted(found)
            for blob in self.vault.walk(container):
                assert blob.sha256 in (None, hashlib.sha256(found[blob.name]).hexdigest())
        for (where, name, version), data in self.earlier.items():
            assert self.vault.open(self.vault.get(self.containers[where], name, version)).read() == data

    @invariant()
    def keeps_no_object_too_many(self) -> None:
        assert self.vault.check() == []
        with self.catalog.read() as tx:
            from strongroom.storage.catalog import objects

            assert objects.unreferenced_after(tx, "", 10) == []
            known = {one for one, _, _ in objects.after(tx, "", 10_000)}
        assert {one for one, _ in self.vault._bodies.list()} == known

    def teardown(self) -> None:
        self.vault.close()
        self.catalog.close()
        shutil.rmtree(self.root)


TestVaultMachine = VaultMachine.TestCase
TestVaultMachine.settings = settings(max_examples=15, stateful_step_count=25)
