"""`init`: a new room on disk."""

import json
from collections.abc import Mapping
from pathlib import Path

from strongroom.domain.settings import Settings, load_settings
from strongroom.errors import AlreadyExists
from strongroom.storage.catalog import Catalog
from strongroom.storage.layout import Layout

FIRST_SETTINGS = """\
# Settings of this room; `strongroom settings` lists them all with their meaning.
"""


def settings_of(path: Path | str, environ: Mapping[str, str], **arguments: object) -> Settings:
    """Give the settings that a room at a path has, or would have."""
    return load_settings(Layout(root=Path(path)).settings, environ, **arguments)


def make_room(path: Path, settings: Mapping[str, object]) -> None:
    """Make a room's directory, its catalog, and the file of its settings.

    Args:
        path: A directory that is new or empty.
        settings: Those that are kept in the room; None means not given.

    Raises:
        AlreadyExists: The directory is a room already, or holds other files.
    """
    layout = Layout(root=path)
    if layout.settings.exists():
        raise AlreadyExists(f"{path} is a room already: open it, or give another directory")
    if layout.root.exists() and any(layout.root.iterdir()):
        raise AlreadyExists(f"{path} is not empty: give a new directory for the room")
    chosen = load_settings(None, {}, **settings)
    catalog = Catalog(chosen.catalog_url or layout.catalog_url)
    layout.prepare()
    catalog.migrate()
    catalog.close()
    lines = [f"{name} = {json.dumps(getattr(chosen, name))}\n" for name, value in settings.items() if value is not None]
    layout.settings.write_text(FIRST_SETTINGS + "".join(lines), "utf-8")
