"""``strongroom sas``: URLs that permit something for a while, to whoever has them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import quote

import typer

from strongroom.cli.keys import URL, UrlOption
from strongroom.cli.rooms import RoomOption, open_room
from strongroom.domain.account import FIRST
from strongroom.errors import ContainerNotFound, UsageError
from strongroom.server.azure.auth.signing import LETTERS, sign_service
from strongroom.storage.names import check_blob_name

SPAN = re.compile(r"(\d{1,5})([mhdw])")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
DEFAULT_SPAN = "7d"


def sas(
    name: Annotated[str, typer.Argument(help="CONTAINER for all its blobs, or CONTAINER/BLOB.")],
    room: RoomOption = None,
    permissions: Annotated[
        str | None,
        typer.Option("--permissions", "-p", help="Letters: r read, l list, a add, c create, w write, d delete, t tags …"),
    ] = None,
    expires: Annotated[str | None, typer.Option("--expires", help="30m, 12h, 7d, or a date: 2027-01-31.")] = None,
    ip: Annotated[str, typer.Option("--ip", help="Only from this address, or from FIRST-LAST.")] = "",
    https_only: Annotated[bool, typer.Option("--https-only", help="Only over TLS.")] = False,
    account: Annotated[str, typer.Option("--account", help="The account that signs.")] = FIRST,
    key: Annotated[int, typer.Option("--key", min=1, max=2, help="With which of its keys.")] = 1,
    policy: Annotated[str, typer.Option("--policy", help="A stored access policy of the container: says the rest.")] = "",
    url: UrlOption = URL,
) -> None:
    """Print a URL with a shared access signature: whoever has it may do what it says, until it ends or the key is rotated.

    Without more it permits to read for 7 days.
    """
    container, _, blob = name.partition("/")
    if blob:
        check_blob_name(blob)
    letters = _letters(permissions, policy)
    expiry = _until(expires or ("" if policy else DEFAULT_SPAN), datetime.now(UTC))
    with open_room(room) as opened:
        if not any(one.name == container for one in opened.containers()):
            raise ContainerNotFound(f"there is no container named {container}: `strongroom list` shows those that there are")
        opened.vault.begin_accounts()
        secret = opened.vault.account(account).keys[key - 1].secret
    query = sign_service(
        account,
        secret,
        container,
        blob,
        permissions=letters,
        expiry=expiry,
        ip=ip,
        https_only=https_only,
        policy=policy,
    )
    where = "/".join(quote(part, safe="/") for part in (account, container, blob) if part)
    print(f"{url.rstrip('/')}/{where}?{query}")


def _letters(given: str | None, policy: str) -> str:
    if given is None:
        return "" if policy else "r"
    unknown = sorted(set(given) - set(LETTERS))
    if unknown or not given:
        raise UsageError(f"--permissions {given}: it can have the letters {', '.join(LETTERS)}")
    return given


def _until(text: str, now: datetime) -> datetime | None:
    """Read when a signature ends: a span from now, or an instant."""
    if not text:
        return None
    span = SPAN.fullmatch(text.strip().lower())
    try:
        end = now + timedelta(**{UNITS[span[2]]: int(span[1])}) if span else datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(f"--expires {text}: write a span such as 30m, 12h or 7d, or a date such as 2027-01-31") from None
    end = end.replace(tzinfo=UTC) if end.tzinfo is None else end
    if end <= now:
        raise UsageError(f"--expires {text} is in the past: the URL would open nothing")
    return end
