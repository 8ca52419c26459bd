"""Models of the CLIP family, by a tiny one that the tests make in each layout of files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from strongroom.domain.settings import Settings
from strongroom.errors import ModelCorrupt, ModelMissing
from strongroom.models.clip import load_clip, prepare
from strongroom.models.clip_config import read_clip_config
from strongroom.models.dimensions import dimensions
from strongroom.models.pictures import load_picture_model
from strongroom.models.store import ModelStore

WORDS = ["<pad>", "<end>", "red", "green", "blue"]
SIDE, TOKENS, PAD, END = 8, 6, 0, 1


def vision(batch: object) -> tuple[list[Any], list[Any], Any, Any]:
    """A tower whose vector is the mean colour, beside a constant."""
    ones = numpy_helper.from_array(np.array([2, 3], np.int64), "axes")
    weights = numpy_helper.from_array(np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], np.float32), "colours")
    nodes = [
        helper.make_node("ReduceMean", ["pixel_values", "axes"], ["means"], keepdims=0),
        helper.make_node("MatMul", ["means", "colours"], ["image_embeds"]),
    ]
    given = helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, [batch, 3, SIDE, SIDE])
    return nodes, [ones, weights], given, helper.make_tensor_value_info("image_embeds", TensorProto.FLOAT, [batch, 4])


def reading(*, kind: int = TensorProto.INT64, mask: bool = False) -> tuple[list[Any], list[Any], list[Any], Any]:
    """A tower whose vector is the sum of one vector a token."""
    table = np.zeros((len(WORDS), 4), np.float32)
    table[2:, :3] = np.eye(3)
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["vectors"]),
        helper.make_node("ReduceSum", ["vectors", "axis"], ["text_embeds"], keepdims=0),
    ]
    constants = [numpy_helper.from_array(table, "table"), numpy_helper.from_array(np.array([1], np.int64), "axis")]
    given = [helper.make_tensor_value_info("input_ids", kind, ["n", TOKENS])]
    if mask:
        given.append(helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["n", TOKENS]))
        nodes[1:1] = [
            helper.make_node("Cast", ["attention_mask"], ["weights"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["weights", "last"], ["wide"]),
            helper.make_node("Mul", ["vectors", "wide"], ["kept"]),
        ]
        nodes[-1] = helper.make_node("ReduceSum", ["kept", "axis"], ["text_embeds"], keepdims=0)
        constants.append(numpy_helper.from_array(np.array([2], np.int64), "last"))
    return nodes, constants, given, helper.make_tensor_value_info("text_embeds", TensorProto.FLOAT, ["n", 4])


def saved(file: Path, nodes: list[Any], constants: list[Any], given: list[Any], gives: list[Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    graph = helper.make_graph(nodes, "tiny", given, gives, constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), file)


def tiny(directory: Path, *, both: bool = False, folder: str = "onnx", batch: object = "n", mask: bool = False) -> Path:
    """Write a whole model with the configuration files of Transformers."""
    seeing, words = vision(batch), reading(mask=mask)
    if both:
        parts = (seeing[0] + words[0], seeing[1] + words[1], [*words[2], seeing[2]], [seeing[3], words[3]])
        saved(directory / folder / "model.onnx", *parts)
    else:
        saved(directory / folder / "vision_model.onnx", seeing[0], seeing[1], [seeing[2]], [seeing[3]])
        saved(directory / folder / "text_model.onnx", words[0], words[1], words[2], [words[3]])
    tokenizer = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, "<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A <end>", special_tokens=[("<end>", END)])
    tokenizer.save(str(directory / "tokenizer.json"))
    (directory / "config.json").write_text(
        json.dumps({"model_type": "clip", "projection_dim": 4, "text_config": {"max_position_embeddings": TOKENS}})
    )
    (directory / "preprocessor_config.json").write_text(
        json.dumps(
            {
                "size": {"shortest_edge": SIDE},
                "crop_size": {"height": SIDE, "width": SIDE},
                "image_mean": [0, 0, 0],
                "image_std": [1, 1, 1],
            }
        )
    )
    return directory


def plain(colour: str) -> Any:
    return np.asarray(Image.new("RGB", (40, 30), colour))


@pytest.mark.parametrize(
    "layout", [{}, {"folder": ""}, {"both": True}, {"batch": 1}, {"mask": True}, {"both": True, "mask": True}]
)
def test_words_find_the_picture_that_they_name(tmp_path: Path, layout: dict[str, Any]):
    settings = Settings(picture_model=str(tiny(tmp_path / "model", **layout)))
    model = load_picture_model(settings, ModelStore(tmp_path / "store"), None)
    looks = model.look([plain(colour) for colour in ("red", "lime", "blue")])
    assert all(look.label_vector is None and look.labels == () for look in looks)
    for index, word in enumerate(("red", "green", "blue")):
        query = model.embed_query(word)
        assert query is not None
        assert np.argmax([query @ look.image_vector for look in looks]) == index
        assert np.isclose(np.linalg.norm(query), 1)


def test_dimension_and_size_come_from_the_configuration(tmp_path: Path):
    directory = tiny(tmp_path / "model")
    assert dimensions(Settings(picture_model=str(directory)))[1] == 4
    assert load_clip(directory, ModelStore(tmp_path / "store")).input_size == SIDE


def test_a_long_text_is_cut_and_a_short_one_padded(tmp_path: Path):
    model = load_clip(tiny(tmp_path / "model"), ModelStore(tmp_path / "store"))
    query = model.embed_query("red " * 50)
    assert query is not None
    assert np.argmax(query) == 0


def config_of(directory: Path, name: str, **given: object) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(json.dumps(given))
    return directory


def test_siglip_presses_the_whole_picture_and_lowers_words(tmp_path: Path):
    config_of(tmp_path, "config.json", model_type="siglip", projection_dim=4)
    config_of(tmp_path, "tokenizer.json", added_tokens=[{"id": 9, "content": "</s>"}])
    config_of(tmp_path, "tokenizer_config.json", pad_token="</s>", model_max_length=64)
    config_of(
        tmp_path,
        "preprocessor_config.json",
        size={"height": 224, "width": 224},
        resample=2,
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
    )
    config = read_clip_config(tmp_path)
    assert (config.squash, config.resize, config.crop, config.lower) == (True, 224, 224, True)
    assert (config.tokens, config.pad_id, config.resampling) == (64, 9, Image.Resampling.BILINEAR)


def test_the_configuration_of_openclip_is_read(tmp_path: Path):
    part = {"embed_dim": 4, "vision_cfg": {"image_size": 256}, "text_cfg": {"context_length": 77}}
    prepared = {"mean": [0, 0, 0], "std": [1, 1, 1], "interpolation": "bilinear", "resize_mode": "shortest"}
    config = read_clip_config(config_of(tmp_path, "open_clip_config.json", model_cfg=part, preprocess_cfg=prepared))
    assert (config.dimension, config.crop, config.tokens, config.squash) == (4, 256, 77, False)
    assert config.mean == (0, 0, 0)


def test_the_middle_is_cut_out_where_the_model_wants_that(tmp_path: Path):
    config = read_clip_config(tiny(tmp_path))
    wide = np.zeros((40, 120, 3), np.uint8)
    wide[:, 40:80] = 255
    middle = prepare(wide, config)
    assert middle.shape == (3, SIDE, SIDE)
    assert middle.mean() > 0.9
    assert prepare(np.zeros((1, 500, 3), np.uint8), config).shape == (3, SIDE, SIDE)


@pytest.mark.parametrize("name", ["tokenizer.json", "onnx/vision_model.onnx", "onnx/text_model.onnx"])
def test_a_missing_file_is_told_with_what_is_needed(tmp_path: Path, name: str):
    directory = tiny(tmp_path / "model")
    (directory / name).unlink()
    with pytest.raises(ModelMissing, match="it needs"):
        load_clip(directory, ModelStore(tmp_path / "store"))


@pytest.mark.parametrize(
    "name", ["tokenizer.json", "onnx/vision_model.onnx", "onnx/text_model.onnx", "config.json", "preprocessor_config.json"]
)
def test_a_damaged_file_is_told(tmp_path: Path, name: str):
    directory = tiny(tmp_path / "model")
    (directory / name).write_text("{junk")
    with pytest.raises(ModelCorrupt):
        load_clip(directory, ModelStore(tmp_path / "store"))


def test_a_directory_that_says_nothing_of_its_pictures_is_refused(tmp_path: Path):
    directory = tiny(tmp_path / "model")
    (directory / "preprocessor_config.json").unlink()
    with pytest.raises(ModelCorrupt, match=r"preprocessor_config\.json"):
        load_clip(directory, ModelStore(tmp_path / "store"))
