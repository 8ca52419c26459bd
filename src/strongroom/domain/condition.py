"""What must hold of a blob or container for an act to happen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from strongroom.errors import ConditionFailed

ANY = "*"

TagTest = Callable[[Mapping[str, str]], bool]
"""Says of a blob's tags whether an expression of `strongroom.domain.tag_query` holds of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """What must hold of the present blob for a write or a read to happen."""

    if_match: str | None = None
    """Its etag, without quotes; ``*`` for any, as long as there is one. For a read also several, with commas between."""
    if_none_match: str | None = None
    """``*``: there is none; else an etag that it must not have. For a read also several, with commas between."""
    if_modified_since: datetime | None = None
    """It changed after this instant (UTC, whole seconds)."""
    if_unmodified_since: datetime | None = None
    """It has not changed after this instant (UTC, whole seconds)."""
    if_tags: TagTest | None = None
    """Holds of its tags."""
    lease_id: str | None = None
    """The lease that the caller holds; where a lease is active, a write needs it."""

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing of the blob itself (a lease is another matter)."""
        return (
            self.if_match is None
            and self.if_none_match is None
            and self.if_modified_since is None
            and self.if_unmodified_since is None
            and self.if_tags is None
        )

    def check(
        self,
        name: str,
        etag: str | None,
        modified_at: datetime | None = None,
        tags: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """Hold the condition against the present blob.

        Args:
            name: The blob's or container's name, for the message.
            etag: Its etag without quotes, None where there is none.
            modified_at: When it was last changed.
            tags: Gives its tags, where they are asked for.

        Raises:
            ConditionFailed: It does not hold. The code is ``BlobAlreadyExists`` where there should be none,
                ``NotModified`` where it has the etag, or has not changed since the instant, that it must not have, and
                ``ConditionNotMet`` else.
        """
        if self.if_match is not None and (etag is None or self.if_match not in (ANY, etag)):
            raise ConditionFailed(
                f"{name} is not the version that was expected (etag {self.if_match}): read it again, then repeat",
                code="ConditionNotMet",
            )
        if self.if_none_match is not None and etag is not None and self.if_none_match in (ANY, etag):
            code = "BlobAlreadyExists" if self.if_none_match == ANY else "NotModified"
            raise ConditionFailed(f"{name} exists already: choose another name, or write without the condition", code=code)
        if etag is None:
            return
        self._check_times(name, modified_at)
        if self.if_tags is not None and not self.if_tags(tags()):
            raise ConditionFailed(f"{name} has not the tags that were expected: read them, then repeat", code="ConditionNotMet")

    def check_read(
        self,
        name: str,
        etag: str | None,
        modified_at: datetime | None = None,
        tags: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """Hold the condition against a blob that is about to be read.

        Unlike a write, a read goes on where one of ``If-None-Match`` and ``If-Modified-Since`` holds.

        Args:
            name: The blob's name, for the message.
            etag: Its etag without quotes, None where there is none.
            modified_at: When it was last changed.
            tags: Gives its tags, where they are asked for.

        Raises:
            ConditionFailed: It does not hold. The code is ``UnsatisfiableCondition`` where none could,
                ``NotModified`` where the reader has the blob as it is, and ``ConditionNotMet`` else.
        """
        if self.if_match is not None and (etag is None or not _is_among(etag, self.if_match)):
            raise ConditionFailed(f"{name} is not the version that was expected: look at it again", code="ConditionNotMet")
        if self.if_none_match is not None and self.if_none_match.split(",")[0] == ANY:
            raise ConditionFailed("nothing can be read of what is not there", code="UnsatisfiableCondition")
        if etag is None or modified_at is None:
            return
        at = modified_at.replace(microsecond=0)
        if self.if_unmodified_since is not None and at > self.if_unmodified_since:
            raise ConditionFailed(f"{name} has changed since: look at it again", code="ConditionNotMet")
        news: list[bool] = []
        if self.if_none_match is not None:
            news.append(not _is_among(etag, self.if_none_match))
        if self.if_modified_since is not None:
            news.append(at > self.if_modified_since)
        if news and not any(news):
            raise ConditionFailed(f"{name} has not changed since: there is nothing new to read", code="NotModified")
        if self.if_tags is not None and not self.if_tags(tags()):
            raise ConditionFailed(f"{name} has not the tags that were expected", code="ConditionNotMet")

    def _check_times(self, name: str, modified_at: datetime | None) -> None:
        if modified_at is None:
            return
        at = modified_at.replace(microsecond=0)
        if self.if_modified_since is not None and self.if_none_match is None and at <= self.if_modified_since:
            raise ConditionFailed(f"{name} has not changed since: there is nothing new to read", code="NotModified")
        if self.if_unmodified_since is not None and at > self.if_unmodified_since:
            raise ConditionFailed(f"{name} has changed since: read it again, then repeat", code="ConditionNotMet")


def _is_among(etag: str, given: str) -> bool:
    among = given.split(",")
    return among[0] == ANY or etag in among


ALWAYS = Condition()
