"""The term model: a question and texts to how much of the question each takes up, on a small model made here."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from strongroom.errors import ModelCorrupt
from strongroom.models.store import ModelStore
from strongroom.models.terms import TermWeights, load_terms

WORDS = ("[PAD]", "[UNK]", "cellar", "flood", "water", "egg", "flour")
WIDTH = 64


def tensors(layers: int = 2) -> dict[str, np.ndarray]:
    """Give the weights of a model whose words are apart from each other, and whose layers change little."""
    rng = np.random.default_rng(7)
    held = {
        "bert.embeddings.word_embeddings.weight": np.eye(len(WORDS), WIDTH) * 8,
        "bert.embeddings.position_embeddings.weight": np.zeros((256, WIDTH)),
        "bert.embeddings.token_type_embeddings.weight": np.zeros((2, WIDTH)),
        "cls.predictions.bias": np.full(len(WORDS), -8.0),
    }
    lines = {"cls.predictions.transform.dense": np.eye(WIDTH)}
    norms = ["bert.embeddings.LayerNorm", "cls.predictions.transform.LayerNorm"]
    for layer in range(layers):
        place = f"bert.encoder.layer.{layer}."
        lines |= {f"{place}attention.self.{part}": rng.normal(size=(WIDTH, WIDTH)) * 0.01 for part in ("query", "key", "value")}
        lines |= {
            f"{place}{part}": rng.normal(size=(WIDTH, WIDTH)) * 0.01 for part in ("attention.output.dense", "output.dense")
        }
        lines[f"{place}intermediate.dense"] = rng.normal(size=(WIDTH, WIDTH)) * 0.01
        norms += [f"{place}attention.output.LayerNorm", f"{place}output.LayerNorm"]
    for name, line in lines.items():
        held |= {f"{name}.weight": line, f"{name}.bias": np.zeros(len(line))}
    for name in norms:
        held |= {f"{name}.gamma": np.ones(WIDTH), f"{name}.beta": np.zeros(WIDTH)}
    return held


def write(file: Path, held: dict[str, np.ndarray], kind: str = "F32") -> Path:
    header, body = {"__metadata__": {"format": "pt"}}, b""
    for name, numbers in held.items():
        raw = numbers.astype("<f4").tobytes()
        header[name] = {"dtype": kind, "shape": list(numbers.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    said = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(said)) + said + body)
    return file


def tokenizer(folder: Path) -> Path:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    made = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"


@pytest.fixture
def terms(tmp_path: Path) -> TermWeights:
    return TermWeights(write(tmp_path / "model.safetensors", tensors()), tokenizer(tmp_path))


def test_a_text_that_has_the_words_of_a_question_takes_up_more_of_it(terms: TermWeights):
    whole, half, none = terms.taken_up("cellar flood", ["flood cellar", "cellar egg", "egg flour"])
    assert whole > half > none
    assert whole == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("text", ["", " ", "\ud800", "\x00", "water " * 100_000])
def test_any_text_is_read(terms: TermWeights, text: str):
    found = terms.taken_up("cellar flood", [text])
    assert found.shape == (1,)
    assert np.isfinite(found).all()


def test_a_question_of_no_words_takes_nothing(terms: TermWeights):
    assert np.isfinite(terms.taken_up("", ["cellar"])).all()
    assert terms.taken_up("cellar", []).shape == (0,)


def test_files_that_are_no_model_are_said_to_be_corrupt(tmp_path: Path):
    words = tokenizer(tmp_path)
    whole = write(tmp_path / "whole", tensors())
    lacking = {name: one for name, one in tensors().items() if "bias" not in name}
    for number, raw in enumerate((b"", b"\xff" * 40, whole.read_bytes()[:-8], struct.pack("<Q", 2) + b"[]")):
        (tmp_path / f"{number}").write_bytes(raw)
        with pytest.raises(ModelCorrupt):
            TermWeights(tmp_path / f"{number}", words)
    with pytest.raises(ModelCorrupt):
        TermWeights(write(tmp_path / "lacking", lacking), words)
    with pytest.raises(ModelCorrupt):
        TermWeights(write(tmp_path / "halves", tensors(), "F16"), words)
    with pytest.raises(ModelCorrupt):
        TermWeights(whole, tmp_path / "0")


def test_without_the_model_there_is_none(tmp_path: Path):
    assert load_terms(ModelStore(tmp_path)) is None
