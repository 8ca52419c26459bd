"""The reference pages that are made from the code: ``python -m strongroom.cli.reference docs/reference``."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import typer

from strongroom.cli.app import app
from strongroom.cli.reference_http import http_page
from strongroom.domain.settings import PREFIX, Settings

HEAD = "This page is made from the code by `make docs`; change it there.\n"


def settings_page() -> str:
    """Give the page of settings."""
    rows = [
        f"| `{f.name}` | `{PREFIX}{f.name.upper()}` | `{getattr(Settings(), f.name)!r}` | {f.metadata['help']} |"
        for f in fields(Settings)
    ]
    text = (
        "Each setting comes from, in falling order: `--set NAME=VALUE` (or an argument of `strongroom.open`), the environment "
        "variable,\n`settings.toml` in the room's directory, the default.\n"
    )
    head = "| setting | variable | default | meaning |\n|---|---|---|---|"
    return "\n".join(["# Settings", "", HEAD, text, head, *rows]) + "\n"


def commands_page() -> str:
    """Give the page of commands."""
    parts = ["# Commands", "", HEAD]
    for name, command in sorted(_commands(typer.main.get_command(app), "strongroom").items()):
        parts += [f"## {name}", "", (command.help or "").replace("\n\n", "\n"), "", "```text", _usage(name, command), "```", ""]
        parts += [str(command.epilog), ""]
    return "\n".join(parts).rstrip() + "\n"


def _commands(group: Any, name: str) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for child, command in group.commands.items():
        path = f"{name} {child}"
        found |= _commands(command, path) if hasattr(command, "commands") else {path: command}
    return found


def _usage(name: str, command: Any) -> str:
    lines = [name + "".join(f" {_argument(p)}" for p in command.params if p.param_type_name == "argument")]
    for parameter in command.params:
        spelt = ", ".join([*parameter.opts, *parameter.secondary_opts]) if parameter.param_type_name == "option" else ""
        lines.append(f"  {spelt or _argument(parameter):28} {parameter.help or ''}".rstrip())
    return "\n".join(lines)


def _argument(parameter: Any) -> str:
    many = "…" if parameter.nargs == -1 else ""
    word = parameter.name.upper().strip("_") + many
    return word if parameter.required else f"[{word}]"


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "http-api.md": lambda: http_page(HEAD),
}


def main() -> None:
    """Write the pages into a folder."""
    for name, page in PAGES.items():
        (Path(sys.argv[1]) / name).write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
