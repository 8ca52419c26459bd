"""What the door refuses by itself, before a verb is asked."""

from collections.abc import Mapping
from http import HTTPStatus


class Refusal(Exception):
    """A request that is not answered."""

    def __init__(self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> None:
        """Say why.

        Args:
            status: The HTTP status.
            detail: What happened and what to do next.
            headers: Of the answer.
        """
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


class Unproven(Refusal):
    """Nobody knows who asks."""

    def __init__(self, detail: str = "") -> None:
        """Say what a proof is."""
        text = detail or "sign in, or send an API key: Authorization: Bearer sr_…; `strongroom users key NAME` makes one"
        super().__init__(HTTPStatus.UNAUTHORIZED, text, {"www-authenticate": 'Bearer realm="Strongroom"'})


class TooMany(Refusal):
    """Somebody asks too often."""

    def __init__(self, seconds: float) -> None:
        """Say when to come again."""
        wait = max(1, round(seconds + 0.5))
        super().__init__(HTTPStatus.TOO_MANY_REQUESTS, f"too many requests: wait {wait} s", {"retry-after": str(wait)})
