"""``strongroom settings``: every setting, from the one place where it is declared."""

import os
from dataclasses import fields
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from strongroom.domain.settings import PREFIX, Settings
from strongroom.flows.init import settings_of
from strongroom.server.json_form import to_json


def show_settings(room: Path | None, *, json: bool) -> None:
    """Print each setting with its value, its environment variable and its meaning."""
    settings = settings_of(room or Path.cwd(), os.environ)
    rows = [
        {
            "name": f.name,
            "value": getattr(settings, f.name),
            "default": getattr(Settings(), f.name),
            "variable": PREFIX + f.name.upper(),
            "help": f.metadata["help"],
        }
        for f in fields(Settings)
    ]
    if json:
        print(to_json(rows))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("setting", "value", "variable", "meaning"):
        table.add_column(heading)
    for row in rows:
        table.add_row(str(row["name"]), escape(str(row["value"])), str(row["variable"]), escape(str(row["help"])))
    Console().print(table)
