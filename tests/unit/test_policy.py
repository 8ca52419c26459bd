"""The policy of a room that nobody shares, and the fakes that stand in for governance in tests."""

import pytest

from strongroom.domain.scope import Actor, Purpose
from strongroom.errors import AccessDenied
from strongroom.governance.policy import GENERAL, OWNER, OwnerPolicy
from strongroom.ports import Act, Ledger, Policy
from strongroom.testing.fakes import FakeLedger, FixedPolicy


def test_the_owner_sees_every_container_for_the_general_purpose():
    policy: Policy = OwnerPolicy()
    scope = policy.scope(OWNER, GENERAL, "search")
    assert (scope.actor, scope.purpose, scope.containers) == (OWNER, GENERAL, None)
    assert scope.policy_version


@pytest.mark.parametrize(
    ("actor", "purpose", "says"),
    [
        (Actor(name="mallory"), GENERAL, "mallory may not search here.*act as 'owner'"),
        (OWNER, Purpose(name="curiosity"), "no purpose 'curiosity' to search for.*declare 'general'"),
    ],
)
def test_anybody_else_and_any_other_purpose_is_refused_with_what_would_allow_it(actor: Actor, purpose: Purpose, says: str):
    with pytest.raises(AccessDenied, match=says):
        OwnerPolicy().scope(actor, purpose, "search")


def test_the_fakes_hold_the_ports():
    policy: Policy = FixedPolicy([1, 2])
    scope = policy.scope(Actor(name="a"), Purpose(name="p"), "get")
    assert (scope.grants(1), scope.grants(3)) == (True, False)
    ledger: Ledger = FakeLedger()
    made = Act(verb="get", actor=scope.actor, purpose=scope.purpose, policy_version=scope.policy_version)
    assert [ledger.append(made), ledger.append(made)] == [0, 1]
