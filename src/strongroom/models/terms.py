"""How much of a question a text takes up, told by SPLADE (https://arxiv.org/abs/2109.10086).

SPLADE is a BERT that was taught on questions and the passages that answer them. It gives a text the weights of the words that
it is about, whether it has them or not. This one has two layers of 128 numbers: numpy computes a sentence in milliseconds.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from math import erf, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from strongroom.domain.findings import Vector
from strongroom.errors import ModelCorrupt
from strongroom.models.store import ModelStore
from strongroom.models.zoo import SPLADE_TINY

TOKENS = 256
"""Tokens of a text that are read."""
LETTERS = 64
"""Letters looked at for each token, so that a huge text costs no more than a long one."""
HEAD = 64
"""Numbers of one attention head, as in every BERT."""
TINY = 1e-12
PIECE = 1 << 18
"""Multiplications that BLAS does on one thread: with more threads they wait for each other longer than they work (measured: a
question took ten times as long on two busy cores)."""

_EDGES = np.linspace(-6, 6, 4097)
_CURVE = np.array([0.5 * (1 + erf(edge / sqrt(2))) for edge in _EDGES])


class TermWeights:
    """A SPLADE model. Threads may share it."""

    def __init__(self, weights: Path, tokenizer: Path) -> None:
        """Load a model.

        Args:
            weights: A BERT with a head over its vocabulary, as safetensors of 32-bit numbers.
            tokenizer: Its ``tokenizer.json``.

        Raises:
            ModelCorrupt: The files are no such model.
        """
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
        except Exception as error:  # the library raises bare Exception
            raise ModelCorrupt(f"{tokenizer} is no tokenizer: {error}") from error
        self._tokenizer.enable_truncation(TOKENS)
        self._tokenizer.no_padding()
        self._held = _read(weights)
        try:
            self._words = self._held["bert.embeddings.word_embeddings.weight"]
            self._bias = self._held["cls.predictions.bias"]
            self._states("probe")
        except (KeyError, ValueError, IndexError) as error:
            raise ModelCorrupt(
                f"{weights} is not the model that it should be: {error}; run `strongroom models pull`"
            ) from error

    def taken_up(self, question: str, texts: Sequence[str]) -> Vector:
        """Give how much of a question each text takes up; see `strongroom.ports.TermModel`."""
        asked = self._weights(self._states(question), slice(None))
        about = np.flatnonzero(asked)
        own = asked[about]
        scale = max(float(own @ own), TINY)
        shares = [float(own @ self._weights(self._states(text), about)) / scale for text in texts]
        return np.array(shares, np.float32)

    def _weights(self, states: Vector, chosen: Any) -> Vector:
        logits = (_product(states, self._words[chosen]) + self._bias[chosen]).max(axis=0, initial=0)
        weights: Vector = np.log1p(logits)
        return weights

    def _states(self, text: str) -> Vector:
        """Give what the head reads of each token, shape (tokens, width)."""
        cut = text[: LETTERS * TOKENS].encode("utf-8", "replace").decode("utf-8")
        ids = np.array(self._tokenizer.encode(cut).ids, np.int64)
        if not len(ids):
            return np.zeros((0, self._words.shape[1]), np.float32)
        place = "bert.embeddings."
        x = self._words[ids] + self._held[place + "position_embeddings.weight"][: len(ids)]
        x = self._normed(x + self._held[place + "token_type_embeddings.weight"][0], place + "LayerNorm")
        layer = 0
        while f"bert.encoder.layer.{layer}.output.dense.weight" in self._held:
            x = self._layer(x, f"bert.encoder.layer.{layer}.")
            layer += 1
        place = "cls.predictions.transform."
        return self._normed(_gelu(self._line(x, place + "dense")), place + "LayerNorm")

    def _layer(self, x: Vector, place: str) -> Vector:
        asked, keys, values = (self._heads(x, f"{place}attention.self.{part}") for part in ("query", "key", "value"))
        near = asked @ keys.transpose(0, 2, 1) / sqrt(HEAD)
        share = np.exp(near - near.max(axis=-1, keepdims=True))
        share /= share.sum(axis=-1, keepdims=True)
        seen = (share @ values).transpose(1, 0, 2).reshape(x.shape)
        x = self._normed(x + self._line(seen, place + "attention.output.dense"), place + "attention.output.LayerNorm")
        wide = _gelu(self._line(x, place + "intermediate.dense"))
        return self._normed(x + self._line(wide, place + "output.dense"), place + "output.LayerNorm")

    def _heads(self, x: Vector, place: str) -> Vector:
        return self._line(x, place).reshape(len(x), -1, HEAD).transpose(1, 0, 2)

    def _line(self, x: Vector, place: str) -> Vector:
        line: Vector = _product(x, self._held[place + ".weight"]) + self._held[place + ".bias"]
        return line

    def _normed(self, x: Vector, place: str) -> Vector:
        apart = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((apart**2).mean(axis=-1, keepdims=True) + TINY)
        normed: Vector = apart / spread * self._held[place + ".gamma"] + self._held[place + ".beta"]
        return normed


def _product(x: Vector, lines: Vector) -> Vector:
    """Give ``x @ lines.T``, some lines at a time."""
    most = max(PIECE // max(x.size, 1), 1)
    parts = [x @ lines[at : at + most].T for at in range(0, len(lines), most)]
    return np.concatenate(parts, axis=1) if parts else np.zeros((len(x), 0), np.float32)


def _gelu(x: Vector) -> Vector:
    """Give GELU, its curve from a table: numpy has no error function."""
    gelu: Vector = (x * np.interp(x, _EDGES, _CURVE)).astype(np.float32)
    return gelu


def _read(file: Path) -> Mapping[str, Vector]:
    """Read safetensors (https://huggingface.co/docs/safetensors): a header of JSON, then the numbers."""
    raw = file.read_bytes()
    try:
        (size,) = struct.unpack_from("<Q", raw)
        header: dict[str, Any] = json.loads(raw[8 : 8 + size])
        body = memoryview(raw)[8 + size :]
        named = {name: one for name, one in header.items() if name != "__metadata__"}
        return {name: _tensor(body, one) for name, one in named.items()}
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise ModelCorrupt(f"{file} is no file of weights: {error}; run `strongroom models pull`") from error


def _tensor(body: memoryview, one: Mapping[str, Any]) -> Vector:
    if one["dtype"] != "F32":
        raise ValueError(f"numbers of the kind {one['dtype']}")
    start, end = one["data_offsets"]
    tensor: Vector = np.frombuffer(body[start:end], np.float32).reshape(one["shape"])
    return tensor


def load_terms(store: ModelStore) -> TermWeights | None:
    """Load the default model; None where it is not pulled, for answers are found without it too."""
    if not store.installed(SPLADE_TINY):
        return None
    weights, tokenizer = (store.path(SPLADE_TINY, file.name) for file in SPLADE_TINY.files)
    return TermWeights(weights, tokenizer)
