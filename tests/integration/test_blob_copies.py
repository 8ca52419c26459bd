"""Copies of blobs in one room: nothing moves, conditions of both sides hold, and properties go along."""

import pytest

from strongroom.domain.container import Container
from strongroom.server.azure.faults import Fault
from strongroom.storage.layout import Layout
from strongroom.testing.azure import HERE, ask
from strongroom.vault import Traits, Vault

ON_SQLITE = pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
LARGE = bytes(range(256)) * 1024


def copy(vault: Vault, source: str, target: str, **headers: str) -> dict[str, str]:
    given = {f"x-ms-{name.replace('_', '-')}": value for name, value in headers.items()}
    reply = ask(vault, "PUT", target, {"x-ms-copy-source": HERE + source, **given})
    assert reply.status == 202
    return dict(reply.headers)


def refused(vault: Vault, method: str, url: str, headers: dict[str, str]) -> tuple[int, str]:
    with pytest.raises(Fault) as caught:
        ask(vault, method, url, headers)
    return caught.value.status, caught.value.code


def no_copy(vault: Vault, source: str, target: str, **headers: str) -> tuple[int, str]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return refused(vault, "PUT", target, {"x-ms-copy-source": HERE + source, **given})


def bytes_of(vault: Vault, container: Container, name: str, version: str | None = None) -> bytes:
    with vault.open(vault.get(container, name, version)) as stream:
        return stream.read()


def files(layout: Layout) -> int:
    return sum(1 for path in layout.vault.rglob("*") if path.is_file() and len(path.name) == 26)


@pytest.fixture
def letters(vault: Vault) -> Container:
    made = vault.create_container("letters")
    traits = Traits(
        content_type="text/plain", headers={"cache-control": "no-store"}, metadata={"one": "1"}, tags={"k": "v"}, tier="Cool"
    )
    vault.put(made, "a", LARGE, traits=traits, with_md5=True)
    return made


def test_a_copy_moves_no_byte_and_takes_properties_along(vault: Vault, letters: Container, layout: Layout) -> None:
    other = vault.create_container("others")
    told = copy(vault, "/letters/a", "/others/b")
    assert told["x-ms-copy-status"] == "success"
    before, after = vault.get(letters, "a"), vault.get(other, "b")
    assert (bytes_of(vault, other, "b"), files(layout)) == (LARGE, 1)
    assert (after.content_type, after.headers, after.metadata) == ("text/plain", {"cache-control": "no-store"}, {"one": "1"})
    assert (after.sha256, after.md5, after.tier, after.tags) == (before.sha256, before.md5, "Cool", {})
    assert after.copy is not None
    assert (after.copy.id, after.copy.source) == (told["x-ms-copy-id"], f"{HERE}/letters/a")
    assert (after.copy.done, after.copy.total, after.copy.completed_at is None) == (len(LARGE), len(LARGE), False)
    vault.delete(letters, "a")
    assert bytes_of(vault, other, "b") == LARGE
    assert vault.check(deep=True) == []


@ON_SQLITE
def test_metadata_is_replaced_as_a_whole_where_any_is_given(vault: Vault, letters: Container) -> None:
    copy(vault, "/letters/a", "/letters/b", meta_two="2", tags="x=y", access_tier="cold", legal_hold="true")
    made = vault.get(letters, "b")
    assert (made.metadata, made.tags, made.tier, made.has_legal_hold) == ({"two": "2"}, {"x": "y"}, "Cold", True)
    copy(vault, "/letters/a", "/letters/c", copy_source_tag_option="COPY")
    assert vault.get(letters, "c").tags == {"k": "v"}
    both = no_copy(vault, "/letters/a", "/letters/c", x_ms_copy_source_tag_option="COPY", x_ms_tags="x=y")
    assert both == (400, "BothUserTagsAndSourceTagsCopyPresentException")
    assert no_copy(vault, "/letters/a", "/letters/c", x_ms_access_tier="P10") == (400, "InvalidHeaderValue")


def test_a_blob_is_copied_onto_itself_and_a_snapshot_over_its_blob(vault: Vault, letters: Container) -> None:
    snapshot = vault.snapshot(letters, "a").version
    created = vault.get(letters, "a").created_at
    copy(vault, "/letters/a", "/letters/a", access_tier="Hot")
    assert (bytes_of(vault, letters, "a"), vault.get(letters, "a").tier) == (LARGE, "Hot")
    vault.put(letters, "a", b"new")
    copy(vault, f"/letters/a?snapshot={snapshot}", "/letters/a")
    assert (bytes_of(vault, letters, "a"), vault.get(letters, "a").created_at) == (LARGE, created)
    assert bytes_of(vault, letters, "a", snapshot) == LARGE
    assert vault.check(deep=True) == []


@ON_SQLITE
def test_an_earlier_version_comes_back_by_copying_it(vault: Vault) -> None:
    kept = vault.create_container("kept", keeps_versions=True)
    first = vault.put(kept, "a", b"one").version
    vault.put(kept, "a", b"two")
    told = copy(vault, f"/kept/a?versionid={first}", "/kept/a")
    assert bytes_of(vault, kept, "a") == b"one"
    assert told["x-ms-version-id"] == vault.get(kept, "a").version
    assert [bytes_of(vault, kept, "a", one.version) for one in vault.versions(kept, "a")] == [b"one", b"two", b"one"]


@ON_SQLITE
def test_conditions_hold_for_the_source_and_for_what_is_there(vault: Vault, letters: Container) -> None:
    vault.put(letters, "b", b"there")
    source, target = vault.get(letters, "a").etag, vault.get(letters, "b").etag
    pair = ("/letters/a", "/letters/b")
    assert no_copy(vault, *pair, x_ms_source_if_match='"0x1"') == (412, "SourceConditionNotMet")
    assert no_copy(vault, *pair, x_ms_source_if_none_match=f'"{source}"') == (412, "SourceConditionNotMet")
    late = "Fri, 01 Jan 2100 00:00:00 GMT"
    assert no_copy(vault, *pair, x_ms_source_if_modified_since=late) == (412, "SourceConditionNotMet")
    assert no_copy(vault, *pair, x_ms_source_if_tags="k = 'w'") == (412, "SourceConditionNotMet")
    assert no_copy(vault, *pair, if_match='"0x1"') == (412, "ConditionNotMet")
    assert no_copy(vault, *pair, if_none_match="*") == (409, "BlobAlreadyExists")
    assert no_copy(vault, *pair, if_none_match=f'"{target}"') == (412, "ConditionNotMet")
    assert bytes_of(vault, letters, "b") == b"there"
    copy(vault, *pair, source_if_match=f'"{source}"', source_if_tags="k = 'v'")
    assert bytes_of(vault, letters, "b") == LARGE


@ON_SQLITE
def test_a_lease_on_what_is_there_is_asked_for_and_stays(vault: Vault, letters: Container) -> None:
    vault.put(letters, "b", b"there")
    lease = vault.acquire_lease(letters, "b", seconds=-1).lease
    assert lease is not None
    assert no_copy(vault, "/letters/a", "/letters/b") == (412, "LeaseIdMissing")
    copy(vault, "/letters/a", "/letters/b", lease_id=lease.id)
    still = vault.lease(letters, "b")
    assert still is not None
    assert still.is_active


@ON_SQLITE
def test_what_is_missing_archived_or_of_another_kind_is_refused(vault: Vault, letters: Container) -> None:
    assert no_copy(vault, "/letters/none", "/letters/b") == (404, "BlobNotFound")
    assert no_copy(vault, "/nothing/none", "/letters/b") == (404, "ContainerNotFound")
    with pytest.raises(Fault, match="The specified resource does not exist") as caught:
        ask(vault, "PUT", "/letters/b", {"x-ms-copy-source": f"{HERE}/letters/none?sig=x"})
    assert (caught.value.status, caught.value.code) == (404, "CannotVerifyCopySource")
    told = {"x-ms-copy-source-status-code": "404", "x-ms-copy-source-error-code": "BlobNotFound"}
    assert dict(caught.value.headers) == told
    assert no_copy(vault, "/letters/a", "/nothing/b") == (404, "ContainerNotFound")
    assert refused(vault, "PUT", "/letters/b", {"x-ms-copy-source": "/letters/a"}) == (400, "InvalidHeaderValue")
    outside = refused(vault, "PUT", "/letters/b", {"x-ms-copy-source": "https://example.org/a"})
    assert outside == (404, "CannotVerifyCopySource")
    vault.put(letters, "log", b"", traits=Traits(kind="append"))
    assert no_copy(vault, "/letters/a", "/letters/log") == (409, "InvalidBlobType")
    vault.put(letters, "cold", b"x", traits=Traits(tier="Archive"))
    assert no_copy(vault, "/letters/cold", "/letters/b") == (409, "BlobArchived")
    copy(vault, "/letters/cold", "/letters/b", access_tier="Hot")
    assert vault.get(letters, "b").tier == "Hot"
    sync = {"x_ms_requires_sync": "true", "x_ms_access_tier": "Hot"}
    assert no_copy(vault, "/letters/cold", "/letters/b", **sync) == (409, "BlobArchived")


@ON_SQLITE
def test_append_and_page_blobs_are_copied_as_what_they_are(vault: Vault, letters: Container) -> None:
    vault.put(letters, "log", b"", traits=Traits(kind="append"))
    vault.append(letters, "log", b"one")
    vault.append(letters, "log", LARGE)
    copy(vault, "/letters/log", "/letters/copied", seal_blob="true")
    made = vault.get(letters, "copied")
    assert (made.kind, made.is_sealed, bytes_of(vault, letters, "copied")) == ("append", True, b"one" + LARGE)
    copy(vault, "/letters/copied", "/letters/sealed too")
    copy(vault, "/letters/copied", "/letters/open", seal_blob="false")
    assert [vault.get(letters, name).is_sealed for name in ("sealed too", "open")] == [True, False]
    vault.put(letters, "disk", b"", traits=Traits(kind="page", size=4096, sequence_number=7))
    vault.put_pages(letters, "disk", 1024, b"p" * 512)
    copy(vault, "/letters/disk", "/letters/disk2")
    vault.put_pages(letters, "disk", 0, b"q" * 512)
    made = vault.get(letters, "disk2")
    assert (made.kind, made.sequence_number) == ("page", 7)
    assert bytes_of(vault, letters, "disk2") == bytes(1024) + b"p" * 512 + bytes(4096 - 1536)
    copy(vault, "/letters/disk2", "/letters/disk2")
    assert bytes_of(vault, letters, "disk2") == bytes(1024) + b"p" * 512 + bytes(4096 - 1536)
    assert no_copy(vault, "/letters/disk", "/letters/disk3", x_ms_access_tier="Hot") == (400, "InvalidHeaderValue")
    assert vault.check(deep=True) == []


@ON_SQLITE
def test_blocks_of_a_copy_can_be_committed_anew(vault: Vault, letters: Container) -> None:
    from strongroom.vault import BlockRef

    for block in ("AAAA", "AAAB"):
        vault.stage_block(letters, "blocks", block, block.encode())
    vault.commit_blocks(letters, "blocks", [BlockRef(block_id="AAAA"), BlockRef(block_id="AAAB")])
    copy(vault, "/letters/blocks", "/letters/again")
    vault.commit_blocks(letters, "again", [BlockRef(block_id="AAAB"), BlockRef(block_id="AAAA")])
    assert bytes_of(vault, letters, "again") == b"AAABAAAA"


@ON_SQLITE
def test_a_synchronous_copy_holds_the_bytes_against_an_md5(vault: Vault, letters: Container) -> None:
    from base64 import b64encode
    from hashlib import md5

    right = b64encode(md5(LARGE, usedforsecurity=False).digest()).decode()
    told = copy(vault, "/letters/a", "/letters/b", requires_sync="true", source_content_md5=right)
    assert (told["x-ms-copy-status"], told["content-md5"]) == ("success", right)
    assert bytes_of(vault, letters, "b") == LARGE
    wrong = {"x_ms_requires_sync": "true", "x_ms_source_content_md5": b64encode(bytes(16)).decode()}
    assert no_copy(vault, "/letters/a", "/letters/c", **wrong) == (400, "Md5Mismatch")
    vault.put(letters, "log", b"", traits=Traits(kind="append"))
    vault.append(letters, "log", LARGE)
    vault.append(letters, "log", b"more")
    full = b64encode(md5(LARGE + b"more", usedforsecurity=False).digest()).decode()
    copy(vault, "/letters/log", "/letters/log2", requires_sync="true", source_content_md5=full)
    assert bytes_of(vault, letters, "log2") == LARGE + b"more"
    assert no_copy(vault, "/letters/a", "/letters/c", x_ms_requires_sync="maybe") == (400, "InvalidHeaderValue")


@ON_SQLITE
def test_a_copy_that_has_ended_cannot_be_aborted(vault: Vault, letters: Container) -> None:
    told = copy(vault, "/letters/a", "/letters/b")
    url, action = f"/letters/b?comp=copy&copyid={told['x-ms-copy-id']}", {"x-ms-copy-action": "abort"}
    assert refused(vault, "PUT", url, action) == (409, "NoPendingCopyOperation")
    assert refused(vault, "PUT", "/letters/b?comp=copy&copyid=other", action) == (409, "CopyIdMismatch")
    assert refused(vault, "PUT", "/letters/a?comp=copy&copyid=other", action) == (409, "CopyIdMismatch")
    assert refused(vault, "PUT", "/letters/none?comp=copy&copyid=other", action) == (404, "BlobNotFound")
    assert refused(vault, "PUT", url, {}) == (400, "InvalidHeaderValue")


@ON_SQLITE
def test_an_incremental_copy_follows_the_snapshots_of_one_page_blob(vault: Vault, letters: Container) -> None:
    vault.put(letters, "disk", b"", traits=Traits(kind="page", size=2048))
    vault.put_pages(letters, "disk", 0, b"1" * 512)
    first = vault.snapshot(letters, "disk").version
    vault.put_pages(letters, "disk", 512, b"2" * 512)
    second = vault.snapshot(letters, "disk").version

    def follow(url: str) -> dict[str, str]:
        reply = ask(vault, "PUT", "/letters/backup?comp=incrementalcopy", {"x-ms-copy-source": f"{HERE}{url}"})
        return dict(reply.headers)

    assert follow(f"/letters/disk?snapshot={first}")["x-ms-copy-status"] == "success"
    follow(f"/letters/disk?snapshot={second}")
    assert bytes_of(vault, letters, "backup") == b"1" * 512 + b"2" * 512 + bytes(1024)
    assert sorted(one.is_snapshot for one in vault.versions(letters, "backup")) == [False, True, True]
    assert vault.get(letters, "backup").copy.is_incremental  # type: ignore[union-attr]
    for url, code in (
        (f"/letters/disk?snapshot={first}", "IncrementalCopyOfEarlierSnapshotNotAllowed"),
        ("/letters/disk", "IncrementalCopySourceMustBeSnapshot"),
    ):
        with pytest.raises(Fault) as caught:
            follow(url)
        assert (caught.value.status, caught.value.code) == (409, code)
    with pytest.raises(Fault) as caught:
        ask(vault, "PUT", "/letters/a?comp=incrementalcopy", {"x-ms-copy-source": f"{HERE}/letters/disk?snapshot={first}"})
    assert caught.value.code == "IncrementalCopyBlobMismatch"
    assert vault.check(deep=True) == []


@ON_SQLITE
def test_the_content_is_held_by_both_and_analysed_once(vault: Vault, letters: Container) -> None:
    other = vault.create_container("others")
    copy(vault, "/letters/a", "/others/b")
    vault.delete(letters, "a")
    sha256 = vault.get(other, "b").sha256
    assert sha256 is not None
    with vault.source(sha256) as source:
        assert source.read(len(LARGE)) == LARGE
