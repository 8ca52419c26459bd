"""Names: what is spelt can be read back, and listings fold as a plain loop over all names would."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from strongroom.storage.catalog import Catalog
from strongroom.storage.layout import Layout
from strongroom.storage.names import check_blob_name, disk_name, readable_name, successor
from strongroom.vault import PutItem, Vault

RAW = st.one_of(st.binary(min_size=1, max_size=40), st.text(alphabet="\\x0e9af/é", min_size=1).map(str.encode)).filter(
    lambda raw: b"\0" not in raw
)


@given(RAW)
@example(rb"\x5c\xe9\x")
@example(b"\\\xe9")
def test_any_name_on_disk_is_spelt_so_that_it_comes_back(raw: bytes):
    name = raw.decode("utf-8", "surrogateescape")
    spelt = readable_name(name)
    assert check_blob_name(spelt) == spelt
    assert disk_name(spelt) == name


@given(RAW, RAW)
def test_two_names_on_disk_are_never_spelt_alike(one: bytes, other: bytes):
    spelt = [readable_name(raw.decode("utf-8", "surrogateescape")) for raw in (one, other)]
    assert (spelt[0] == spelt[1]) == (one == other)


@given(st.text(), st.text(max_size=5), st.text(max_size=5))
def test_a_successor_lies_behind_all_that_begin_so_and_nothing_else(prefix: str, rest: str, other: str):
    after = successor(prefix)
    if after is None:
        assert prefix == "\U0010ffff" * len(prefix)
    else:
        assert prefix + rest < after
        assert other.startswith(prefix) == (prefix <= other < after)


LETTERS = st.text(alphabet="ab/é\ufb01😀", min_size=1, max_size=6)


@given(
    st.sets(LETTERS, max_size=30), st.text(alphabet="ab/", max_size=2), st.sampled_from(["", "/", "b/", "é"]), st.integers(1, 7)
)
def test_paged_listings_fold_as_a_loop_would(names: set[str], prefix: str, delimiter: str, limit: int):
    root = Path(tempfile.mkdtemp(prefix="strongroom-list-"))
    try:
        catalog = Catalog(Layout(root=root).catalog_url)
        Layout(root=root).prepare()
        catalog.migrate()
        vault = Vault(catalog, Layout(root=root))
        container = vault.create_container("letters")
        list(vault.put_all(container, [PutItem(name=name, source=b"") for name in names]))
        found: list[str] = []
        marker: str | None = ""
        while marker is not None:
            page = vault.list(container, prefix=prefix, delimiter=delimiter, marker=marker, limit=limit)
            assert len(page.entries) <= limit
            found += [one if isinstance(one, str) else one.name for one in page.entries]
            marker = page.marker
        vault.close()
        catalog.close()
    finally:
        shutil.rmtree(root)
    assert found == plain(names, prefix, delimiter)


def plain(names: set[str], prefix: str, delimiter: str) -> list[str]:
    found = []
    for name in sorted(names):
        if name.startswith(prefix):
            at = name.find(delimiter, len(prefix)) if delimiter else -1
            entry = name if at < 0 else name[: at + len(delimiter)]
            if entry not in found:
                found.append(entry)
    return found
