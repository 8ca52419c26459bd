"""How a model of the CLIP family wants its pictures and words, read from its own configuration files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from strongroom.errors import ModelCorrupt
from strongroom.models.dimensions import clip_dimension

CLIP_MEAN, CLIP_DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Of OpenAI's training pictures; the default of every tool that reads such models."""
_BICUBIC, _BILINEAR = Image.Resampling.BICUBIC, Image.Resampling.BILINEAR


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipConfig:
    """How pictures and words are prepared."""

    dimension: int
    """Length of a vector."""
    resize: int
    """Pixels that the shorter side is brought to."""
    crop: int
    """Pixels of a side of the square that the network sees."""
    squash: bool
    """Whether the whole picture is pressed into the square, rather than its middle cut out."""
    resampling: Image.Resampling
    """Filter."""
    rescale: float
    """Factor on the values 0 to 255."""
    mean: tuple[float, ...]
    """Subtracted from each channel."""
    deviation: tuple[float, ...]
    """Each channel is divided by it."""
    tokens: int
    """Tokens that a text is cut and padded to."""
    pad_id: int
    """What it is padded with."""
    keep_last: bool
    """Whether a text that is cut keeps its end token."""
    lower: bool
    """Whether texts are lower-cased first."""


def read_clip_config(directory: Path) -> ClipConfig:
    """Read the configuration files of a model.

    Args:
        directory: Holds ``config.json`` and ``preprocessor_config.json`` (Transformers) or ``open_clip_config.json``.

    Raises:
        ModelCorrupt: None of them is there, or one says what cannot be.
    """
    names = ("config.json", "preprocessor_config.json", "tokenizer_config.json", "open_clip_config.json", "tokenizer.json")
    config, pictures, words, open_clip, tokenizer = (_read(directory / name) for name in names)
    if not pictures and not open_clip:
        raise ModelCorrupt(
            f"{directory} must hold preprocessor_config.json or open_clip_config.json: how pictures are prepared"
        )
    sigmoid = "siglip" in str(config.get("model_type", "")).lower() or "SigLIP" in str(_part(open_clip, "model_cfg"))
    try:
        return ClipConfig(
            dimension=clip_dimension(directory),
            **(_transformers(pictures) if pictures else _open_clip(open_clip)),
            **_words(
                _part(config, "text_config") or _part(open_clip, "model_cfg", "text_cfg"), words, tokenizer, sigmoid=sigmoid
            ),
        )
    except (TypeError, ValueError, KeyError) as error:
        raise ModelCorrupt(f"the configuration files in {directory} say what cannot be: {error!r}") from error


def _transformers(given: Mapping[str, Any]) -> dict[str, Any]:
    """Read a ``preprocessor_config.json``."""
    size = given.get("size", 224)
    shortest = size if isinstance(size, int) else size.get("shortest_edge")
    squash = shortest is None or given.get("do_center_crop") is False
    crop = given.get("crop_size") or shortest
    side = size["height"] if shortest is None else shortest if squash else crop
    side = int(side if isinstance(side, int) else side["height"])
    return {
        "resize": int(shortest) if shortest and not squash else side,
        "crop": side,
        "squash": squash,
        "resampling": Image.Resampling(given.get("resample", _BICUBIC)),
        "rescale": float(given.get("rescale_factor", 1 / 255)) if given.get("do_rescale", True) else 1.0,
        "mean": tuple(given.get("image_mean", CLIP_MEAN)) if given.get("do_normalize", True) else (0.0,) * 3,
        "deviation": tuple(given.get("image_std", CLIP_DEVIATION)) if given.get("do_normalize", True) else (1.0,) * 3,
    }


def _open_clip(given: Mapping[str, Any]) -> dict[str, Any]:
    """Read an ``open_clip_config.json``."""
    prepared = _part(given, "preprocess_cfg")
    size = prepared.get("size") or _part(given, "model_cfg", "vision_cfg")["image_size"]
    side = int(size if isinstance(size, int) else size[-1])
    return {
        "resize": side,
        "crop": side,
        "squash": prepared.get("resize_mode") == "squash",
        "resampling": _BILINEAR if prepared.get("interpolation") == "bilinear" else _BICUBIC,
        "rescale": 1 / 255,
        "mean": tuple(prepared.get("mean", CLIP_MEAN)),
        "deviation": tuple(prepared.get("std", CLIP_DEVIATION)),
    }


def _words(
    config: Mapping[str, Any], words: Mapping[str, Any], tokenizer: Mapping[str, Any], *, sigmoid: bool
) -> dict[str, Any]:
    longest = config.get("max_position_embeddings") or config.get("context_length") or words.get("model_max_length")
    return {
        "tokens": longest if isinstance(longest, int) and 0 < longest <= 2048 else (64 if sigmoid else 77),  # noqa: PLR2004 - tokenizers say 1e30 for "no limit"
        "pad_id": _pad_id(words, tokenizer, sigmoid=sigmoid),
        "keep_last": True,
        "lower": sigmoid or bool(words.get("do_lower_case")),
    }


def _pad_id(words: Mapping[str, Any], tokenizer: Mapping[str, Any], *, sigmoid: bool) -> int:
    padding = _part(tokenizer, "padding")
    if isinstance(padding.get("pad_id"), int):
        return int(padding["pad_id"])
    token = words.get("pad_token")
    token = token.get("content") if isinstance(token, dict) else token
    added = {entry["content"]: entry["id"] for entry in tokenizer.get("added_tokens", ())}
    vocabulary = _part(tokenizer, "model").get("vocab", {})
    known = added.get(token, vocabulary.get(token) if isinstance(vocabulary, dict) else None)
    return int(known) if known is not None else int(sigmoid)


def _part(config: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    for key in keys:
        config = config.get(key) or {}
    return dict(config)


def _read(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text("utf-8"))) if file.is_file() else {}
    except ValueError as error:
        raise ModelCorrupt(f"{file} is not valid JSON: {error}") from error
