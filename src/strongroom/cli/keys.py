"""``strongroom keys``: under which names programs sign in, and with which keys."""

from base64 import b64encode
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from strongroom.cli.rooms import JsonOption, RoomOption, open_room
from strongroom.domain.account import Account
from strongroom.server.json_form import to_json

URL = "http://127.0.0.1:10000"
"""Where `strongroom serve` listens if it is told nothing else."""

keys_app = typer.Typer(
    help="Accounts of the blob service: list them, make them, rotate their keys, revoke them.", no_args_is_help=True
)

AccountArgument = Annotated[str, typer.Argument(help="The account's name: 3 to 24 of a-z and 0-9.")]
UrlOption = Annotated[str, typer.Option("--url", help="Where the blob service answers.")]


@keys_app.command("list", epilog="Example: strongroom keys list --show")
def list_(
    room: RoomOption = None,
    show: Annotated[bool, typer.Option("--show", help="Show the keys too, and how clients connect with them.")] = False,
    url: UrlOption = URL,
    json: JsonOption = False,
) -> None:
    """List the accounts and when their keys were made; with --show the keys themselves."""
    with open_room(room) as opened:
        opened.vault.begin_accounts()
        accounts = list(opened.vault.accounts().values())
    if json:
        print(to_json([_plain(one, url, show=show) for one in accounts]))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("account", "key", "made"):
        table.add_column(heading)
    for one in accounts:
        for key in one.keys:
            table.add_row(one.name, str(key.slot), key.made_at.isoformat(sep=" ", timespec="seconds"))
    Console().print(table)
    for one in accounts if show else ():
        _show(one, url)


@keys_app.command(epilog="Example: strongroom keys make archive")
def make(account: AccountArgument, room: RoomOption = None) -> None:
    """Make an account with two keys."""
    with open_room(room) as opened:
        opened.vault.begin_accounts()
        made = opened.vault.create_account(account)
    Console().print(f"Made the account {made.name}. Its keys: strongroom keys list --show")


@keys_app.command(epilog="Example: strongroom keys rotate archive 1")
def rotate(
    account: AccountArgument,
    number: Annotated[int, typer.Argument(min=1, max=2, help="Which of its two keys.")],
    room: RoomOption = None,
) -> None:
    """Put a new key in the place of one: what the old one signed is refused within a second, the other goes on to work."""
    with open_room(room) as opened:
        opened.vault.rotate_key(account, number)
    Console().print(f"Key {number} of {account} is a new one. See it: strongroom keys list --show")


@keys_app.command(epilog="Example: strongroom keys revoke archive")
def revoke(account: AccountArgument, room: RoomOption = None) -> None:
    """Remove an account: neither its keys nor what they signed opens anything any more. What it wrote stays."""
    with open_room(room) as opened:
        opened.vault.delete_account(account)
    Console().print(f"The account {account} is gone, and with it all that its keys signed.")


def connection_string(account: str, secret: bytes, url: str) -> str:
    """Give what Azure's clients take to connect."""
    protocol = url.partition(":")[0]
    key = b64encode(secret).decode()
    return f"DefaultEndpointsProtocol={protocol};AccountName={account};AccountKey={key};BlobEndpoint={_endpoint(url, account)};"


def _endpoint(url: str, account: str) -> str:
    return f"{url.rstrip('/')}/{account}"


def _show(account: Account, url: str) -> None:
    for key in account.keys:
        print(f"\n{account.name}, key {key.slot}:\n{b64encode(key.secret).decode()}")
    print(f"\n{account.name}, connection string:\n{connection_string(account.name, account.keys[0].secret, url)}")


def _plain(account: Account, url: str, *, show: bool) -> dict[str, object]:
    """Give an account as JSON; its keys only where that was asked for."""
    keys = [
        {"slot": key.slot, "made_at": key.made_at, **({"key": b64encode(key.secret).decode()} if show else {})}
        for key in account.keys
    ]
    plain = {"name": account.name, "created_at": account.created_at, "keys": keys, "url": _endpoint(url, account.name)}
    shown = {"connection_string": connection_string(account.name, account.keys[0].secret, url)} if show else {}
    return {**plain, **shown}
