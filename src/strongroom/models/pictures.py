"""The picture model of a room: labels as words in the text space, or a model of the CLIP family."""

import json
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from strongroom.domain.findings import Vector
from strongroom.domain.settings import Settings
from strongroom.errors import ModelCorrupt
from strongroom.models import efficientnet
from strongroom.models.cards import PICTURES
from strongroom.models.clip import load_clip
from strongroom.models.runtime import compile_model
from strongroom.models.store import ModelStore
from strongroom.models.zoo import EFFICIENTNET, MINILM, find_card
from strongroom.ports.tools import Look, PictureModel, Pixels, TextEmbedder

TOP = 8
"""Classes whose names make the label vector."""
SHOWN = 5
"""Labels that are told."""
RIDGE = 1.0
"""How far the names' own likeness is left in: nothing at 0, all of it (ConSE) beyond 10."""
_CROP = 224 / 256
"""The share of the shorter side that the network was tested on."""
_REVISION = 3
"""Raised when the labels' vectors are computed another way."""
KIND = 0.6
"""What a kind of things counts beside a class: more finds "a dog" better and mixes up the breeds."""
_DATA = Path(__file__).with_name("data") / "efficientnet-lite0"
KINDS = _DATA / "kinds.json"
"""Everyday words for several classes, or for one whose name nobody would ask for: 118 breeds are dogs, a sorrel is a horse."""
SHIPPED = _DATA / "labels-minilm-l6-int8.npy"
"""What `embed_labels` and then `embed_kinds` give with the default text model, in half precision: half a minute that nobody
has to wait."""


class LabelPictureModel:
    """EfficientNet's ImageNet classes, put into the text space through the embeddings of their names.

    This is ConSE (Norouzi et al., 2014) with three changes. The square roots of the probabilities are the weights, so that a
    second likely class is not drowned by a first one. The names' embeddings are decorrelated by a ridge regression, so that a
    picture of a class is not also near to every class with a similar name. And kinds of classes count too, each with the sum of
    its classes' probabilities (after HierSE, Li et al., 2015): decorrelated breeds alone would leave "dog" near to none.
    """

    def __init__(self, network: Any, names: Sequence[str], matrix: Vector, kinds: Sequence[Sequence[int]] = ()) -> None:
        """Take the parts.

        Args:
            network: The compiled model that `efficientnet.build` describes.
            names: The classes' names.
            matrix: One vector a class, in the text space, then one a kind.
            kinds: The classes of each kind, by their numbers.
        """
        self._network = network
        self._names = names
        self._matrix = matrix
        self._members = np.zeros((len(names), len(kinds)), np.float32)
        for index, classes in enumerate(kinds):
            self._members[list(classes), index] = 1.0
        self._request = network.create_infer_request()
        self._lock = threading.Lock()

    @property
    def dimension(self) -> int:
        """Length of an image vector."""
        return efficientnet.FEATURES

    @property
    def input_size(self) -> int:
        """Pixels of the shorter side that are of use."""
        return round(efficientnet.INPUT_SIZE / _CROP)

    def look(self, pictures: Sequence[Pixels]) -> list[Look]:
        """Look at pictures; see `strongroom.ports.PictureModel`."""
        if not pictures:
            return []
        batch = np.stack([_square(picture, efficientnet.INPUT_SIZE) for picture in pictures])
        with self._lock:
            outputs = self._request.infer({"pictures": batch})
            features, probabilities = (np.array(outputs[name], np.float32) for name in ("features", "probabilities"))
        return [self.tell(*both) for both in zip(features, probabilities, strict=True)]

    def tell(self, features: Vector, probabilities: Vector) -> Look:
        """Say what the network says of one picture, in words and in the text space."""
        best = np.argpartition(-probabilities, TOP)[:TOP]
        best = best[np.argsort(-probabilities[best], kind="stable")]
        vector: Vector = np.sqrt(probabilities[best]) @ self._matrix[best] + self._kinds(probabilities)
        return Look(
            labels=tuple((self._names[index], float(probabilities[index])) for index in best[:SHOWN]),
            label_vector=vector / max(float(np.linalg.norm(vector)), 1e-12),
            image_vector=features,
        )

    def _kinds(self, probabilities: Vector) -> Vector:
        """Give the likeliest kinds in the text space, with their weight."""
        sums = probabilities @ self._members
        best = np.argsort(-sums, kind="stable")[:TOP]
        rows = self._matrix[len(self._names) :][best]
        weighted: Vector = (np.sqrt(sums[best]) @ rows) * np.float32(KIND)
        return weighted

    def embed_query(self, text: str) -> Vector | None:  # noqa: ARG002 - the port's name
        """Give None: words are compared with the label vectors, in the text space."""
        return None


def _square(picture: Pixels, side: int) -> Pixels:
    """Cut the middle out and bring it to the network's size."""
    height, width = picture.shape[:2]
    length = max(1, int(min(height, width) * _CROP))
    left, top = (width - length) // 2, (height - length) // 2
    middle = Image.fromarray(np.ascontiguousarray(picture[top : top + length, left : left + length]))
    return np.asarray(middle.resize((side, side), Image.Resampling.BICUBIC))


def _read_names(store: ModelStore) -> tuple[list[str], list[list[str]]]:
    """Give the curated name of each class, and the names that WordNet has for it."""
    curated_file = store.path(EFFICIENTNET, "imagenet1k_clean_names.json")
    wordnet_file = store.path(EFFICIENTNET, "imagenet1k_label_to_names.json")
    try:
        curated = [str(name) for name in json.loads(curated_file.read_text("utf-8"))]
        by_number = json.loads(wordnet_file.read_text("utf-8"))
        wordnet = [by_number[str(index)].split(", ") for index in range(len(curated))]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelCorrupt(f"the class names beside {curated_file} cannot be read: {error}; pull the model again") from error
    if len(curated) != efficientnet.CLASSES:
        raise ModelCorrupt(f"{curated_file} has {len(curated)} names, not {efficientnet.CLASSES}; pull the model again")
    return [_plain(name, curated, others) for name, others in zip(curated, wordnet, strict=True)], wordnet


def _plain(name: str, curated: Sequence[str], wordnet: Sequence[str]) -> str:
    """Give the curated name, or WordNet's where the curated one is a description or stands for two classes."""
    odd = re.match(r"(a|an|the) ", name) is not None or curated.count(name) > 1
    return wordnet[0] if odd else name


def embed_labels(names: Sequence[str], wordnet: Sequence[Sequence[str]], text: TextEmbedder) -> Vector:
    """Give one unit vector a class in the text space: the mean of its name, a photograph of it, and two names in WordNet.

    Args:
        names: The classes' names.
        wordnet: For each class the names in WordNet, the commonest first.
        text: Embeds them.
    """
    groups = [[name, f"a photo of a {name}", *others[:2]] for name, others in zip(names, wordnet, strict=True)]
    texts = list(dict.fromkeys(line for group in groups for line in group))
    vectors = dict(zip(texts, text.embed(texts), strict=True))
    means = np.stack([np.mean([vectors[line] for line in group], axis=0) for group in groups])
    unit: Vector = means / np.linalg.norm(means, axis=1, keepdims=True)
    return unit


def embed_kinds(kinds: Iterable[str], text: TextEmbedder) -> Vector:
    """Give one unit vector a kind in the text space: the mean of its names and of a photograph of each.

    Args:
        kinds: Their names, several separated by ", ".
        text: Embeds them.
    """
    groups = [[line for name in kind.split(", ") for line in (name, f"a photo of a {name}")] for kind in kinds]
    means = np.stack([text.embed(group).mean(axis=0) for group in groups])
    unit: Vector = means / np.linalg.norm(means, axis=1, keepdims=True)
    return unit


def decorrelate(labels: Vector) -> Vector:
    """Give F = (L Lᵀ + r I)⁻¹ L: the name of a class then lies near its own vector and far from those of like names.

    Args:
        labels: L, one unit vector a class and a kind.
    """
    likeness = labels @ labels.T + RIDGE * np.eye(len(labels), dtype=np.float32)
    decorrelated: Vector = np.linalg.solve(likeness, labels).astype(np.float32)
    return decorrelated


def load_picture_model(settings: Settings, store: ModelStore, text: TextEmbedder, threads: int = 1) -> PictureModel:
    """Load the picture model that the settings name: a card of the zoo, or a directory with a model of the CLIP family.

    Args:
        settings: Says which.
        store: Holds the zoo's models, and what is derived from them.
        text: Embeds the names of labels.
        threads: Processor threads to use.

    Raises:
        ModelMissing: It has not been pulled, or the directory lacks a file.
        ModelCorrupt: Its files are no picture model.
        SettingError: There is no such model.
    """
    directory = Path(settings.picture_model).expanduser()
    if directory.is_dir():
        return load_clip(directory, store, threads)
    card = find_card(settings.picture_model, PICTURES)
    if card.name == EFFICIENTNET.name:
        return _load_labels(settings, store, text, threads)
    for file in card.files:
        if not file.optional:
            store.path(card, file.name)
    return load_clip(store.place(card), store, threads)


def _load_labels(settings: Settings, store: ModelStore, text: TextEmbedder, threads: int) -> LabelPictureModel:
    names, wordnet = _read_names(store)
    kinds: dict[str, list[int]] = json.loads(KINDS.read_text("utf-8"))
    weights = efficientnet.read_weights(store.path(EFFICIENTNET, "efficientnet-lite0.pth"))
    network = compile_model(efficientnet.build(weights), store, threads)

    def embed() -> Vector:
        return np.concatenate([embed_labels(names, wordnet, text), embed_kinds(kinds, text)])

    labels = _labels(settings.text_model, (len(names) + len(kinds), text.dimension), store, embed)
    return LabelPictureModel(network, names, decorrelate(labels), list(kinds.values()))


def _labels(model: str, shape: tuple[int, int], store: ModelStore, embed: Callable[[], Vector]) -> Vector:
    """Give the labels' vectors: those of the default text model come with the package, others are kept in the store."""
    if model == MINILM.name:
        shipped: Vector = np.load(SHIPPED, allow_pickle=False).astype(np.float32)
        return shipped
    key = sha256(f"{model}|{shape}|{_REVISION}".encode()).hexdigest()[:12]
    try:
        file = store.derive(EFFICIENTNET, f"labels-{key}.npy", lambda scratch: np.save(scratch, embed()))
        kept: Vector = np.load(file, allow_pickle=False)
    except OSError:
        return embed()  # a store that cannot be written costs half a minute, not the room
    if kept.shape != shape:
        raise ModelCorrupt(f"{file} does not hold the labels in the space of {model}: delete it, and it is made again")
    return kept
