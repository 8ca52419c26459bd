"""The rules of leases against a plain model of Azure's table of states."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from strongroom.domain import lease as rules
from strongroom.domain.lease import INFINITE, Term
from strongroom.errors import ConditionFailed, UsageError

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
IDS = ("ca761232-ed42-11ce-bacd-00aa0057b223", "3c7e72eb-b430-4526-bc53-d8ecef03798f")

steps = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from(["acquire", "renew", "change", "release", "break"]),
        st.sampled_from(IDS),
        st.sampled_from(IDS),
        st.sampled_from([INFINITE, 14, 15, 30, 60, 61]),
        st.sampled_from([None, 0, 5, 60, 61]),
    ),
    max_size=12,
)


@dataclass
class Model:
    """One lease as a person would keep it on paper, in seconds."""

    state: str = "available"
    holder: str = ""
    lasts: int = 0
    ends: float = 0

    def tick(self, at: float) -> None:
        if self.state == "leased" and self.lasts != INFINITE and at >= self.ends:
            self.state = "expired"
        if self.state == "breaking" and at >= self.ends:
            self.state = "broken"

    def start(self, at: float) -> None:
        self.state, self.ends = "leased", at + self.lasts

    def acquire(self, at: float, one: str, _: str, seconds: int, __: int | None) -> str:
        if self.state == "breaking":
            return "LeaseIsBreakingAndCannotBeAcquired" if one == self.holder else "LeaseAlreadyPresent"
        if self.state == "leased" and one != self.holder:
            return "LeaseAlreadyPresent"
        if seconds in (14, 61):
            return "InvalidHeaderValue"
        self.holder, self.lasts = one, seconds
        self.start(at)
        return ""

    def renew(self, at: float, one: str, *_: object) -> str:
        if self.state == "available" or one != self.holder:
            return "LeaseIdMismatchWithLeaseOperation"
        if self.state in ("breaking", "broken"):
            return "LeaseIsBrokenAndCannotBeRenewed"
        self.start(at)
        return ""

    def change(self, _: float, one: str, other: str, *__: object) -> str:
        if self.state in ("available", "expired", "broken"):
            return "LeaseNotPresentWithLeaseOperation"
        if self.state == "breaking":
            return "LeaseIsBreakingAndCannotBeChanged" if one == self.holder else "LeaseIdMismatchWithLeaseOperation"
        if self.holder not in (one, other):
            return "LeaseIdMismatchWithLeaseOperation"
        self.holder = other
        return ""

    def release(self, _: float, one: str, *__: object) -> str:
        if self.state == "available" or one != self.holder:
            return "LeaseIdMismatchWithLeaseOperation"
        self.state, self.holder = "available", ""
        return ""

    def break_(self, at: float, _: str, __: str, ___: int, period: int | None) -> str:
        if period == 61:
            return "InvalidHeaderValue"
        if self.state == "available":
            return "LeaseNotPresentWithLeaseOperation"
        if self.state in ("expired", "broken"):
            self.state = "broken"
            return ""
        has_end = self.state == "breaking" or self.lasts != INFINITE
        wanted = (self.ends if has_end else at) if period is None else at + period
        self.ends = min(self.ends, wanted) if has_end else wanted
        self.state = "breaking"
        self.tick(at)
        return ""


def act(term: Term | None, at: datetime, step: tuple[int, str, str, str, int, int | None]) -> tuple[Term | None, str]:
    _, verb, one, other, seconds, period = step
    verbs: dict[str, Callable[[], Term | None]] = {
        "acquire": lambda: rules.acquire(term, at, seconds, one),
        "renew": lambda: rules.renew(term, at, one),
        "change": lambda: rules.change(term, at, one, other),
        "release": lambda: rules.release(term, one),
        "break": lambda: rules.broken(term, at, period),
    }
    try:
        return verbs[verb](), ""
    except (ConditionFailed, UsageError) as error:
        return term, str(error.code)


@settings(max_examples=300, phases=[Phase.explicit, Phase.generate], deadline=None)
@given(steps)
def test_leases_keep_to_the_table(given_steps: list[tuple[int, str, str, str, int, int | None]]):
    model, term, clock = Model(), None, 0.0
    for step in given_steps:
        clock += step[0]
        at = BEGIN + timedelta(seconds=clock)
        model.tick(clock)
        method = model.break_ if step[1] == "break" else getattr(model, step[1])
        expected = method(clock, *step[2:])
        term, code = act(term, at, step)
        assert code == expected, step
        assert (model.state if term is None else term.at(at).state.value) == model.state
        if term is not None and model.state == "breaking":
            assert term.at(at).break_seconds == model.ends - clock
