"""``strongroom serve``: the room's doors for people and programs, until it is stopped."""

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from strongroom.cli.rooms import QuietOption, RoomOption, given, open_room
from strongroom.errors import UsageError
from strongroom.governance.policy import OWNER
from strongroom.room import Room
from strongroom.server.page import OPTION, PORT, serve_page
from strongroom.server.reading import reading
from strongroom.server.serve import Place, is_here, serve_blobs
from strongroom.vault.accounts import DEVELOPMENT


def serve(
    room: RoomOption = None,
    host: Annotated[str, typer.Option("--host", help="The name or address to listen at.")] = "127.0.0.1",
    blob_port: Annotated[int, typer.Option("--blob-port", min=0, max=65535, help="Port of the blob service.")] = 10000,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help=f"Port of the page and the HTTP API; {PORT}, or a free one."),
    ] = None,
    no_page: Annotated[bool, typer.Option("--no-page", help="Serve blobs alone, without the page and the HTTP API.")] = False,
    page_url: Annotated[
        str, typer.Option("--page-url", help="Where people reach the page, if a proxy stands before it: https://….")
    ] = "",
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
    dav_writable: Annotated[
        bool, typer.Option("--dav-writable", help="Let editors write by WebDAV (/dav); otherwise it is read only.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Serve the room until Ctrl+C: a page for people, an HTTP API, and blobs by the Azure Blob Storage protocol."""
    if development and not is_here(host):
        raise UsageError(
            f"everybody knows the key of {DEVELOPMENT}, so it works on this machine only: leave out --development, or --host"
        )
    if key is not None and certificate is None:
        raise UsageError("--key is the key of a certificate: give --certificate too")
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("strongroom.server").setLevel(logging.WARNING if quiet else logging.INFO)
    place = Place(host=host, port=blob_port, certificate=certificate, key=key)
    page_place = replace(place, port=PORT if port is None else port, option=OPTION)
    with open_room(room) as opened, ExitStack() as stack:
        server = stack.enter_context(serve_blobs(opened, place, development=development))
        console = Console(stderr=True)
        if not no_page:
            how = {"is_usual": port is None, "is_followed": analyze, "dav_writable": dav_writable}
            serving = serve_page(opened, page_place, given.get(), url=page_url, **how)
            page = stack.enter_context(serving)
            console.print(f"Page: {escape(_door(opened, page.url))}", soft_wrap=True)
        _say(console, server.url, _accounts(opened, development=development), is_open=not is_here(host))
        if analyze:
            stack.enter_context(reading(opened.path, given.get()))
        server.run()


def _door(room: Room, url: str) -> str:
    """Give where to go in: by a link that works once, as long as there are no users who sign in."""
    if room.users():
        return url
    return f"{url}/login?token={room.link(OWNER.name)} (opens once; another: strongroom users link {OWNER.name})"


def _accounts(room: Room, *, development: bool) -> Sequence[str]:
    return [*room.vault.accounts(), *([DEVELOPMENT] if development else [])]


def _say(console: Console, url: str, accounts: Sequence[str], *, is_open: bool) -> None:
    for account in accounts:
        console.print(f"Blob service: {escape(url)}/{escape(account)}", soft_wrap=True)
    console.print("Keys: `strongroom keys`. Ctrl+C stops it; requests that are under way end first.")
    if is_open and url.startswith("http:"):
        console.print("What is sent can be read on its way: give --certificate and --key, or put a proxy with TLS before it.")
