"""Leases of blobs and containers over the blob protocol."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from strongroom.domain.condition import Condition
from strongroom.domain.container import Container
from strongroom.domain.lease import LeaseState, Term
from strongroom.errors import ConditionFailed, ContainerNotFound
from strongroom.server.azure.call import Reply
from strongroom.server.azure.faults import Fault
from strongroom.storage.catalog import Catalog
from strongroom.storage.catalog.schema import leases
from strongroom.testing.azure import ask
from strongroom.vault import Vault

on_sqlite = pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)

MINE, OTHER = "ca761232-ed42-11ce-bacd-00aa0057b223", "3c7e72eb-b430-4526-bc53-d8ecef03798f"
BARE = "CA761232ED4211CEBACD00AA0057B223"
HEX = "{0x3c7e72eb,0xb430,0x4526,{0xbc,0x53,0xd8,0xec,0xef,0x3,0x79,0x8f}}"
"""`OTHER`, in .NET's format X."""
BOX, BLOB = "/box?restype=container&comp=lease", "/box/a?comp=lease"


@pytest.fixture
def box(vault: Vault) -> Container:
    made = vault.create_container("box")
    vault.put(made, "a", b"x")
    return made


def lease(vault: Vault, url: str, action: str, **headers: str) -> Reply:
    spelt = {f"x-ms-{name.replace('_', '-')}": value for name, value in headers.items()}
    return ask(vault, "PUT", url, {"x-ms-lease-action": action, **spelt})


def acquire(vault: Vault, url: str, seconds: int = -1, proposed: str = MINE) -> Reply:
    return lease(vault, url, "acquire", lease_duration=str(seconds), proposed_lease_id=proposed)


def refused(vault: Vault, url: str, action: str, **headers: str) -> tuple[int, str]:
    with pytest.raises(Fault) as caught:
        lease(vault, url, action, **headers)
    return caught.value.status, caught.value.code


def told(reply: Reply) -> Mapping[str, str]:
    return dict(reply.headers)


def pass_seconds(catalog: Catalog, seconds: int) -> None:
    """Let time pass for every lease."""
    span = timedelta(seconds=seconds) // timedelta(microseconds=1)
    with catalog.write() as tx:
        for name in ("expires_at", "breaks_at"):
            tx.execute(sa.text(f"UPDATE leases SET {name} = {name} - :span WHERE {name} IS NOT NULL"), {"span": span})


def stand(vault: Vault, box: Container, url: str) -> str | None:
    found = vault.lease(box, "a" if url == BLOB else "")
    return None if found is None else found.state.value


@pytest.mark.parametrize("url", [BOX, BLOB])
def test_a_lease_is_acquired_renewed_changed_and_released(vault: Vault, box: Container, url: str):
    taken = acquire(vault, url, 30)
    assert (taken.status, told(taken)["x-ms-lease-id"]) == (201, MINE)
    assert {"etag", "last-modified"} <= set(told(taken))
    assert stand(vault, box, url) == "leased"
    renewed = lease(vault, url, "Renew", lease_id=BARE)
    assert (renewed.status, told(renewed)["x-ms-lease-id"], told(renewed)["etag"]) == (200, MINE, told(taken)["etag"])
    changed = lease(vault, url, "change", lease_id=MINE, proposed_lease_id=OTHER)
    assert (changed.status, told(changed)["x-ms-lease-id"]) == (200, OTHER)
    assert told(lease(vault, url, "change", lease_id=MINE, proposed_lease_id=OTHER))["x-ms-lease-id"] == OTHER
    assert refused(vault, url, "renew", lease_id=MINE) == (409, "LeaseIdMismatchWithLeaseOperation")
    assert refused(vault, url, "release", lease_id=MINE) == (409, "LeaseIdMismatchWithLeaseOperation")
    let_go = lease(vault, url, "release", lease_id=OTHER)
    assert (let_go.status, "x-ms-lease-id" in told(let_go), stand(vault, box, url)) == (200, False, None)


@on_sqlite
@pytest.mark.parametrize("url", [BOX, BLOB])
def test_who_holds_it_may_take_it_again_and_nobody_else(vault: Vault, box: Container, url: str):
    acquire(vault, url, 15)
    again = acquire(vault, url, -1, BARE)
    assert (again.status, told(again)["x-ms-lease-id"]) == (201, BARE)
    assert refused(vault, url, "acquire", lease_duration="15") == (409, "LeaseAlreadyPresent")
    assert refused(vault, url, "acquire", lease_duration="15", proposed_lease_id=OTHER) == (409, "LeaseAlreadyPresent")


@on_sqlite
@pytest.mark.parametrize("url", [BOX, BLOB])
def test_a_lease_ends_by_itself_and_can_then_be_renewed(vault: Vault, box: Container, catalog: Catalog, url: str):
    acquire(vault, url, 15)
    pass_seconds(catalog, 16)
    assert stand(vault, box, url) == "expired"
    assert refused(vault, url, "change", lease_id=MINE, proposed_lease_id=OTHER) == (409, "LeaseNotPresentWithLeaseOperation")
    assert refused(vault, url, "renew", lease_id=OTHER) == (409, "LeaseIdMismatchWithLeaseOperation")
    lease(vault, url, "renew", lease_id=MINE)
    assert stand(vault, box, url) == "leased"
    pass_seconds(catalog, 16)
    assert told(acquire(vault, url, 15, OTHER))["x-ms-lease-id"] == OTHER


@on_sqlite
@pytest.mark.parametrize("url", [BOX, BLOB])
def test_a_lease_is_broken_after_a_while_or_at_once(vault: Vault, box: Container, catalog: Catalog, url: str):
    acquire(vault, url, 30)
    assert told(lease(vault, url, "break", lease_break_period="60"))["x-ms-lease-time"] == "30"
    assert told(lease(vault, url, "break", lease_break_period="10"))["x-ms-lease-time"] == "10"
    assert told(lease(vault, url, "break", lease_break_period="50"))["x-ms-lease-time"] == "10"
    assert told(lease(vault, url, "break"))["x-ms-lease-time"] == "10"
    assert stand(vault, box, url) == "breaking"
    expected = "LeaseIsBreakingAndCannotBeAcquired"
    assert refused(vault, url, "acquire", lease_duration="15", proposed_lease_id=MINE) == (409, expected)
    assert refused(vault, url, "acquire", lease_duration="15", proposed_lease_id=OTHER) == (409, "LeaseAlreadyPresent")
    assert refused(vault, url, "renew", lease_id=MINE) == (409, "LeaseIsBrokenAndCannotBeRenewed")
    assert refused(vault, url, "renew", lease_id=OTHER) == (409, "LeaseIdMismatchWithLeaseOperation")
    expected = "LeaseIsBreakingAndCannotBeChanged"
    assert refused(vault, url, "change", lease_id=MINE, proposed_lease_id=OTHER) == (409, expected)
    pass_seconds(catalog, 10)
    assert stand(vault, box, url) == "broken"
    assert refused(vault, url, "renew", lease_id=MINE) == (409, "LeaseIsBrokenAndCannotBeRenewed")
    assert refused(vault, url, "change", lease_id=MINE, proposed_lease_id=OTHER) == (409, "LeaseNotPresentWithLeaseOperation")
    broken = lease(vault, url, "break")
    assert (broken.status, told(broken)["x-ms-lease-time"]) == (202, "0")
    assert lease(vault, url, "release", lease_id=MINE).status == 200
    acquire(vault, url)
    assert told(lease(vault, url, "break"))["x-ms-lease-time"] == "0"
    assert stand(vault, box, url) == "broken"


def test_the_time_until_a_lease_is_broken_is_told_to_the_nearest_second():
    """As Azurite tells it: who waits as long as is told may be half a second early, and finds it breaking still."""
    broken_at = datetime(2026, 1, 1, tzinfo=UTC)
    term = Term(id=MINE, seconds=15, breaks_at=broken_at)
    for seconds, told in ((3.0, 3), (2.51, 3), (2.49, 2), (0.51, 1), (0.49, 0)):
        lease = term.at(broken_at - timedelta(seconds=seconds))
        assert (lease.state, lease.break_seconds) == (LeaseState.BREAKING, told)


@pytest.mark.parametrize("spelt", [OTHER.upper(), f"{{{OTHER}}}", f"({OTHER})", OTHER.replace("-", ""), HEX, HEX.upper()])
@on_sqlite
def test_a_lease_is_known_by_every_spelling_of_its_uuid(vault: Vault, box: Container, spelt: str):
    lease(vault, BLOB, "acquire", lease_duration="-1", proposed_lease_id=spelt)
    assert lease(vault, BLOB, "renew", lease_id=OTHER).status == 200
    assert vault.put(box, "a", b"y", condition=Condition(lease_id=OTHER)).size == 1
    assert refused(vault, BLOB, "renew", lease_id=MINE) == (409, "LeaseIdMismatchWithLeaseOperation")
    with pytest.raises(Fault) as caught:
        lease(vault, BLOB, "acquire", lease_duration="-1", proposed_lease_id=f"{HEX}}}")
    told = {"HeaderName": "x-ms-proposed-lease-id", "HeaderValue": f"{HEX}}}"}
    assert (caught.value.code, told.items() <= caught.value.details.items()) == ("InvalidHeaderValue", True)


@on_sqlite
@pytest.mark.parametrize("url", [BOX, BLOB])
def test_what_was_never_leased_has_nothing_to_renew_or_break(vault: Vault, box: Container, url: str):
    assert refused(vault, url, "renew", lease_id=MINE) == (409, "LeaseIdMismatchWithLeaseOperation")
    assert refused(vault, url, "release", lease_id=MINE) == (409, "LeaseIdMismatchWithLeaseOperation")
    assert refused(vault, url, "break") == (409, "LeaseNotPresentWithLeaseOperation")
    assert refused(vault, url, "change", lease_id=MINE, proposed_lease_id=OTHER) == (409, "LeaseNotPresentWithLeaseOperation")


@on_sqlite
@pytest.mark.parametrize(
    ("action", "headers", "code"),
    [
        ("", {}, "MissingRequiredHeader"),
        ("borrow", {}, "InvalidHeaderValue"),
        ("acquire", {}, "MissingRequiredHeader"),
        ("acquire", {"lease_duration": "14"}, "InvalidHeaderValue"),
        ("acquire", {"lease_duration": "61"}, "InvalidHeaderValue"),
        ("acquire", {"lease_duration": "0"}, "InvalidHeaderValue"),
        ("acquire", {"lease_duration": "x"}, "InvalidHeaderValue"),
        ("acquire", {"lease_duration": "15", "proposed_lease_id": "m" * 65}, "InvalidHeaderValue"),
        ("renew", {}, "MissingRequiredHeader"),
        ("release", {}, "MissingRequiredHeader"),
        ("change", {"lease_id": MINE}, "MissingRequiredHeader"),
        ("change", {"lease_id": MINE, "proposed_lease_id": "x" * 65}, "InvalidHeaderValue"),
        ("break", {"lease_break_period": "61"}, "InvalidHeaderValue"),
        ("break", {"lease_break_period": "-1"}, "InvalidHeaderValue"),
    ],
)
@pytest.mark.parametrize("url", [BOX, BLOB])
@pytest.mark.usefixtures("box")
def test_what_no_lease_can_be_is_refused(vault: Vault, url: str, action: str, headers: dict[str, str], code: str):
    assert refused(vault, url, action, **headers) == (400, code)


@on_sqlite
def test_leases_of_nothing_are_refused(vault: Vault, box: Container):
    assert refused(vault, "/none?restype=container&comp=lease", "break") == (404, "ContainerNotFound")
    assert refused(vault, "/box/none?comp=lease", "break") == (404, "BlobNotFound")


@on_sqlite
def test_a_blob_of_blocks_that_wait_can_be_leased(vault: Vault, box: Container):
    vault.stage_block(box, "waiting", "AAAA", b"x")
    url = "/box/waiting?comp=lease"
    assert {"etag", "last-modified"} <= set(told(acquire(vault, url)))
    assert told(lease(vault, url, "break"))["x-ms-lease-time"] == "0"


@on_sqlite
def test_a_lease_depends_on_conditions(vault: Vault, box: Container):
    etag = vault.get(box, "a").etag
    for headers in (
        {"if-match": '"0x1"'},
        {"if-none-match": f'"{etag}"'},
        {"if-unmodified-since": "Fri, 01 Jan 2010 00:00:00 GMT"},
    ):
        with pytest.raises(Fault) as caught:
            ask(vault, "PUT", BLOB, {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", **headers})
        assert (caught.value.status, caught.value.code) == (412, "ConditionNotMet")
    held = {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "if-match": f'"{etag}"'}
    assert ask(vault, "PUT", BLOB, held).status == 201


@on_sqlite
def test_a_leased_blob_is_written_by_its_holder_alone(vault: Vault, box: Container, catalog: Catalog):
    acquire(vault, BLOB, 15)
    with pytest.raises(ConditionFailed) as caught:
        vault.put(box, "a", b"y")
    assert caught.value.code == "LeaseIdMissing"
    with pytest.raises(ConditionFailed) as caught:
        vault.put(box, "a", b"y", condition=Condition(lease_id=OTHER))
    assert caught.value.code == "LeaseIdMismatchWithBlobOperation"
    vault.put(box, "a", b"y", condition=Condition(lease_id=BARE))
    pass_seconds(catalog, 16)
    vault.put(box, "a", b"z")
    with catalog.read() as tx:
        assert tx.execute(sa.select(leases)).all() == []
    with pytest.raises(ConditionFailed) as caught:
        vault.put(box, "a", b"y", condition=Condition(lease_id=MINE))
    assert caught.value.code == "LeaseNotPresentWithBlobOperation"


@pytest.mark.parametrize("name", ["", "a"])
def test_of_many_who_want_a_lease_one_gets_it(vault: Vault, box: Container, name: str):
    def take(_: int) -> str:
        try:
            return str(vault.acquire_lease(box, name, seconds=15).lease)
        except ConditionFailed as error:
            return str(error.code)

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(take, range(16)))
    assert said.count("LeaseAlreadyPresent") == 15


def test_a_container_is_either_leased_or_deleted_first(vault: Vault):
    def race(place: int) -> set[str]:
        box = vault.create_container(f"box-{place}")
        said = set()
        with ThreadPoolExecutor(2) as pool:
            acts = {
                "leased": pool.submit(vault.acquire_lease, box, seconds=15),
                "deleted": pool.submit(vault.delete_container, box),
            }
        for name, act in acts.items():
            error = act.exception()
            assert error is None or isinstance(error, (ConditionFailed, ContainerNotFound))
            said |= set() if error else {name}
        return said

    for place in range(6):
        assert race(place) in ({"leased"}, {"deleted"})
