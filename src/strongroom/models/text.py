"""Sentence embeddings: an encoder and its tokenizer on OpenVINO."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from strongroom.domain.findings import Vector
from strongroom.domain.settings import Settings
from strongroom.errors import ModelCorrupt, ModelMissing
from strongroom.models import e5
from strongroom.models.cards import TEXT, ModelCard
from strongroom.models.everyday import EVERYDAY
from strongroom.models.quantised import read_encoder
from strongroom.models.runtime import compile_model
from strongroom.models.store import ModelStore
from strongroom.models.zoo import find_card

BATCH = 8
"""Texts of like length that are run together: more gains nothing on a processor, and costs padding."""

SLAB = 1024
"""Texts whose tokens are held at a time, so that memory does not grow with the input."""

LETTERS = 64
"""Letters looked at for each token that a text may have, so that a huge text costs no more than a long one."""

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


Cut: TypeAlias = Callable[[str], list[int]]
"""Gives the numbers of a text's tokens."""


class EncoderTextEmbedder:
    """Texts to unit vectors. Threads may share it; they take turns."""

    def __init__(self, model: Path | Any, cut: Cut, card: ModelCard, store: ModelStore, threads: int = 1) -> None:
        """Load a model.

        Args:
            model: An ONNX file, or an ``openvino.Model``; its output is either token vectors or one vector a text.
            cut: Cuts a text into no more tokens than the model takes.
            card: How texts are prefixed and pooled.
            store: Keeps the compiled form.
            threads: Processor threads to use.

        Raises:
            ModelCorrupt: The file is no text model.
        """
        self._cut = cut
        self._card = card
        self._lock = threading.Lock()
        self._means: dict[str, Vector] = {}
        compiled = compile_model(model, store, threads)
        self._request = compiled.create_infer_request()
        self._inputs = [port.any_name for port in compiled.inputs]
        if unknown := set(self._inputs) - set(INPUTS):
            raise ModelCorrupt(f"{model} wants inputs that a text encoder has not: {', '.join(sorted(unknown))}")
        self._output = _sentence_output(compiled.outputs)
        self._pooled = self._output.get_partial_shape().rank.get_length() == 2  # noqa: PLR2004 - (texts, dimension)
        self._dimension = int(self._output.get_partial_shape()[-1].get_length())

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._dimension

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vector:
        """Embed texts; see `strongroom.ports.TextEmbedder`."""
        prefix = self._card.query_prefix if query else self._card.passage_prefix
        vectors = self._vectors(texts, prefix)
        return _unit(vectors - self._common(prefix)) if self._card.is_centred else vectors

    def _common(self, prefix: str) -> Vector:
        """Give what all texts have in common: the mean of everyday ones."""
        if prefix not in self._means:
            self._means[prefix] = self._vectors(EVERYDAY, prefix).mean(axis=0)
        return self._means[prefix]

    def _vectors(self, texts: Sequence[str], prefix: str) -> Vector:
        vectors = np.empty((len(texts), self._dimension), np.float32)
        for start in range(0, len(texts), SLAB):
            slab = [self._tokens(prefix + text) for text in texts[start : start + SLAB]]
            order = sorted(range(len(slab)), key=lambda index: len(slab[index]))
            for first in range(0, len(order), BATCH):
                chosen = order[first : first + BATCH]
                vectors[[start + index for index in chosen]] = self._run([slab[index] for index in chosen])
        return vectors

    def _tokens(self, text: str) -> list[int]:
        whole = text[: LETTERS * self._card.max_tokens]
        return self._cut(whole.encode("utf-8", "replace").decode("utf-8"))  # no half surrogates

    def _run(self, batch: list[list[int]]) -> Vector:
        ids = np.zeros((len(batch), max(map(len, batch))), np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        with self._lock:
            self._request.infer({name: given[name] for name in self._inputs})
            output = np.array(self._request.get_tensor(self._output).data, np.float32)
        return _unit(output if self._pooled else _pool(output, mask, self._card.pooling))


def _sentence_output(outputs: Sequence[Any]) -> Any:
    named = {name: port for port in outputs for name in port.get_names()}
    return next((named[name] for name in ("sentence_embedding", "last_hidden_state") if name in named), outputs[0])


def _pool(output: Vector, mask: NDArray[np.int64], pooling: str) -> Vector:
    if pooling == "cls":
        return output[:, 0]
    weights = mask[:, :, None].astype(np.float32)
    pooled: Vector = (output * weights).sum(axis=1) / weights.sum(axis=1)
    return pooled


def _unit(vectors: Vector) -> Vector:
    unit: Vector = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit


def read_tokenizer(file: Path, most: int) -> Cut:
    """Read a ``tokenizer.json``.

    Args:
        file: The file.
        most: Tokens of one text; the rest is left out.

    Raises:
        ModelCorrupt: It is no tokenizer.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises bare Exception
        raise ModelCorrupt(f"{file} is no tokenizer: {error}") from error
    tokenizer.enable_truncation(most)
    tokenizer.no_padding()

    def cut(text: str) -> list[int]:
        ids: list[int] = tokenizer.encode(text).ids
        return ids

    return cut


def load_text_embedder(settings: Settings, store: ModelStore, threads: int = 1) -> EncoderTextEmbedder:
    """Load the text model that the settings name: a card of the zoo, or a directory.

    Args:
        settings: Says which.
        store: Holds the zoo's models.
        threads: Processor threads to use.

    Raises:
        ModelMissing: It has not been pulled, or the directory lacks a file.
        ModelCorrupt: Its files are no text model.
        SettingError: There is no such model.
    """
    directory = Path(settings.text_model).expanduser()
    if directory.is_dir():
        return _of_onnx(*_files(directory), card_of(directory), store, threads)
    card = find_card(settings.text_model, TEXT)
    paths = {Path(file.name).name: store.path(card, file.name) for file in card.files}
    if "model.onnx" in paths:
        return _of_onnx(paths["model.onnx"], paths["tokenizer.json"], card, store, threads)
    (weights,) = paths.values()
    return load_quantised(weights, card, store, threads)


def load_quantised(weights: Path, card: ModelCard, store: ModelStore, threads: int = 1) -> EncoderTextEmbedder:
    """Load a model whose weights and vocabulary are one file, as `strongroom.models.quantised` reads it.

    Args:
        weights: The file.
        card: How texts are cut, prefixed and pooled.
        store: Keeps the compiled form.
        threads: Processor threads to use.

    Raises:
        ModelCorrupt: It is no such file.
    """
    encoder = read_encoder(weights)
    cut = e5.tokenizer(encoder.vocabulary, min(card.max_tokens, encoder.places))
    return EncoderTextEmbedder(e5.build(encoder), cut, card, store, threads)


def _of_onnx(model: Path, tokenizer: Path, card: ModelCard, store: ModelStore, threads: int) -> EncoderTextEmbedder:
    return EncoderTextEmbedder(model, read_tokenizer(tokenizer, card.max_tokens), card, store, threads)


def _files(directory: Path) -> tuple[Path, Path]:
    found = [
        next((file for folder in ("", "onnx") if (file := directory / folder / name).is_file()), None)
        for name in ("model.onnx", "tokenizer.json")
    ]
    if found[0] is None or found[1] is None:
        raise ModelMissing(f"{directory} is no text model: it needs model.onnx (or onnx/model.onnx) and tokenizer.json")
    return found[0], found[1]


def _read(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text("utf-8"))) if file.is_file() else {}
    except ValueError as error:
        raise ModelCorrupt(f"{file} is not valid JSON: {error}") from error


def card_of(directory: Path) -> ModelCard:
    """Describe a text model in a directory from its own configuration files (those of Sentence Transformers).

    Args:
        directory: Holds the model.

    Raises:
        ModelCorrupt: A configuration file is not JSON, or names no dimension.
    """
    config = _read(directory / "config.json")
    dimension = config.get("hidden_size") or config.get("dim") or config.get("d_model")
    if not isinstance(dimension, int):
        raise ModelCorrupt(f"{directory / 'config.json'} must say hidden_size, the length of the model's vectors")
    prompts = _read(directory / "config_sentence_transformers.json").get("prompts") or {}
    card = ModelCard(
        name=directory.name,
        task=TEXT,
        licence="unknown",
        licence_source="",
        files=(),
        dimension=dimension,
        max_tokens=min(512, _read(directory / "sentence_bert_config.json").get("max_seq_length") or 256),
        pooling="cls" if _read(directory / "1_Pooling" / "config.json").get("pooling_mode_cls_token") else "mean",
        query_prefix=prompts.get("query", ""),
        passage_prefix=prompts.get("passage", prompts.get("document", "")),
    )
    if "e5" in directory.name.lower().split("-") and not prompts:
        return replace(card, query_prefix="query: ", passage_prefix="passage: ")
    return card
