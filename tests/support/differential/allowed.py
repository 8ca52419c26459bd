"""In what the blob service differs from Azurite, and why: the table of the documentation, and what the test lets pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from differential.compare import Difference

UNREADABLE = (
    "400 InvalidHeaderValue",
    "400 InvalidMd5",
    "400 InvalidMetadata",
    "400 InvalidQueryParameterValue",
    "400 InvalidXmlDocument",
    "400 InvalidInput",
    "400 DuplicateTagNames",
    "400 EmptyTagName",
    "400 MissingRequiredHeader",
    "400 OutOfRangeInput",
)
ANY = ("*",)
REFUSALS = ("304 *", "4?? *")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Differences that are meant, and the reason."""

    reason: str
    operations: Sequence[str] = ANY
    """Patterns of shells, as in all that follow; one of each must fit."""
    what: Sequence[str] = ("answer",)
    ours: Sequence[str] = ANY
    theirs: Sequence[str] = ANY

    def fits(self, difference: Difference) -> bool:
        """Say whether a difference is one of these."""
        pairs = (
            (difference.operation, self.operations),
            (difference.what, self.what),
            (difference.ours, self.ours),
            (difference.theirs, self.theirs),
        )
        return all(any(fnmatchcase(value, pattern) for pattern in patterns) for value, patterns in pairs)


RULES: tuple[Rule, ...] = (
    Rule(
        reason="Every answer names the version in which it was asked; Azurite names its own, and none in errors.",
        what=["header x-ms-version"],
    ),
    Rule(reason="Azurite fails itself (500 without an error code).", theirs=["500 *"]),
    Rule(
        reason="Every refusal has the protocol's error code; Azurite gives none for what its generated reader refuses.",
        ours=["4?? *"],
        theirs=["400 -"],
    ),
    Rule(
        reason="What a request says is read before what it is about is looked for; Azurite looks first.",
        ours=UNREADABLE,
        theirs=REFUSALS,
    ),
)
"""All of them; a difference that none fits fails the test."""


def reason_for(difference: Difference) -> str | None:
    """Give why a difference is meant; None where it is not."""
    return next((rule.reason for rule in RULES if rule.fits(difference)), None)
