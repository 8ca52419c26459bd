"""Deleting and restoring, against a model: which versions there are, which is current, and what the room holds."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from strongroom.domain.container import Container
from strongroom.errors import BlobNotFound, Conflict
from strongroom.storage.catalog import Catalog
from strongroom.storage.catalog.schema import holdings, versions
from strongroom.storage.layout import Layout
from strongroom.vault import ONLY, Vault, Which

LIVE, EARLIER, SNAPSHOT = "live", "earlier", "snapshot"


@dataclass
class Model:
    """The versions of one blob: kind and whether deleted, by age."""

    keeps_versions: bool
    keeps_deleted: bool
    rows: list[list[object]] = field(default_factory=list)

    def live(self) -> list[object] | None:
        return next((row for row in self.rows if row == [LIVE, False]), None)

    def snapshots(self) -> list[list[object]]:
        return [row for row in self.rows if row == [SNAPSHOT, False]]

    def _take(self, rows: list[list[object]]) -> None:
        for row in rows:
            if self.keeps_deleted:
                row[1] = True
            else:
                self.rows = [one for one in self.rows if one is not row]

    def put(self) -> None:
        live = self.live()
        if live is not None and self.keeps_versions:
            live[0] = EARLIER
        elif live is not None:
            self._take([live])
        for row in self.rows:
            if row == [LIVE, True]:
                row[0] = EARLIER if self.keeps_versions else SNAPSHOT
        self.rows.append([LIVE, False])

    def snapshot(self) -> None:
        live = self.live()
        if live is not None and self.keeps_versions:
            live[0] = EARLIER
            self.rows += [[SNAPSHOT, False], [LIVE, False]]
        elif live is not None:
            self.rows.append([SNAPSHOT, False])

    def delete(self, snapshots: str | None) -> None:
        live = self.live()
        if live is None or (snapshots is None and self.snapshots()):
            return
        self._take(self.snapshots())
        if snapshots == ONLY:
            return
        if self.keeps_versions:
            live[0] = EARLIER
        else:
            self._take([live])

    def delete_oldest(self) -> None:
        """Delete the oldest earlier version or snapshot that is not deleted."""
        rows = [row for row in self.rows if row[0] != LIVE and not row[1]]
        self._take(rows[:1])

    def restore(self) -> None:
        for row in self.rows:
            row[1] = False


def shown(vault: Vault, container: Container) -> list[tuple[str, bool]]:
    with vault._catalog.read() as tx:
        rows = tx.execute(sa.select(versions).where(versions.c.container_id == container.id)).all()
    kinds = [(LIVE if row.is_current else SNAPSHOT if row.is_snapshot else EARLIER, row.deleted_at is not None) for row in rows]
    return sorted(kinds)


def act(vault: Vault, box: Container, model: Model, what: str, number: int) -> None:
    if what == "put":
        model.put()
        vault.put(box, "a", f"{number}".encode())
        return
    try:
        if what == "snapshot":
            model.snapshot()
            vault.take_snapshot(box, "a")
        elif what == "restore":
            model.restore()
            vault.restore(box, "a")
        elif what == "oldest":
            old = [blob for blob in vault.versions(box, "a") if not blob.is_current]
            model.delete_oldest()
            vault.remove(box, "a", Which(version=old[-1].version if old else "none", is_snapshot=None))
        else:
            snapshots = {"delete": None, "include": "include", "only": ONLY}[what]
            model.delete(snapshots)
            vault.remove(box, "a", Which(snapshots=snapshots))
    except (BlobNotFound, Conflict):
        pass  # then the model did nothing either, which is compared


@settings(max_examples=25, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(
    acts=st.lists(
        st.sampled_from(["put", "put", "snapshot", "delete", "include", "only", "oldest", "restore"]), min_size=2, max_size=10
    ),
    keeps_versions=st.booleans(),
    keeps_deleted=st.booleans(),
)
def test_versions_come_and_go_as_the_model_says(*, acts: list[str], keeps_versions: bool, keeps_deleted: bool):
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(root=Path(folder) / "room")
        layout.prepare()
        catalog = Catalog(layout.catalog_url)
        catalog.migrate()
        vault = Vault(catalog, layout)
        vault.keep_deleted_blobs(7 if keeps_deleted else 0)
        box = vault.create_container("box", keeps_versions=keeps_versions)
        model = Model(keeps_versions=keeps_versions, keeps_deleted=keeps_deleted)
        for number, what in enumerate(acts):
            act(vault, box, model, what, number)
            assert shown(vault, box) == sorted((str(kind), bool(gone)) for kind, gone in model.rows), (what, acts)
            with catalog.read() as tx:
                held = tx.execute(sa.select(sa.func.count()).select_from(holdings)).scalar_one()
            assert held == (model.live() is not None), (what, acts)
        assert vault.check(deep=True) == []
        vault.close()
        catalog.close()
