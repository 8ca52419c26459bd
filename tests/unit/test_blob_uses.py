"""What the ledger is told of uses of the blob service: each at its beginning, and its counts once a minute."""

from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.server.azure.call import Identity, Request
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.uses import MOST_REFUSALS, TOLD_EVERY, Uses
from strongroom.testing.azure import request_of
from strongroom.testing.fakes import FakeLedger

SCOPE = Scope(actor=Actor(name="ann"), purpose=Purpose(name="case"), containers=None, policy_version="1")
IDENTITY = Identity(actor=SCOPE.actor, how="key", account="acc")


class Clock:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def told(ledger: FakeLedger) -> list[tuple[str, object, object]]:
    return [(act.verb, act.details.get("container"), act.details.get("requests")) for act in ledger.acts]


def get(url: str) -> Request:
    return request_of("GET", url)


def test_a_use_is_told_before_its_first_byte_and_counted_once_a_minute():
    ledger, clock = FakeLedger(), Clock()
    uses = Uses(ledger, SCOPE.purpose, clock=clock)
    for _ in range(1000):
        uses.count(uses.note(get("/con/a"), IDENTITY, SCOPE, "read"), 0, 10)
    uses.note(get("/con"), IDENTITY, SCOPE, "list")
    uses.note(get("/other/a"), IDENTITY, SCOPE, "read")
    assert told(ledger) == [("blob-read", "con", None), ("blob-list", "con", None), ("blob-read", "other", None)]
    assert {(act.actor.name, act.purpose.name, act.policy_version) for act in ledger.acts} == {("ann", "case", "1")}
    uses.tell()
    assert len(ledger.acts) == 3
    clock.now = TOLD_EVERY
    uses.tell()
    assert told(ledger)[3:] == [("blob-read", "con", 1000), ("blob-list", "con", 1), ("blob-read", "other", 1)]
    assert ledger.acts[3].details["bytes_out"] == 10_000
    uses.note(get("/con/a"), IDENTITY, SCOPE, "read")
    clock.now = 2 * TOLD_EVERY
    uses.tell()
    assert told(ledger)[6:] == [("blob-read", "con", 1)]
    clock.now = 3 * TOLD_EVERY
    uses.tell()
    uses.note(get("/con/a"), IDENTITY, SCOPE, "read")
    assert told(ledger)[7:] == [("blob-read", "con", None)]
    uses.tell(all_of_them=True)
    assert told(ledger)[8:] == [("blob-read", "con", 1)]


def test_a_long_download_is_counted_when_it_ends():
    ledger, clock = FakeLedger(), Clock()
    uses = Uses(ledger, SCOPE.purpose, clock=clock)
    use = uses.note(get("/con/a"), IDENTITY, SCOPE, "read")
    for clock.now in (TOLD_EVERY, 2 * TOLD_EVERY):
        uses.tell()
    uses.count(use, 0, 5)
    uses.tell(all_of_them=True)
    assert [act.details.get("bytes_out") for act in ledger.acts] == [None, 0, 5]


def test_refusals_are_counted_by_code_and_cannot_fill_the_ledger():
    ledger = FakeLedger()
    uses = Uses(ledger, SCOPE.purpose)
    for number in range(2 * MOST_REFUSALS):
        uses.refuse(get(f"/con{number}/a"), Fault("AuthenticationFailed"))
        uses.refuse(get("/con0/a"), Fault("AuthenticationFailed"))
    assert len(ledger.acts) == MOST_REFUSALS + 1
    assert {act.verb for act in ledger.acts} == {"blob-refused"}
    assert {act.details["code"] for act in ledger.acts} == {"AuthenticationFailed"}
