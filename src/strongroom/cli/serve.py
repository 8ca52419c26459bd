"""``strongroom serve``: the room's doors for other programs, until it is stopped."""

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from strongroom.cli.rooms import QuietOption, RoomOption, given, open_room
from strongroom.errors import UsageError
from strongroom.room import Room
from strongroom.server.reading import reading
from strongroom.server.serve import Place, is_here, serve_blobs
from strongroom.vault.accounts import DEVELOPMENT


def serve(
    room: RoomOption = None,
    host: Annotated[str, typer.Option("--host", help="The name or address to listen at.")] = "127.0.0.1",
    blob_port: Annotated[int, typer.Option("--blob-port", min=0, max=65535, help="Port of the blob service.")] = 10000,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", exists=True, dir_okay=False, help="Certificate of TLS (PEM): https."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", exists=True, dir_okay=False, help="Its private key, where the file has none.")
    ] = None,
    development: Annotated[
        bool, typer.Option("--development", help="Let the emulators' well-known account in, from this machine only.")
    ] = False,
    analyze: Annotated[
        bool, typer.Option("--analyze", help="Read what arrives, within seconds, standing back behind the clients.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Serve the room to programs that speak the Azure Blob Storage protocol, until Ctrl+C."""
    if development and not is_here(host):
        raise UsageError(
            f"everybody knows the key of {DEVELOPMENT}, so it works on this machine only: leave out --development, or --host"
        )
    if key is not None and certificate is None:
        raise UsageError("--key is the key of a certificate: give --certificate too")
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("strongroom.server").setLevel(logging.WARNING if quiet else logging.INFO)
    place = Place(host=host, port=blob_port, certificate=certificate, key=key)
    with open_room(room) as opened, serve_blobs(opened, place, development=development) as server:
        _say(Console(stderr=True), server.url, _accounts(opened, development=development), is_open=not is_here(host))
        with reading(opened.path, given.get()) if analyze else nullcontext():
            server.run()


def _accounts(room: Room, *, development: bool) -> Sequence[str]:
    return [*room.vault.accounts(), *([DEVELOPMENT] if development else [])]


def _say(console: Console, url: str, accounts: Sequence[str], *, is_open: bool) -> None:
    for account in accounts:
        console.print(f"Blob service: {escape(url)}/{escape(account)}", soft_wrap=True)
    console.print("Keys: `strongroom keys`. Ctrl+C stops it; requests that are under way end first.")
    if is_open and url.startswith("http:"):
        console.print("What is sent can be read on its way: give --certificate and --key, or put a proxy with TLS before it.")
