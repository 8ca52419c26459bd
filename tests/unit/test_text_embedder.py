"""Texts become unit vectors, whatever model the settings name."""

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from strongroom.domain.settings import Settings
from strongroom.errors import ModelCorrupt, ModelMissing, SettingError
from strongroom.models.dimensions import dimensions
from strongroom.models.store import ModelStore
from strongroom.models.text import EncoderTextEmbedder, card_of, load_text_embedder
from strongroom.models.toolbox import Toolbox

WORDS = ("[UNK]", "query", "passage", ":", "cat", "dog", "invoice", "sum")
WIDTH = 4
TABLE = np.random.default_rng(5).normal(size=(len(WORDS), WIDTH)).astype(np.float32)
SHAPE = ["texts", "tokens"]


def make_model(directory: Path, *, pooled: bool = False, inputs: tuple[str, ...] = ("input_ids", "attention_mask")) -> Path:
    """Write a text model that looks words up in a table; pooled, it gives their maximum."""
    (directory / "onnx").mkdir(parents=True)
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*SHAPE, WIDTH])
    if pooled:
        nodes.append(helper.make_node("ReduceMax", ["last_hidden_state", "axis"], ["sentence_embedding"], keepdims=0))
        output = helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["texts", WIDTH])
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.INT64, SHAPE) for name in inputs],
        [output],
        [numpy_helper.from_array(TABLE, "table"), numpy_helper.from_array(np.array([1]), "axis")],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), directory / "onnx/model.onnx")
    tokenizer = Tokenizer(WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(directory / "tokenizer.json"))
    (directory / "config.json").write_text(json.dumps({"hidden_size": WIDTH}))
    return directory


def load(directory: Path, tmp_path: Path) -> EncoderTextEmbedder:
    return load_text_embedder(Settings(text_model=str(directory)), ModelStore(tmp_path / "store"))


def expected(*words: str) -> np.ndarray:
    mean = TABLE[[WORDS.index(word) for word in words]].mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def test_token_vectors_are_averaged_without_the_padding(tmp_path: Path):
    embedder = load(make_model(tmp_path / "tiny"), tmp_path)
    found = embedder.embed(["cat dog sum", "invoice"])
    np.testing.assert_allclose(found, [expected("cat", "dog", "sum"), expected("invoice")], atol=1e-2)
    assert found.dtype == np.float32


def test_the_first_token_stands_for_the_text_where_the_model_says_so(tmp_path: Path):
    directory = make_model(tmp_path / "tiny")
    (directory / "1_Pooling").mkdir()
    (directory / "1_Pooling/config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    np.testing.assert_allclose(load(directory, tmp_path).embed(["cat dog"]), [expected("cat")], atol=1e-2)


def test_a_model_that_pools_itself_is_taken_as_it_is(tmp_path: Path):
    found = load(make_model(tmp_path / "tiny", pooled=True), tmp_path).embed(["cat dog"])
    most = TABLE[[4, 5]].max(axis=0)
    np.testing.assert_allclose(found, [most / np.linalg.norm(most)], atol=1e-2)


def test_models_of_the_e5_family_get_their_prefixes(tmp_path: Path):
    embedder = load(make_model(tmp_path / "tiny-e5-small"), tmp_path)
    np.testing.assert_allclose(embedder.embed(["cat"]), [expected("passage", ":", "cat")], atol=1e-2)
    np.testing.assert_allclose(embedder.embed(["cat"], query=True), [expected("query", ":", "cat")], atol=1e-2)


def test_prefixes_come_from_the_models_own_configuration(tmp_path: Path):
    directory = make_model(tmp_path / "tiny")
    (directory / "config_sentence_transformers.json").write_text(json.dumps({"prompts": {"query": "sum ", "document": "dog "}}))
    card = card_of(directory)
    assert (card.query_prefix, card.passage_prefix) == ("sum ", "dog ")


def test_long_texts_are_cut_and_many_texts_keep_their_order(tmp_path: Path):
    embedder = load(make_model(tmp_path / "tiny"), tmp_path)
    np.testing.assert_allclose(embedder.embed(["cat " * 256 + "dog " * 9999]), [expected("cat")], atol=1e-2)
    texts = ["cat", "dog cat sum", "invoice sum"] * 700
    found = embedder.embed(texts)
    assert found.shape == (2100, WIDTH)
    np.testing.assert_allclose(found[:3], found[-3:], atol=1e-3)


def test_nothing_gives_an_empty_table(tmp_path: Path):
    assert load(make_model(tmp_path / "tiny"), tmp_path).embed([]).shape == (0, WIDTH)


def test_the_dimension_is_told_without_loading(tmp_path: Path):
    directory = make_model(tmp_path / "tiny")
    (directory / "onnx/model.onnx").unlink()
    assert dimensions(Settings(text_model=str(directory)))[0] == WIDTH


def test_a_directory_without_a_model_says_what_it_needs(tmp_path: Path):
    with pytest.raises(ModelMissing, match=r"model\.onnx"):
        load(tmp_path, tmp_path)


def test_broken_files_are_named(tmp_path: Path):
    directory = make_model(tmp_path / "tiny")
    (directory / "onnx/model.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelCorrupt, match=r"model\.onnx"):
        load(directory, tmp_path)
    (directory / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelCorrupt, match=r"tokenizer\.json"):
        load(directory, tmp_path)
    (directory / "config.json").write_text("{")
    with pytest.raises(ModelCorrupt, match=r"config\.json"):
        load(directory, tmp_path)


def test_a_model_with_foreign_inputs_is_refused(tmp_path: Path):
    directory = make_model(tmp_path / "tiny", inputs=("input_ids", "pixel_values"))
    with pytest.raises(ModelCorrupt, match="pixel_values"):
        load(directory, tmp_path)


def test_an_unknown_name_is_refused(tmp_path: Path):
    with pytest.raises(SettingError, match="multilingual-e5-small"):
        load_text_embedder(Settings(text_model="no-such"), ModelStore(tmp_path))


def test_the_default_model_missing_is_one_clear_error(tmp_path: Path):
    with pytest.raises(ModelMissing, match="`strongroom models pull`"):
        _ = Toolbox(Settings(models_dir=str(tmp_path))).text


@pytest.fixture(scope="module")
def default() -> EncoderTextEmbedder:
    return load_text_embedder(Settings(), ModelStore.of(Settings()))


@pytest.mark.parametrize(
    ("query", "right", "wrong"),
    [
        ("a cat", "A kitten sleeps on the sofa.", "The bank raised its interest rate."),
        ("when must the bill be paid", "The invoice is due on 15 April.", "The meeting takes place in room 4."),
        ("dismissal of staff", "Forty employees were laid off in May.", "The new engine uses less fuel."),
        ("heart attack", "The patient suffered a myocardial infarction.", "The patient suffered a broken leg."),
    ],
)
def test_the_default_model_puts_meaning_before_words(default: EncoderTextEmbedder, query: str, right: str, wrong: str):
    scores = default.embed([right, wrong]) @ default.embed([query], query=True)[0]
    assert scores[0] > scores[1] + 0.1


def test_the_default_model_gives_unit_vectors_alike_alone_and_among_others(default: EncoderTextEmbedder):
    texts = ["one", "", "a much longer text " * 50, "\0\ud800🙂", "two words"]
    together = default.embed(texts)
    assert together.shape == (5, 384)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-4)
    alone = np.concatenate([default.embed([text]) for text in texts])
    assert (together * alone).sum(axis=1).min() > 0.999


def test_threads_may_share_the_model(default: EncoderTextEmbedder):
    words = [f"document number {n}" for n in range(12)]
    alone = default.embed(words)
    found: dict[int, np.ndarray] = {}
    threads = [threading.Thread(target=lambda n=n: found.update({n: default.embed([words[n]])[0]})) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert min(float(found[n] @ alone[n]) for n in range(12)) > 0.999


def test_questions_on_one_thread_get_the_vectors_that_texts_get_on_several():
    tools = Toolbox(Settings(), threads=2)
    asked = ["harbour fees", "the letter that the harbour master wrote about fees in spring"]
    assert tools.questions is not tools.text
    for one in asked:
        assert np.allclose(tools.questions.embed([one], query=True), tools.text.embed([one], query=True), atol=1e-6)
    alone = Toolbox(Settings())
    assert alone.questions is alone.text
