"""Models of the CLIP family in ONNX: pictures and words in one space.

Reads what exports for Transformers and for OpenCLIP hold: ``vision_model.onnx`` and ``text_model.onnx``, or one
``model.onnx`` with both towers, in the directory or in its ``onnx`` folder; how pictures and words are prepared is in the
model's own configuration files (see `strongroom.models.clip_config`).
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from strongroom.domain.findings import Vector
from strongroom.errors import ModelCorrupt, ModelMissing
from strongroom.models.clip_config import ClipConfig, read_clip_config
from strongroom.models.runtime import compile_model
from strongroom.models.store import ModelStore
from strongroom.ports.tools import Look, Pixels

BATCH = 8
"""Pictures that are run together."""
VISION = ("vision_model.onnx", "visual.onnx", "visual/model.onnx", "image_encoder.onnx", "vision_model_quantized.onnx")
TEXT = ("text_model.onnx", "textual.onnx", "textual/model.onnx", "text_encoder.onnx", "text_model_quantized.onnx")
BOTH = ("model.onnx", "model_quantized.onnx")
IMAGE_OUTPUTS = ("image_embeds", "image_embeddings", "image_features", "pooler_output", "sentence_embedding")
TEXT_OUTPUTS = ("text_embeds", "text_embeddings", "text_features", "pooler_output", "sentence_embedding")


class _Tower:
    """One half of a model: named inputs to one vector each."""

    def __init__(self, network: Any, outputs: Sequence[str]) -> None:
        self._request = network.create_infer_request()
        self._output = _embedding(network.outputs, outputs)
        self.inputs = {port.any_name: port for port in network.inputs}
        self._lock = threading.Lock()

    @property
    def single(self) -> bool:
        """Whether the model was exported for one item at a time."""
        first = next(iter(self.inputs.values())).get_partial_shape()[0]
        return bool(first.is_static)

    def run(self, given: dict[str, NDArray[Any]]) -> Vector:
        ready = {name: given[name].astype(port.get_element_type().to_dtype(), copy=False) for name, port in self.inputs.items()}
        with self._lock:
            self._request.infer(ready)
            vectors = np.array(self._request.get_tensor(self._output).data, np.float32)
        unit: Vector = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return unit


class ClipPictureModel:
    """Pictures and words to unit vectors of one space. Threads may share it; they take turns."""

    def __init__(self, vision: _Tower, words: _Tower, tokenizer: Any, config: ClipConfig) -> None:
        """Take the parts.

        Args:
            vision: The tower for pictures.
            words: The tower for texts.
            tokenizer: A ``tokenizers.Tokenizer``.
            config: How both are prepared.
        """
        self._vision, self._words, self._tokenizer, self._config = vision, words, tokenizer, config

    @property
    def dimension(self) -> int:
        """Length of an image vector."""
        return self._config.dimension

    @property
    def input_size(self) -> int:
        """Pixels of the shorter side that are of use."""
        return self._config.resize

    def look(self, pictures: Sequence[Pixels]) -> list[Look]:
        """Look at pictures; see `strongroom.ports.PictureModel`."""
        (name,) = self._vision.inputs
        step = 1 if self._vision.single else BATCH
        looks: list[Look] = []
        for start in range(0, len(pictures), step):
            planes = np.stack([prepare(picture, self._config) for picture in pictures[start : start + step]])
            looks += [Look(labels=(), label_vector=None, image_vector=vector) for vector in self._vision.run({name: planes})]
        return looks

    def embed_query(self, text: str) -> Vector | None:
        """Put words into the image space."""
        config = self._config
        encoding = self._tokenizer.encode(text.lower() if config.lower else text)
        ids = encoding.ids[: config.tokens]
        if len(encoding.ids) > config.tokens and config.keep_last:
            ids[-1] = encoding.ids[-1]  # the end token, at which the model reads the text off
        padding = config.tokens - len(ids)
        row = np.array([ids + [config.pad_id] * padding], np.int64)
        mask = np.array([[1] * len(ids) + [0] * padding], np.int64)
        given = {"attention_mask": mask, "position_ids": np.arange(config.tokens)[None]}
        vectors = self._words.run({name: given.get(name, row) for name in self._words.inputs})
        vector: Vector = vectors[0]
        return vector


def prepare(picture: Pixels, config: ClipConfig) -> Vector:
    """Bring a picture to the model's size and range: float32, shape (3, height, width)."""
    image = Image.fromarray(picture)
    size = config.crop
    if config.squash:
        image = image.resize((size, size), config.resampling)
    else:
        scale = config.resize / min(image.size)
        width, height = (max(size, round(side * scale)) for side in image.size)
        left, top = (width - size) // 2, (height - size) // 2
        box = (left / width * image.width, top / height * image.height)
        far = ((left + size) / width * image.width, (top + size) / height * image.height)
        image = image.resize((size, size), config.resampling, box=(*box, *far))
    values: Vector = np.asarray(image, np.float32) * np.float32(config.rescale)
    values -= np.array(config.mean, np.float32)
    values /= np.array(config.deviation, np.float32)
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def load_clip(directory: Path, store: ModelStore, threads: int = 1) -> ClipPictureModel:
    """Load a model of the CLIP family from a directory.

    Args:
        directory: Holds the ONNX files, ``tokenizer.json`` and the configuration files.
        store: Keeps the compiled form.
        threads: Processor threads to use.

    Raises:
        ModelMissing: A file is not there.
        ModelCorrupt: The files are no such model.
    """
    from tokenizers import Tokenizer

    config = read_clip_config(directory)
    both = _find(directory, BOTH)
    vision, words = (_find(directory, names) or both for names in (VISION, TEXT))
    vocabulary = _find(directory, ("tokenizer.json", "textual/tokenizer.json"))
    if vision is None or words is None or vocabulary is None:
        raise ModelMissing(
            f"{directory} is no model of the CLIP family: it needs tokenizer.json, and vision_model.onnx with text_model.onnx "
            "or one model.onnx (also in a folder `onnx`)"
        )
    try:
        tokenizer = Tokenizer.from_file(str(vocabulary))
    except Exception as error:  # the library raises bare Exception
        raise ModelCorrupt(f"{vocabulary} is no tokenizer: {error}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    seeing, reading = (
        _Tower(compile_model(_half(file, outputs) if file == both else file, store, threads), outputs)
        for file, outputs in ((vision, IMAGE_OUTPUTS), (words, TEXT_OUTPUTS))
    )
    return ClipPictureModel(seeing, reading, tokenizer, config)


def _find(directory: Path, names: Sequence[str]) -> Path | None:
    places = (directory / folder / name for name in names for folder in ("", "onnx"))
    return next((file for file in places if file.is_file()), None)


def _half(file: Path, outputs: Sequence[str]) -> Any:
    """Cut one tower out of a model that holds both, so that the other need not run."""
    import openvino

    try:
        model = openvino.Core().read_model(str(file))
        output = _embedding(model.outputs, outputs[:3])
        source = output.get_node().input_value(0)
        reached, parameters, open_nodes = set(), [], [source.get_node()]
        while open_nodes:
            node = open_nodes.pop()
            if node.get_friendly_name() in reached:
                continue
            reached.add(node.get_friendly_name())
            if node.get_type_name() == "Parameter":
                parameters.append(node)
            open_nodes += [port.get_node() for port in node.input_values()]
        wanted = {node.get_friendly_name() for node in parameters}
        kept = [parameter for parameter in model.get_parameters() if parameter.get_friendly_name() in wanted]
        return openvino.Model([openvino.opset15.result(source)], kept, outputs[0])
    except RuntimeError as error:
        raise ModelCorrupt(f"OpenVINO cannot load {file}: {str(error).splitlines()[-1]}") from error


def _embedding(ports: Sequence[Any], names: Sequence[str]) -> Any:
    """Find the output that is one vector an item."""
    named = {name: port for port in ports for name in port.get_names()}
    found = next((named[name] for name in names if name in named), None)
    flat = [port for port in ports if port.get_partial_shape().rank.is_static and len(port.get_partial_shape()) == 2]  # noqa: PLR2004 - (items, dimension)
    if found is None and not flat:
        raise ModelCorrupt(f"the model has no output of one vector an item, such as {names[0]}: it has {', '.join(named)}")
    return flat[0] if found is None else found
