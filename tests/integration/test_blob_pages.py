"""Page blobs: written, cleared, read, listed, compared and resized, through the operations of the service."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from itertools import count as count_up
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from strongroom.domain.blob import Blob
from strongroom.domain.container import Container
from strongroom.errors import ConditionFailed, Conflict, UsageError
from strongroom.server.azure.faults import Fault
from strongroom.storage.catalog import blobs, landings
from strongroom.testing.azure import ask
from strongroom.vault import Condition, Traits, Vault, write

ON_SQLITE = pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
PAGE = 512
MORE = 64 * 1024 + PAGE


def page_blob(vault: Vault, container: Container, name: str = "disk", pages: int = 8) -> Blob:
    landing = write.landing(name, Traits(kind="page", size=pages * PAGE))
    return write.land(vault._committer, (), lambda tx: landings.land(tx, container, [landing]))


def put(vault: Vault, start: int, data: bytes, **headers: str) -> dict[str, str]:
    given = {"x-ms-page-write": "update", "x-ms-range": f"bytes={start}-{start + len(data) - 1}"}
    given |= {f"x-ms-{name.replace('_', '-')}": value for name, value in headers.items()}
    reply = ask(vault, "PUT", "/letters/disk?comp=page", given, data)
    assert reply.status == 201
    return dict(reply.headers)


def clear(vault: Vault, start: int, length: int) -> None:
    given = {"x-ms-page-write": "clear", "range": f"bytes={start}-{start + length - 1}"}
    assert ask(vault, "PUT", "/letters/disk?comp=page", given).status == 201


def listed(vault: Vault, query: str = "", **headers: str) -> list[tuple[str, int, int]]:
    reply = ask(vault, "GET", f"/letters/disk?comp=pagelist{query}", headers)
    assert isinstance(reply.body, bytes)
    root = ET.fromstring(reply.body)
    assert root.tag == "PageList"
    return [(one.tag, int(one.findtext("Start", "")), int(one.findtext("End", ""))) for one in root if one.tag != "NextMarker"]


def bytes_of(vault: Vault, container: Container, version: str | None = None) -> bytes:
    with vault.open(vault.get(container, "disk", version)) as stream:
        return stream.read()


def refused(vault: Vault, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, str]:
    with pytest.raises(Fault) as caught:
        ask(vault, method, url, headers, body)
    return caught.value.status, caught.value.code


def test_what_was_never_written_is_zeros_and_counts_for_nothing(vault: Vault) -> None:
    container = vault.create_container("letters")
    page_blob(vault, container)
    assert bytes_of(vault, container) == bytes(8 * PAGE)
    assert listed(vault) == []
    put(vault, 2 * PAGE, b"a" * PAGE)
    assert bytes_of(vault, container) == bytes(2 * PAGE) + b"a" * PAGE + bytes(5 * PAGE)
    assert listed(vault) == [("PageRange", 1024, 1535)]
    with vault.open(vault.get(container, "disk"), 1000, 100) as stream:
        assert stream.read() == bytes(24) + b"a" * 76
    assert vault.check(deep=True) == []


@ON_SQLITE
def test_a_write_cuts_what_it_overlaps_on_both_sides(vault: Vault) -> None:
    container = vault.create_container("letters")
    page_blob(vault, container, pages=3)
    put(vault, 0, b"a" * PAGE + b"b" * PAGE + b"c" * PAGE)
    put(vault, PAGE, b"d" * PAGE)
    assert bytes_of(vault, container) == b"a" * PAGE + b"d" * PAGE + b"c" * PAGE
    assert listed(vault) == [("PageRange", 0, 511), ("PageRange", 512, 1023), ("PageRange", 1024, 1535)]
    clear(vault, PAGE, 2 * PAGE)
    assert bytes_of(vault, container) == b"a" * PAGE + bytes(2 * PAGE)
    assert listed(vault) == [("PageRange", 0, 511)]
    assert vault.check(deep=True) == []


@ON_SQLITE
def test_large_and_small_writes_and_their_objects_go_when_nothing_needs_them(vault: Vault) -> None:
    container = vault.create_container("letters")
    page_blob(vault, container, pages=200)
    put(vault, 0, b"x" * MORE)
    put(vault, 0, b"y" * MORE)
    clear(vault, 0, 200 * PAGE)
    assert bytes_of(vault, container) == bytes(200 * PAGE)
    with vault._catalog.read() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM objects").scalar_one() == 0
    assert list(vault._bodies.list()) == []


@ON_SQLITE
def test_ten_thousand_rows_are_touched_only_where_a_write_overlaps(vault: Vault) -> None:
    container = vault.create_container("letters")
    page_blob(vault, container, pages=64)
    for page in range(0, 64, 2):
        put(vault, page * PAGE, bytes([page]) * PAGE)
    put(vault, 10 * PAGE, b"z" * 5 * PAGE)
    assert len(listed(vault)) == 32 - 3 + 1
    expected = b"".join(bytes([page if page % 2 == 0 else 0]) * PAGE for page in range(64))
    assert bytes_of(vault, container) == expected[: 10 * PAGE] + b"z" * 5 * PAGE + expected[15 * PAGE :]


@ON_SQLITE
def test_a_fingerprint_is_lost_with_a_change_and_can_be_taken_again(vault: Vault) -> None:
    container = vault.create_container("letters")
    page_blob(vault, container, pages=4)
    put(vault, PAGE, b"a" * PAGE)
    blob = vault.get(container, "disk")
    assert blob.sha256 is None
    data = bytes(PAGE) + b"a" * PAGE + bytes(2 * PAGE)
    assert vault.fingerprint(blob.id) == hashlib.sha256(data).hexdigest()
    with vault.source(hashlib.sha256(data).hexdigest()) as source:
        assert source.read(4 * PAGE) == data
        assert source.path().read_bytes() == data
    put(vault, 0, b"b" * PAGE)
    assert vault.get(container, "disk").sha256 is None


@ON_SQLITE
def test_ranges_are_cut_paged_and_refused_beyond_the_end(vault: Vault) -> None:
    container = vault.create_container("letters")
    page_blob(vault, container, pages=10)
    for page in (1, 3, 5):
        put(vault, page * PAGE, b"a" * PAGE)
    assert listed(vault, range=f"bytes={PAGE + 10}-{4 * PAGE - 1}") == [("PageRange", 522, 1023), ("PageRange", 1536, 2047)]
    reply = ask(vault, "GET", "/letters/disk?comp=pagelist&maxresults=2")
    assert isinstance(reply.body, bytes)
    assert ET.fromstring(reply.body).findtext("NextMarker") == str(5 * PAGE)
    assert listed(vault, f"&maxresults=2&marker={5 * PAGE}") == [("PageRange", 2560, 3071)]
    assert dict(reply.headers)["x-ms-blob-content-length"] == str(10 * PAGE)
    for headers in ({"range": f"bytes={10 * PAGE}-{11 * PAGE - 1}"}, {"range": "bytes=9-3"}):
        assert refused(vault, "GET", "/letters/disk?comp=pagelist", headers) == (416, "InvalidPageRange")
    bad = refused(vault, "GET", "/letters/disk?comp=pagelist&maxresults=0", {})
    assert bad == (400, "OutOfRangeQueryParameterValue")


def test_a_snapshot_stays_as_it_was_and_is_compared_with_what_came_after(vault: Vault) -> None:
    container = vault.create_container("letters")
    page_blob(vault, container)
    put(vault, 0, b"a" * 4 * PAGE)
    before = vault.snapshot(container, "disk").version
    put(vault, PAGE, b"b" * PAGE)
    put(vault, 6 * PAGE, b"c" * PAGE)
    put(vault, 7 * PAGE, b"d" * PAGE)
    clear(vault, 2 * PAGE, PAGE)
    assert bytes_of(vault, container, before) == b"a" * 4 * PAGE + bytes(4 * PAGE)
    changed = [("PageRange", 512, 1023), ("ClearRange", 1024, 1535), ("PageRange", 3072, 4095)]
    assert listed(vault, f"&prevsnapshot={before}") == changed
    url = f"http://127.0.0.1/testaccount/letters/disk?snapshot={before}"
    assert listed(vault, **{"x-ms-previous-snapshot-url": url}) == changed
    assert listed(vault, f"&prevsnapshot={before}", range="bytes=1024-3583") == [changed[1], ("PageRange", 3072, 3583)]
    after = vault.snapshot(container, "disk").version
    assert listed(vault, f"&snapshot={after}&prevsnapshot={before}") == changed
    assert listed(vault, f"&snapshot={before}") == [("PageRange", 0, 2047)]
    turned = refused(vault, "GET", f"/letters/disk?comp=pagelist&snapshot={before}&prevsnapshot={after}", {})
    assert turned == (400, "PreviousSnapshotCannotBeNewer")
    missing = refused(vault, "GET", "/letters/disk?comp=pagelist&prevsnapshot=2001-01-01T00:00:00.0000000Z", {})
    assert missing == (409, "PreviousSnapshotNotFound")
    assert vault.check(deep=True) == []


@ON_SQLITE
def test_a_resize_cuts_off_and_what_is_added_is_zeros(vault: Vault) -> None:
    container = vault.create_container("letters")
    page_blob(vault, container, pages=4)
    put(vault, 0, b"a" * 3 * PAGE)
    assert vault.resize_pages(container, "disk", 2 * PAGE).size == 2 * PAGE
    assert vault.resize_pages(container, "disk", 5 * PAGE).size == 5 * PAGE
    assert bytes_of(vault, container) == b"a" * 2 * PAGE + bytes(3 * PAGE)
    with pytest.raises(UsageError):
        vault.resize_pages(container, "disk", 100)
    vault.resize_pages(container, "disk", 0)
    assert bytes_of(vault, container) == b""
    assert vault.check(deep=True) == []


@ON_SQLITE
def test_sequence_numbers_are_counted_and_can_be_asked_for(vault: Vault) -> None:
    container = vault.create_container("letters")
    page_blob(vault, container)
    assert vault.renumber_pages(container, "disk", "increment").sequence_number == 1
    assert vault.renumber_pages(container, "disk", "update", 10).sequence_number == 10
    assert vault.renumber_pages(container, "disk", "max", 5).sequence_number == 10
    with pytest.raises(Conflict):
        vault.renumber_pages(container, "disk", "update", 1 << 63)
    fits = {"if_sequence_number_eq": "10", "if_sequence_number_lt": "11", "if_sequence_number_le": "10"}
    assert put(vault, 0, b"a" * PAGE, **fits)["x-ms-blob-sequence-number"] == "10"
    for name, value in (("eq", "11"), ("lt", "10"), ("le", "9")):
        headers = {"x-ms-page-write": "clear", "x-ms-range": "bytes=0-511", f"x-ms-if-sequence-number-{name}": value}
        assert refused(vault, "PUT", "/letters/disk?comp=page", headers) == (412, "SequenceNumberConditionNotMet")


@ON_SQLITE
def test_what_cannot_be_is_refused_with_the_protocols_errors(vault: Vault) -> None:
    container = vault.create_container("letters")
    page_blob(vault, container)
    vault.put(container, "plain", b"text")
    write = {"x-ms-page-write": "update", "x-ms-range": "bytes=0-511"}
    page = b"a" * PAGE
    for url, headers, body, expected in (
        ("/letters/plain?comp=page", write, page, (409, "InvalidBlobType")),
        ("/letters/none?comp=page", write, page, (404, "BlobNotFound")),
        ("/others/disk?comp=page", write, page, (404, "ContainerNotFound")),
        ("/letters/disk?comp=page", write, page * 2, (416, "InvalidPageRange")),
        ("/letters/disk?comp=page", write, b"abc", (400, "InvalidOperation")),
        ("/letters/disk?comp=page", {**write, "x-ms-range": "bytes=4096-4607"}, page, (416, "InvalidPageRange")),
        ("/letters/disk?comp=page", {**write, "x-ms-range": "bytes=1-512"}, page, (416, "InvalidPageRange")),
        ("/letters/disk?comp=page", {**write, "x-ms-page-write": "other"}, page, (400, "InvalidHeaderValue")),
        ("/letters/disk?comp=page", {**write, "x-ms-page-write": "clear"}, page, (400, "InvalidOperation")),
        ("/letters/disk?comp=page", {"x-ms-page-write": "clear"}, b"", (400, "MissingRequiredHeader")),
        ("/letters/disk?comp=page", {**write, "content-md5": "AAAAAAAAAAAAAAAAAAAAAA=="}, page, (400, "Md5Mismatch")),
        ("/letters/disk?comp=page", {**write, "if-match": '"0x1"'}, page, (412, "ConditionNotMet")),
        ("/letters/disk?comp=page", {**write, "x-ms-lease-id": "a"}, page, (412, "LeaseNotPresentWithBlobOperation")),
    ):
        assert refused(vault, "PUT", url, headers, body) == expected, (url, headers)
    large = {**write, "x-ms-range": f"bytes=0-{(4 << 20) + PAGE - 1}"}
    assert refused(vault, "PUT", "/letters/disk?comp=page", large, bytes((4 << 20) + PAGE)) == (413, "RequestBodyTooLarge")
    assert refused(vault, "GET", "/letters/plain?comp=pagelist", {}) == (409, "InvalidBlobType")
    assert listed(vault) == []
    assert len(list(vault._bodies.list())) == 1  # of the plain one: nothing stays of what was refused


@ON_SQLITE
def test_a_condition_of_a_writer_is_held(vault: Vault) -> None:
    container = vault.create_container("letters")
    blob = page_blob(vault, container)
    vault.put_pages(container, "disk", 0, b"a" * PAGE, condition=Condition(if_match=blob.etag))
    with pytest.raises(ConditionFailed):
        vault.put_pages(container, "disk", 0, b"a" * PAGE, condition=Condition(if_match=blob.etag))


NUMBERS = count_up()
STEPS = st.lists(
    st.tuples(st.sampled_from(("put", "clear", "resize", "snapshot")), st.integers(0, 11), st.integers(1, 6)), max_size=14
)


@ON_SQLITE
@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_any_order_of_writes_reads_back_as_from_a_bytearray(vault: Vault, steps: list[tuple[str, int, int]]) -> None:
    container = vault.create_container(f"letters-{next(NUMBERS)}")
    page_blob(vault, container, pages=12)
    model = bytearray(12 * PAGE)
    kept: list[tuple[str, bytes]] = []
    for index, (what, first, count) in enumerate(steps):
        start, length = first * PAGE, min(count * PAGE, len(model) - first * PAGE)
        if what == "snapshot":
            kept.append((vault.snapshot(container, "disk").version, bytes(model)))
        elif what == "resize":
            vault.resize_pages(container, "disk", count * 2 * PAGE)
            model = bytearray(bytes(model[: count * 2 * PAGE]).ljust(count * 2 * PAGE, b"\0"))
        elif length > 0 and what == "put":
            vault.put_pages(container, "disk", start, bytes([index + 1]) * length)
            model[start : start + length] = bytes([index + 1]) * length
        elif length > 0:
            vault.clear_pages(container, "disk", start, length)
            model[start : start + length] = bytes(length)
    assert bytes_of(vault, container) == model
    blob = vault.get(container, "disk")
    covered = bytearray(len(model))
    for one in vault.page_ranges(blob, 0, blob.size, 100):
        covered[one.start : one.end] = b"\1" * (one.end - one.start)
    assert all(covered[at] or not model[at] for at in range(len(model)))
    for version, data in kept:
        assert bytes_of(vault, container, version) == data
        different = bytearray(max(len(data), len(model)))
        for one in vault.page_changes(container, blob, version, (0, blob.size), 100):
            different[one.start : one.end] = b"\1" * (one.end - one.start)
        shared = min(len(data), len(model))
        assert all(different[at] or data[at] == model[at] for at in range(shared))
    assert vault.check() == []


@ON_SQLITE
def test_a_page_blob_is_read_while_its_pages_are_overwritten(vault: Vault) -> None:
    container = vault.create_container("letters")
    page_blob(vault, container, pages=3000)
    for start in range(0, 3000, 300):
        vault.put_pages(container, "disk", start * PAGE, b"a" * 300 * PAGE)
    look, stream = vault.fetch(container, "disk")
    assert stream.read(PAGE) == b"a" * PAGE
    for start in range(0, 3000, 200):
        vault.put_pages(container, "disk", start * PAGE, b"b" * 200 * PAGE)
    with stream:
        rest = stream.read()
    assert (len(rest), look.blob.size, rest[-PAGE:]) == (2999 * PAGE, 3000 * PAGE, b"b" * PAGE)


@ON_SQLITE
def test_many_threads_write_pages_of_one_blob(vault: Vault) -> None:
    container = vault.create_container("letters")
    page_blob(vault, container, pages=64)

    def write_some(start: int) -> None:
        for page in range(start, 64, 8):
            vault.put_pages(container, "disk", page * PAGE, bytes([page]) * PAGE)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write_some, range(8)))
    assert bytes_of(vault, container) == b"".join(bytes([page]) * PAGE for page in range(64))
    assert vault.check(deep=True) == []


@ON_SQLITE
def test_a_check_tells_of_pages_beyond_the_end(vault: Vault) -> None:
    container = vault.create_container("letters")
    page_blob(vault, container, pages=2)
    put(vault, 0, b"a" * 2 * PAGE)
    assert vault.check() == []
    with vault._catalog.write() as tx:
        tx.exec_driver_sql("UPDATE versions SET size = 512")
    assert [fault.kind for fault in vault.check()] == ["wrong-size"]


@ON_SQLITE
def test_nothing_is_read_at_the_end_of_a_page_blob_and_beyond_it_is_refused(vault: Vault) -> None:
    container = vault.create_container("letters")
    page_blob(vault, container, pages=2)
    reply = ask(vault, "GET", "/letters/disk", {"range": "bytes=1024-1535"})
    assert (reply.status, dict(reply.headers)["content-length"]) == (206, "0")
    assert refused(vault, "GET", "/letters/disk", {"range": "bytes=1025-1535"}) == (416, "InvalidRange")
    vault.resize_pages(container, "disk", 0)
    assert refused(vault, "GET", "/letters/disk", {"range": "bytes=0-3"}) == (416, "InvalidRange")


@ON_SQLITE
def test_a_huge_blob_of_nothing_is_not_read_for_an_analysis(vault: Vault) -> None:
    container = vault.create_container("letters")
    blob = page_blob(vault, container, pages=(8 << 40) // PAGE)
    put(vault, (8 << 40) - PAGE, b"z" * PAGE)
    assert vault.fingerprint(blob.id) is None
    with vault.open(vault.get(container, "disk"), (8 << 40) - 2 * PAGE) as stream:
        assert stream.read() == bytes(PAGE) + b"z" * PAGE
    with vault._catalog.read() as tx:
        assert blobs.unread_count(tx, None) == 0
