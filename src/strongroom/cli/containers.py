"""``strongroom container``: what containers there are, by which rules they keep, and how one goes and comes back."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from strongroom.cli.rooms import JsonOption, RoomOption, open_room
from strongroom.domain.container import Container
from strongroom.errors import UsageError
from strongroom.server.json_form import to_json
from strongroom.vault import Keeping

PUBLIC = ("none", "blob", "container")
SWITCH = {"on": True, "off": False}

containers_app = typer.Typer(
    help="Containers: their rules of retention and access; deleting and restoring.", no_args_is_help=True
)

NameArgument = Annotated[str, typer.Argument(help="The container's name.")]


@containers_app.command("list", epilog="Example: strongroom container list --deleted")
def list_(
    room: RoomOption = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Those that were deleted and can be restored.")] = False,
    json: JsonOption = False,
) -> None:
    """List the containers with their rules."""
    with open_room(room) as opened:
        found = opened.deleted_containers() if deleted else list(opened.containers())
    if json:
        print(to_json(found))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("container", "kind", "versions", "public", "immutable", "legal holds", "restorable until"):
        table.add_column(heading)
    for one in found:
        until = "" if one.purge_at is None else f"{one.purge_at:%Y-%m-%d}"
        versions = "on" if one.keeps_versions else "off"
        table.add_row(one.name, one.kind, versions, one.public, _days(one), " ".join(one.legal_holds), until)
    Console().print(table)


def _days(container: Container) -> str:
    if not container.immutable_days:
        return "no"
    return f"{container.immutable_days:,} days{', locked' if container.is_immutability_locked else ''}"


@containers_app.command(epilog="Example: strongroom container show letters")
def show(name: NameArgument, room: RoomOption = None, json: JsonOption = False) -> None:
    """Show one container's rules."""
    with open_room(room) as opened:
        found = opened.vault.container(name, opened.scope("list"))
        blob_days, container_days = opened.keep_deleted()
    if json:
        print(to_json({"container": found, "deleted_blob_days": blob_days, "deleted_container_days": container_days}))
    else:
        _tell(found)
        Console().print(f"Deleted blobs can be restored for {blob_days:,} days, deleted containers for {container_days:,}.")


def _tell(container: Container) -> None:
    console = Console()
    where = f" of {escape(container.url)}" if container.url is not None else ""
    console.print(f"{container.name}: {container.kind}{where}, changed {container.modified_at:%Y-%m-%d %H:%M}", soft_wrap=True)
    console.print(f"  earlier versions: {'kept' if container.keeps_versions else 'not kept'}")
    console.print(f"  read without a key: {container.public}")
    console.print(f"  immutable: {_days(container)}")
    console.print(f"  legal holds: {', '.join(container.legal_holds) or 'none'}")


@containers_app.command("set", epilog="Example: strongroom container set letters --versions on --immutable-days 30")
def set_(
    name: Annotated[str | None, typer.Argument(help="The container's name; none for the --keep options alone.")] = None,
    room: RoomOption = None,
    versions: Annotated[str | None, typer.Option("--versions", help="Keep earlier versions of blobs: on or off.")] = None,
    public: Annotated[str | None, typer.Option("--public", help="Who needs no key to read: none, blob or container.")] = None,
    immutable_days: Annotated[
        int | None, typer.Option("--immutable-days", help="Days in which no blob is changed or deleted; 0 for none.")
    ] = None,
    lock: Annotated[bool, typer.Option("--lock", help="Lock those days for ever: they can only become more.")] = False,
    hold: Annotated[list[str] | None, typer.Option("--hold", help="Begin a legal hold of this tag.")] = None,
    clear_hold: Annotated[list[str] | None, typer.Option("--clear-hold", help="End the legal hold of this tag.")] = None,
    keep_blobs: Annotated[
        int | None, typer.Option("--keep-deleted-blobs", help="Days for which deleted blobs can be restored, room-wide.")
    ] = None,
    keep_containers: Annotated[
        int | None, typer.Option("--keep-deleted-containers", help="Days for which deleted containers can, room-wide.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Change a container's rules, and for how long the whole room keeps what is deleted."""
    wanted = Keeping(
        keeps_versions=_switch(versions),
        public=_public(public),
        immutable_days=immutable_days,
        lock=lock,
        add_holds=tuple(hold or ()),
        clear_holds=tuple(clear_hold or ()),
    )
    _check(name, wanted, is_room_wide=keep_blobs is not None or keep_containers is not None)
    with open_room(room) as opened:
        changed = None if name is None else opened.set_container(name, wanted)
        blob_days, container_days = opened.keep_deleted(blob_days=keep_blobs, container_days=keep_containers)
    if json:
        print(to_json({"container": changed, "deleted_blob_days": blob_days, "deleted_container_days": container_days}))
        return
    if changed is not None:
        _tell(changed)
    if keep_blobs is not None or keep_containers is not None:
        Console().print(f"Deleted blobs can be restored for {blob_days:,} days, deleted containers for {container_days:,}.")


def _check(name: str | None, wanted: Keeping, *, is_room_wide: bool) -> None:
    if name is None and (wanted != Keeping() or not is_room_wide):
        raise UsageError("name the container whose rules are to change, as in: strongroom container set letters --versions on")
    if name is not None and wanted == Keeping() and not is_room_wide:
        raise UsageError("say what to change, as in: strongroom container set letters --versions on")


def _switch(text: str | None) -> bool | None:
    if text is not None and text.lower() not in SWITCH:
        raise UsageError(f"--versions can be on or off, and not {text!r}")
    return None if text is None else SWITCH[text.lower()]


def _public(text: str | None) -> str | None:
    if text is not None and text.lower() not in PUBLIC:
        raise UsageError(f"--public can be {', '.join(PUBLIC)}, and not {text!r}")
    return None if text is None else text.lower()


@containers_app.command(epilog="Example: strongroom container delete drafts")
def delete(name: NameArgument, room: RoomOption = None) -> None:
    """Delete a container with all that it holds; what a policy or legal hold protects is not deleted."""
    with open_room(room) as opened:
        opened.delete_container(name)
        _, days = opened.keep_deleted()
    ending = f"; `strongroom container restore {name}` brings it back for {days:,} days" if days else ""
    Console().print(f"Deleted {name}{ending}.", soft_wrap=True)


@containers_app.command(epilog="Example: strongroom container restore drafts --as old-drafts")
def restore(
    name: NameArgument,
    room: RoomOption = None,
    new_name: Annotated[str | None, typer.Option("--as", help="Another name for it, where its own is taken.")] = None,
) -> None:
    """Bring a deleted container back, with all that it held."""
    with open_room(room) as opened:
        restored = opened.restore_container(name, new_name)
    Console().print(f"Restored {restored.name}.")
