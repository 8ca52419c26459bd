"""A text model whose weights have 4 bits and whose vocabulary lies in the same file, on a small one that is made here."""

import struct
from dataclasses import replace
from math import erf, sqrt
from pathlib import Path

import numpy as np
import pytest

from strongroom.errors import ModelCorrupt
from strongroom.models import e5
from strongroom.models.cards import TEXT, ModelCard
from strongroom.models.everyday import EVERYDAY
from strongroom.models.quantised import BLOCK, read_encoder, unpack
from strongroom.models.store import ModelStore
from strongroom.models.text import EncoderTextEmbedder, load_quantised

WIDTH, LAYERS, HEADS, INNER, PLACES = 64, 2, 2, 96, 16
PIECES = ("<s>", "<pad>", "</s>", "<unk>", *("▁query:", "▁passage:", "▁Straße", "▁caf", "é", "▁", "1", "2", "\u2044"))
SPELLING = {0x0: "", 0xA0: " ", 0xBD: "1\u20442"}
CARD = ModelCard(
    name="small", task=TEXT, licence="MIT", licence_source="", files=(), dimension=WIDTH, max_tokens=PLACES,
    query_prefix="query: ", passage_prefix="passage: ",
)  # fmt: skip


def packed(numbers: np.ndarray) -> tuple[bytes, np.ndarray]:
    """Pack lines of numbers to 4 bits; give the bytes, and what can be got back."""
    blocks = numbers.reshape(-1, BLOCK)
    scale = np.maximum(np.abs(blocks).max(axis=1) / 7, 1e-3).astype("<f2")
    whole = np.clip(np.rint(blocks / scale[:, None].astype(np.float32)), -8, 7).astype(np.int8) + 8
    half = BLOCK // 2
    pairs = (whole[:, :half] | (whole[:, half:] << 4)).astype(np.uint8)
    raw = b"".join(one.tobytes() + two.tobytes() for one, two in zip(scale, pairs, strict=True))
    return raw, ((whole - 8) * scale[:, None].astype(np.float32)).reshape(numbers.shape)


def weights() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(11)
    lines = {"emb.word": (len(PIECES), WIDTH)}
    flat = {"emb.pos": PLACES * WIDTH, "emb.type": 2 * WIDTH}
    norms = ["emb.ln"]
    for layer in range(LAYERS):
        for part, shape in {
            **dict.fromkeys(("q", "k", "v", "ao"), (WIDTH, WIDTH)), "fi": (INNER, WIDTH), "fo": (WIDTH, INNER)
        }.items():  # fmt: skip
            lines[f"l{layer}.{part}.w"], flat[f"l{layer}.{part}.b"] = shape, shape[0]
        norms += [f"l{layer}.aln", f"l{layer}.oln"]
    made = {name: rng.normal(size=shape) * 0.3 for name, shape in lines.items()}
    made |= {name: rng.normal(size=size) * 0.1 for name, size in flat.items()}
    made |= {f"{name}.w": 1 + rng.normal(size=WIDTH) * 0.1 for name in norms}
    return made | {f"{name}.b": rng.normal(size=WIDTH) * 0.1 for name in norms}


def write(file: Path, leave_out: str = "") -> dict[str, np.ndarray]:
    """Write the file; give the weights that it holds."""
    letters = [piece.encode() for piece in PIECES]
    borders = np.cumsum([0, *map(len, letters)])
    spelt = b"".join(struct.pack("<IB", one, len(many)) + many.encode("utf-32-le") for one, many in SPELLING.items())
    head = struct.pack("<4sI7ifi", b"E5S1", 1, WIDTH, LAYERS, HEADS, INNER, len(PIECES), PLACES, 2, 1e-12, BLOCK)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, borders[-1]) + borders.astype("<u4").tobytes()
    head += np.linspace(-1, -5, len(PIECES)).astype("<f4").tobytes() + b"".join(letters)
    head += struct.pack("<iI", len(SPELLING), len(spelt)) + spelt
    held: dict[str, np.ndarray] = {}
    bodies: list[tuple[str, int, int, bytes]] = []
    for name, numbers in weights().items():
        raw, held[name] = packed(numbers) if numbers.ndim == 2 else (numbers.astype("<f4").tobytes(), numbers)
        if name != leave_out:
            bodies.append((name, int(numbers.ndim == 2), numbers.size, raw))
    start = len(head) + 4 + sum(2 + len(name) + 21 for name, *_ in bodies)
    listed = struct.pack("<i", len(bodies))
    for name, kind, size, raw in bodies:
        listed += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", kind, size, start, len(raw))
        start += len(raw)
    file.write_bytes(head + listed + b"".join(raw for *_, raw in bodies))
    return held


def by_hand(held: dict[str, np.ndarray], tokens: list[int]) -> np.ndarray:
    """Compute BERT as its paper says, and the mean of its tokens, of length 1."""
    gelu = np.vectorize(lambda x: x * 0.5 * (1 + erf(x / sqrt(2))))

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        level = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return np.asarray(level * held[f"{name}.w"] + held[f"{name}.b"])

    def line(x: np.ndarray, name: str) -> np.ndarray:
        return np.asarray(x @ held[f"{name}.w"].T + held[f"{name}.b"])

    x = held["emb.word"][tokens] + held["emb.pos"].reshape(-1, WIDTH)[: len(tokens)] + held["emb.type"][:WIDTH]
    x = norm(x, "emb.ln")
    for at in range(LAYERS):
        q, k, v = (line(x, f"l{at}.{part}").reshape(len(x), HEADS, -1).transpose(1, 0, 2) for part in "qkv")
        share = np.exp(q @ k.transpose(0, 2, 1) / sqrt(WIDTH / HEADS))
        seen = (share / share.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(x.shape)
        x = norm(x + line(seen, f"l{at}.ao"), f"l{at}.aln")
        x = norm(x + line(gelu(line(x, f"l{at}.fi")), f"l{at}.fo"), f"l{at}.oln")
    mean = x.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def load(tmp_path: Path, card: ModelCard = CARD) -> EncoderTextEmbedder:
    return load_quantised(tmp_path / "small.bin", card, ModelStore(tmp_path / "store"))


def test_weights_come_back_as_they_were_packed(tmp_path: Path):
    held = write(tmp_path / "small.bin")
    found = read_encoder(tmp_path / "small.bin")
    assert (found.width, found.layers, found.heads) == (WIDTH, LAYERS, HEADS)
    assert found.vocabulary.pieces[6] == ("▁Straße", pytest.approx(-3, abs=0.1))
    np.testing.assert_array_equal(unpack(found.packs["l1.fo.w"], INNER), held["l1.fo.w"])
    np.testing.assert_allclose(found.floats["l0.aln.b"], held["l0.aln.b"], rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Straße  café", [6, 7, 8]),
        ("cafe\u0301", [7, 8]),
        ("\0Straße\u00a0½", [6, 9, 10, 12, 11]),
        ("\u732b", [9, 3]),
        ("", []),
        ("Straße " * 99, [6] * (PLACES - 2)),
    ],
)
def test_a_text_is_spelt_and_cut_as_the_model_learnt_it(tmp_path: Path, text: str, tokens: list[int]):
    write(tmp_path / "small.bin")
    assert e5.tokenizer(read_encoder(tmp_path / "small.bin").vocabulary, PLACES)(text) == [0, *tokens, 2]


def test_vectors_are_those_of_bert_alone_and_among_longer_texts(tmp_path: Path):
    held = write(tmp_path / "small.bin")
    found = load(tmp_path).embed(["Straße", "café Straße Straße 1", ""])
    expected = [by_hand(held, tokens) for tokens in ([0, 5, 6, 2], [0, 5, 7, 8, 6, 6, 9, 10, 2], [0, 5, 2])]
    assert (found * np.stack(expected)).sum(axis=1).min() > 0.999
    asked = load(tmp_path).embed(["Straße"], query=True)[0]
    assert asked @ by_hand(held, [0, 4, 6, 2]) > 0.999


def test_what_all_texts_have_in_common_is_taken_off_where_the_card_says_so(tmp_path: Path):
    write(tmp_path / "small.bin")
    plain, centred = load(tmp_path), load(tmp_path, replace(CARD, is_centred=True))
    rest = plain.embed(["café"])[0] - plain.embed(EVERYDAY).mean(axis=0)
    np.testing.assert_allclose(centred.embed(["café"])[0], rest / np.linalg.norm(rest), atol=1e-3)
    assert centred.embed([]).shape == (0, WIDTH)


@pytest.mark.parametrize("length", [0, 3, 40, 90, 200, 400, 5000, -1])
def test_a_file_that_ends_too_soon_is_refused(tmp_path: Path, length: int):
    write(tmp_path / "small.bin")
    raw = (tmp_path / "small.bin").read_bytes()
    (tmp_path / "small.bin").write_bytes(raw[:length])
    with pytest.raises(ModelCorrupt, match="pull the model again"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("at", "value"), [(0, 0), (4, 9), (8, 33), (16, 5), (40, 16), (28, 7), (44, 1 << 30), (52, 99), (60, 99)]
)
def test_a_header_that_does_not_fit_is_refused(tmp_path: Path, at: int, value: int):
    write(tmp_path / "small.bin")
    raw = bytearray((tmp_path / "small.bin").read_bytes())
    struct.pack_into("<i", raw, at, value)
    (tmp_path / "small.bin").write_bytes(raw)
    with pytest.raises(ModelCorrupt, match="pull the model again"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["emb.word", "emb.pos", "l1.q.w", "l1.oln.b"])
def test_a_file_without_one_of_its_tensors_is_refused(tmp_path: Path, name: str):
    write(tmp_path / "small.bin", leave_out=name)
    with pytest.raises(ModelCorrupt, match="pull the model again"):
        load(tmp_path)
