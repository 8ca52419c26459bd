"""multilingual-e5-small with 4-bit weights as an OpenVINO model and a tokenizer, from one file; nothing of its package runs.

The network is BERT with twelve layers (Wang et al., 2024, https://arxiv.org/abs/2402.05672). The table of 250,000 words stays
packed, and only the words of a text are unpacked: 54 MB in memory instead of 384. The layers' weights are unpacked, since the
processors at hand multiply whole numbers no faster from 4 bits.
"""

import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np

from strongroom.errors import ModelCorrupt
from strongroom.models.quantised import BLOCK, Encoder, Vocabulary, unpack


def tokenizer(vocabulary: Vocabulary, most: int) -> Callable[[str], list[int]]:
    """Give what cuts a text into the numbers of its pieces.

    Args:
        vocabulary: The pieces.
        most: Numbers of one text, its beginning and end among them; the rest is left out.

    Raises:
        ModelCorrupt: They are no pieces of a SentencePiece vocabulary.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers

    try:
        made = Tokenizer(models.Unigram(list(vocabulary.pieces), vocabulary.unknown, byte_fallback=False))
    except Exception as error:  # the library raises bare Exception
        raise ModelCorrupt(f"the vocabulary cannot be used: {error}; pull the model again") from error
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always")]
    )
    made.enable_truncation(most - 2)
    spelling, begin, end = dict(vocabulary.spelling), vocabulary.begin, vocabulary.end  # not the pieces, which are large

    def cut(text: str) -> list[int]:
        plain = unicodedata.normalize("NFC", text).translate(spelling)
        return [begin, *made.encode(plain).ids, end]

    return cut


class _Network:
    """The layers of one network, as OpenVINO operations over its weights."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder, self.width = encoder, encoder.width

    def words(self, tokens: Any) -> Any:
        """Look words up; a byte is two numbers, taken apart by arithmetic that is exact even in bfloat16."""
        from openvino import opset15 as ops

        lines = self.encoder.packs["emb.word"].reshape(-1, self.width // BLOCK)
        if len(lines) < len(self.encoder.vocabulary.pieces):
            raise ValueError("words are missing")
        first = ops.constant(np.int64(0))
        pairs = ops.convert(ops.gather(ops.constant(np.ascontiguousarray(lines["pairs"])), tokens, first), "f32")
        scale = ops.convert(ops.gather(ops.constant(np.ascontiguousarray(lines["scale"])), tokens, first), "f32")
        high = ops.floor(ops.multiply(pairs, ops.constant(np.float32(1 / 16))))
        low = ops.subtract(pairs, ops.multiply(high, ops.constant(np.float32(16))))
        numbers = ops.subtract(ops.concat([low, high], -1), ops.constant(np.float32(8)))
        scaled = ops.multiply(numbers, ops.unsqueeze(scale, ops.constant(np.int64(-1))))
        return ops.reshape(scaled, ops.constant(np.array([0, 0, self.width])), special_zero=True)

    def places(self, tokens: Any) -> Any:
        """Give the vector of each place of a text."""
        from openvino import opset15 as ops

        table = (
            self.encoder.floats["emb.pos"].reshape(self.encoder.places, self.width)
            + self.encoder.floats["emb.type"][: self.width]
        )
        first, one = ops.constant(np.int64(0)), ops.constant(np.int64(1))
        length = ops.gather(ops.shape_of(tokens), one, first)
        return ops.gather(ops.constant(table), ops.range(first, length, one, "i64"), first)

    def normed(self, x: Any, name: str) -> Any:
        from openvino import opset15 as ops

        level = ops.mvn(x, ops.constant(np.array([-1])), True, self.encoder.epsilon, "inside_sqrt")
        gain, bias = (ops.constant(self.encoder.floats[f"{name}.{part}"]) for part in ("w", "b"))
        return ops.add(ops.multiply(level, gain), bias)

    def line(self, x: Any, name: str) -> Any:
        from openvino import opset15 as ops

        bias = self.encoder.floats[f"{name}.b"]
        blocks = self.encoder.packs[f"{name}.w"]
        weights = unpack(blocks, len(blocks) * BLOCK // len(bias))
        return ops.add(ops.matmul(x, ops.constant(weights), False, True), ops.constant(bias))

    def heads(self, x: Any) -> Any:
        from openvino import opset15 as ops

        shape = ops.constant(np.array([0, 0, self.encoder.heads, self.width // self.encoder.heads]))
        return ops.transpose(ops.reshape(x, shape, special_zero=True), ops.constant(np.array([0, 2, 1, 3])))

    def layer(self, x: Any, away: Any, name: str) -> Any:
        from openvino import opset15 as ops

        asked, keys, values = (self.heads(self.line(x, f"{name}.{part}")) for part in "qkv")
        seen = ops.scaled_dot_product_attention(asked, keys, values, away)
        joined = ops.reshape(
            ops.transpose(seen, ops.constant(np.array([0, 2, 1, 3]))),
            ops.constant(np.array([0, 0, self.width])),
            special_zero=True,
        )
        x = self.normed(ops.add(x, self.line(joined, f"{name}.ao")), f"{name}.aln")
        wide = ops.gelu(self.line(x, f"{name}.fi"), "erf")
        return self.normed(ops.add(x, self.line(wide, f"{name}.fo")), f"{name}.oln")


def build(encoder: Encoder) -> Any:
    """Give the network as an ``openvino.Model``.

    Its inputs ``input_ids`` and ``attention_mask`` are int64 of shape (texts, tokens); its output ``last_hidden_state`` is of
    shape (texts, tokens, width).

    Args:
        encoder: As `read_encoder` gives it.

    Raises:
        ModelCorrupt: A tensor is missing or has another size.
    """
    import openvino
    from openvino import opset15 as ops

    network = _Network(encoder)
    tokens = ops.parameter([-1, -1], np.int64, "input_ids")
    mask = ops.parameter([-1, -1], np.int64, "attention_mask")
    there = ops.unsqueeze(ops.convert(mask, "f32"), ops.constant(np.array([1, 2])))
    away = ops.multiply(ops.subtract(there, ops.constant(np.float32(1))), ops.constant(np.float32(1e4)))
    try:
        x = network.normed(ops.add(network.words(tokens), network.places(tokens)), "emb.ln")
        for number in range(encoder.layers):
            x = network.layer(x, away, f"l{number}")
    except (KeyError, ValueError, RuntimeError) as error:
        raise ModelCorrupt(f"the weights are not those of a BERT: {error}; pull the model again") from error
    for name, node in {"input_ids": tokens, "attention_mask": mask, "last_hidden_state": x}.items():
        node.output(0).set_names({name})
    return openvino.Model([ops.result(x)], [tokens, mask], "multilingual-e5-small-q4")
