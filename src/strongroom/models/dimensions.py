"""How long a room's vectors are, told without loading a model."""

import json
from pathlib import Path
from typing import Any

from strongroom.domain.settings import Settings
from strongroom.errors import ModelCorrupt
from strongroom.models.cards import PICTURES, TEXT
from strongroom.models.text import card_of
from strongroom.models.zoo import EFFICIENTNET, find_card


def dimensions(settings: Settings) -> tuple[int, int]:
    """Give the lengths of text vectors and of picture vectors.

    Args:
        settings: Name the models: cards of the zoo, or directories with their own configuration files.

    Raises:
        SettingError: There is no such model.
        ModelCorrupt: A directory's configuration does not say.
    """
    return _text(settings.text_model), _pictures(settings.picture_model)


def _text(name: str) -> int:
    directory = Path(name).expanduser()
    card = card_of(directory) if directory.is_dir() else find_card(name, TEXT)
    assert card.dimension is not None
    return card.dimension


def _pictures(name: str) -> int:
    directory = Path(name).expanduser()
    if not directory.is_dir():
        card = find_card(name, PICTURES)
        assert card.dimension is not None
        return card.dimension
    return clip_dimension(directory)


def clip_dimension(directory: Path) -> int:
    """Give the length of the vectors of a CLIP-family model from its ``config.json`` (or OpenCLIP's own).

    Raises:
        ModelCorrupt: No configuration file says it.
    """
    found = [_read(directory / name) for name in ("config.json", "open_clip_config.json")]
    for config in found:
        for part, key in (
            ("", "projection_dim"),
            ("vision_config", "projection_dim"),
            ("model_cfg", "embed_dim"),
            ("vision_config", "hidden_size"),
        ):
            value = (config.get(part) or {} if part else config).get(key)
            if isinstance(value, int):
                return value
    raise ModelCorrupt(f"{directory / 'config.json'} must say projection_dim, the length of the model's vectors")


def _read(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text("utf-8"))) if file.is_file() else {}
    except ValueError as error:
        raise ModelCorrupt(f"{file} is not valid JSON: {error}") from error


def reads_words(settings: Settings) -> bool:
    """Say whether the picture model has words and pictures in one space, as those of the CLIP family have."""
    return settings.picture_model != EFFICIENTNET.name
