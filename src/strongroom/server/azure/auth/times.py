"""Instants as shared access signatures spell them: ``2026-11-24``, ``2026-11-24T10:30Z``, ``2026-11-24T10:30:00Z``."""

from datetime import UTC, datetime

from strongroom.server.azure.auth.refusal import refused


def read_time(text: str) -> datetime:
    """Read an instant (UTC where it does not say).

    Raises:
        Fault: It is none (``AuthenticationFailed``).
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise refused(f"The time cannot be read: {text[:40]}") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def time_text(at: datetime) -> str:
    """Spell an instant to the second, as signatures do."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_times(start: datetime | None, expiry: datetime, now: datetime) -> None:
    """Refuse what is not valid yet, or no more.

    Raises:
        Fault: ``AuthenticationFailed``.
    """
    if (start is not None and now < start) or now > expiry:
        span = f"Start [{time_text(start) if start else ''}] - Expiry [{time_text(expiry)}] - Current [{time_text(now)}]"
        raise refused(f"Signature not valid in the specified time frame: {span}")
