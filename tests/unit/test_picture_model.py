"""The default picture model: its weights file, its labels in the text space, and what is refused."""

import json
import pickle
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from strongroom.domain.findings import Vector
from strongroom.domain.settings import Settings
from strongroom.errors import ModelCorrupt, ModelMissing, SettingError
from strongroom.models import efficientnet
from strongroom.models.pictures import (
    KINDS,
    SHIPPED,
    LabelPictureModel,
    decorrelate,
    embed_kinds,
    embed_labels,
    load_picture_model,
)
from strongroom.models.store import ModelStore


class Words:
    """A text embedder of random vectors, the same for the same text."""

    dimension = 384

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vector:
        made = [np.random.default_rng(abs(hash(text)) % 2**32).normal(size=self.dimension) for text in texts]
        return np.array([vector / np.linalg.norm(vector) for vector in made], np.float32)


def ints(values: Sequence[int]) -> bytes:
    return b"(" + b"".join(b"I%d\n" % value for value in values) + b"t"


def tensor(offset: int, size: Sequence[int], stride: Sequence[int]) -> bytes:
    """Give the pickle operations that torch writes for a tensor over the storage ``a``."""
    storage = b"(S'storage'\nctorch\nFloatStorage\nS'a'\nS'cpu'\nI12\nNtQ"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"I%d\n" % offset + ints(size) + ints(stride) + b"I00\nNtR"


def weights_file(directory: Path, **tensors: bytes) -> Path:
    """Write PyTorch's legacy format: five pickles, then the storages."""
    head = [pickle.dumps(item, 2) for item in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    named = b"".join(b"S'%s'\n" % name.encode() + operations for name, operations in tensors.items())
    values = np.arange(12, dtype="<f4")
    file = directory / "weights.pth"
    file.write_bytes(b"".join(head) + b"(" + named + b"d." + pickle.dumps(["a"], 2) + struct.pack("<q", 12) + values.tobytes())
    return file


def test_tensors_are_read_with_their_strides(tmp_path: Path):
    file = weights_file(tmp_path, t=tensor(0, (3, 4), (1, 3)), u=tensor(4, (2, 2), (2, 1)))
    read = efficientnet.read_weights(file)
    assert read["t"].tolist() == np.arange(12).reshape(4, 3).T.tolist()
    assert read["u"].tolist() == [[4, 5], [6, 7]]


@pytest.mark.parametrize("size", [(4, 4), (0, 4), (2**40,)])
def test_a_tensor_that_reaches_beyond_its_data_is_refused(tmp_path: Path, size: tuple[int, ...]):
    file = weights_file(tmp_path, t=tensor(0, size, (4, 1)[-len(size) :]))
    with pytest.raises(ModelCorrupt):
        efficientnet.read_weights(file)


def test_a_weights_file_cannot_run_code(tmp_path: Path):
    file = tmp_path / "weights.pth"
    file.write_bytes(b"cos\nsystem\n(S'true'\ntR." * 5)
    with pytest.raises(ModelCorrupt, match=r"os\.system"):
        efficientnet.read_weights(file)


@pytest.mark.parametrize("raw", [b"", b"junk", b"\x80\x02K\x01." * 9])
def test_what_is_no_weights_file_is_refused(tmp_path: Path, raw: bytes):
    file = tmp_path / "weights.pth"
    file.write_bytes(raw)
    with pytest.raises(ModelCorrupt, match="pull"):
        efficientnet.read_weights(file)


def test_weights_of_another_network_are_refused():
    with pytest.raises(ModelCorrupt, match="not those of EfficientNet"):
        efficientnet.build({"_conv_stem.weight": np.zeros((1, 3, 3, 3), np.float32)})


def test_each_class_is_nearest_to_its_own_name():
    names = ["cat", "dog", "teapot"]
    words = Words()
    matrix = decorrelate(embed_labels(names, [["cat", "true cat"], ["dog"], ["teapot"]], words))
    assert (words.embed(names) @ matrix.T).argmax(axis=1).tolist() == [0, 1, 2]


class Network:
    """A compiled network that knows what it will say."""

    def __init__(self, probabilities: Vector) -> None:
        self.probabilities = probabilities

    def create_infer_request(self) -> "Network":
        return self

    def infer(self, given: dict[str, Vector]) -> dict[str, Vector]:
        assert given["pictures"].shape[1:] == (224, 224, 3)
        count = len(given["pictures"])
        return {
            "features": np.eye(count, 1280, dtype=np.float32),
            "probabilities": np.repeat(self.probabilities[None], count, 0),
        }


def test_labels_come_best_first_and_the_vector_lies_between_them():
    probabilities = np.full(20, 0.001, np.float32)
    probabilities[[3, 7]] = 0.3, 0.6
    names = [f"class {index}" for index in range(20)]
    matrix = np.eye(20, dtype=np.float32)
    model = LabelPictureModel(Network(probabilities), names, matrix)
    looks = model.look([np.zeros((300, 200, 3), np.uint8), np.zeros((1, 900, 3), np.uint8)])
    assert [name for name, _ in looks[0].labels[:2]] == ["class 7", "class 3"]
    assert looks[0].label_vector is not None
    assert np.isclose(np.linalg.norm(looks[0].label_vector), 1)
    assert looks[0].label_vector[7] > looks[0].label_vector[3] > looks[0].label_vector[1]
    assert model.look([]) == []
    assert model.embed_query("a cat") is None


def test_a_kind_counts_with_all_its_classes():
    probabilities = np.full(20, 0.001, np.float32)
    probabilities[[3, 4, 5, 6]] = 0.2
    kinds = [[3, 4, 5, 6], [7, 8]]
    matrix = np.eye(22, dtype=np.float32)
    model = LabelPictureModel(Network(probabilities), [f"class {index}" for index in range(20)], matrix, kinds)
    (look,) = model.look([np.zeros((300, 200, 3), np.uint8)])
    assert look.label_vector is not None
    assert look.label_vector[20] > look.label_vector[3] > look.label_vector[21]


def test_everyday_words_find_what_the_classes_call_by_rarer_names():
    from strongroom.models.pictures import _read_names
    from strongroom.models.toolbox import Toolbox

    _, wordnet = _read_names(ModelStore())
    tools = Toolbox(Settings())
    vectors = []
    model = load_picture_model(Settings(), ModelStore(), tools.text)
    assert isinstance(model, LabelPictureModel)
    for name in ("malamute", "sorrel", "ibex", "great grey owl", "schooner", "espresso", "Granny Smith", "sea lion"):
        probabilities = np.full(1000, 1e-4, np.float32)
        probabilities[next(index for index, known in enumerate(wordnet) if known[0] == name)] = 0.6
        vectors.append(model.tell(np.zeros(1280, np.float32), probabilities).label_vector)
    asked = ["a dog on a porch", "a horse", "a goat", "an owl", "a sailing boat", "coffee", "an apple", "a seal"]
    queries = tools.text.embed(asked, query=True)
    assert (queries @ np.stack(vectors).T).argmax(axis=1).tolist() == list(range(len(asked)))


def test_a_model_that_is_not_pulled_is_missing(tmp_path: Path):
    with pytest.raises(ModelMissing, match="models pull"):
        load_picture_model(Settings(), ModelStore(tmp_path), Words())


def test_an_unknown_model_is_a_wrong_setting(tmp_path: Path):
    with pytest.raises(SettingError, match="efficientnet-lite0"):
        load_picture_model(Settings(picture_model="no-such"), ModelStore(tmp_path), Words())


def test_the_labels_that_are_shipped_are_those_that_the_default_text_model_gives():
    from strongroom.models.pictures import _read_names
    from strongroom.models.toolbox import Toolbox

    names, wordnet = _read_names(ModelStore())
    some = range(0, 1000, 97)
    made = embed_labels([names[index] for index in some], [wordnet[index] for index in some], Toolbox(Settings()).text)
    shipped = np.load(SHIPPED).astype(np.float32)
    assert ((made * shipped[list(some)]).sum(axis=1) > 0.98).all()
    kinds = json.loads(KINDS.read_text("utf-8"))
    assert shipped.shape == (1000 + len(kinds), 384)
    made = embed_kinds(kinds, Toolbox(Settings()).text)
    assert ((made * shipped[1000:]).sum(axis=1) > 0.98).all()
    assert all(0 <= index < 1000 for classes in kinds.values() for index in classes)


def test_words_find_the_photographs_that_show_them():
    from skimage import data

    from strongroom.models.toolbox import Toolbox

    tools = Toolbox(Settings())
    looks = tools.pictures.look([data.chelsea(), data.coffee(), data.rocket()])
    labels = np.stack([look.label_vector for look in looks if look.label_vector is not None])
    queries = tools.text.embed(["a cat", "a cup of coffee", "rocket launch"], query=True)
    assert (queries @ labels.T).argmax(axis=1).tolist() == [0, 1, 2]
