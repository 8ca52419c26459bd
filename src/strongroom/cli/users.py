"""``strongroom users``: who may come in by the page and the HTTP API, and by which keys."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from strongroom.cli.rooms import JsonOption, RoomOption, open_room
from strongroom.domain.user import READER, Key, User
from strongroom.errors import UsageError
from strongroom.server.json_form import to_json

URL = "http://127.0.0.1:8400"
"""Where the page of `strongroom serve` is if it is told nothing else."""

users_app = typer.Typer(help="Who may come in by the page and the HTTP API, and by which keys.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="Up to 64 letters, digits and . _ @ -; `owner` is whoever runs the room.")]


@users_app.command(epilog="Example: strongroom users add ann --role reader --container letters")
def add(
    name: NameArgument,
    room: RoomOption = None,
    role: Annotated[str, typer.Option("--role", help="owner (everything), editor (reads and fills) or reader.")] = READER,
    container: Annotated[
        list[str] | None, typer.Option("--container", "-c", help="Only this container; repeat it for more. Else all.")
    ] = None,
    password_from_stdin: Annotated[
        bool, typer.Option("--password-from-stdin", help="Read the password from standard input: its first line.")
    ] = False,
) -> None:
    """Let somebody in: by a password, or by links and keys that you make for them."""
    password = _password() if password_from_stdin else None
    with open_room(room) as opened:
        user = opened.add_user(name, role=role, containers=container, password=password)
    how = "They sign in by the password." if password else f"Let them in: strongroom users link {name}"
    Console().print(f"Made the {user.role} {user.name}. {how}")


@users_app.command(epilog="Example: strongroom users change ann --role editor --container letters --container photos")
def change(
    name: NameArgument,
    room: RoomOption = None,
    role: Annotated[str | None, typer.Option("--role", help="owner, editor or reader; else as it is.")] = None,
    container: Annotated[
        list[str] | None, typer.Option("--container", "-c", help="From now on only this container; repeat it for more.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="From now on every container.")] = False,
) -> None:
    """Give a user another role or other containers, from their next request on; the last owner stays one."""
    if role is None and not container and not everything:
        raise UsageError("say what changes: --role, --container or --all")
    with open_room(room) as opened:
        user = opened.change_user(name, role=role, containers=container or None, everything=everything)
    sees = "everything" if user.containers is None else ", ".join(user.containers) or "nothing"
    Console().print(escape(f"{user.name} is {user.role}, and sees {sees}."))


@users_app.command(epilog="Example: pass show room/ann | strongroom users password ann")
def password(name: NameArgument, room: RoomOption = None) -> None:
    """Give a user another password, read from standard input; their sessions end."""
    new = _password()
    with open_room(room) as opened:
        opened.set_password(name, new)
    Console().print(f"{name} has another password, and has to sign in with it.")


@users_app.command("list", epilog="Example: strongroom users list --json")
def list_(room: RoomOption = None, json: JsonOption = False) -> None:
    """List the users and the API keys."""
    with open_room(room) as opened:
        users, keys = opened.users(), opened.keys()
    if json:
        print(to_json({"users": users, "keys": keys}))
        return
    if users:
        Console().print(_user_table(users))
    else:
        Console().print("There are no users: only who runs the room comes in, by a link of `strongroom serve`.")
    if keys:
        Console().print()
        Console().print(_key_table(keys))


@users_app.command(epilog="Example: strongroom users remove ann")
def remove(name: NameArgument, room: RoomOption = None) -> None:
    """Let somebody in no more: their sessions, links and keys end at once. What they did stays in the ledger."""
    with open_room(room) as opened:
        opened.remove_user(name)
    Console().print(f"{name} is no user any more.")


@users_app.command(epilog="Example: strongroom users link ann --url https://room.example.org")
def link(
    name: NameArgument,
    room: RoomOption = None,
    url: Annotated[str, typer.Option("--url", help="Where the page is, as `strongroom serve` prints it.")] = URL,
) -> None:
    """Make a link that lets somebody in, once and within a day."""
    with open_room(room) as opened:
        secret = opened.link(name)
    print(f"{url.rstrip('/')}/login?token={secret}")


@users_app.command(epilog="Example: strongroom users key ann --days 30 --label 'weekly export'")
def key(
    name: NameArgument,
    room: RoomOption = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="For how many days it opens.")] = 90,
    label: Annotated[str, typer.Option("--label", help="What it is for.")] = "",
    json: JsonOption = False,
) -> None:
    """Make an API key, which is shown only now; a program sends it as ``Authorization: Bearer KEY``."""
    with open_room(room) as opened:
        made, secret = opened.make_key(name, label=label, days=days)
    if json:
        print(to_json({"key": made, "secret": secret}))
        return
    print(secret)
    Console(stderr=True).print(f"Key {made.id} of {name} opens for {days} days. It is not shown again.")


@users_app.command(epilog="Example: strongroom users revoke 9f86d081")
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, as `strongroom users list` shows it.")], room: RoomOption = None
) -> None:
    """Let an API key open nothing any more."""
    with open_room(room) as opened:
        revoked = opened.revoke_key(key)
    Console().print(f"Key {revoked.id} of {revoked.actor} opens nothing any more.")


def _password() -> str:
    if sys.stdin.isatty():
        Console(stderr=True).print("Password, then Enter:")
    given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise UsageError("no password came on standard input: send it there, on one line")
    return given


def _user_table(users: Sequence[User]) -> Table:
    table = _table("user", "role", "containers", "password")
    for one in users:
        containers = "all" if one.containers is None else ", ".join(one.containers) or "none"
        table.add_row(escape(one.name), one.role, escape(containers), "yes" if one.has_password else "no")
    return table


def _key_table(keys: Sequence[Key]) -> Table:
    table = _table("key", "of", "for", "opens until", "used last")
    for one in keys:
        until, used = (f"{at:%Y-%m-%d %H:%M} UTC" if at else "" for at in (one.expires_at, one.used_at))
        table.add_row(one.id, escape(one.actor), escape(one.label), until or "for ever", used or "never")
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading)
    return table
