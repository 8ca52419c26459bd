"""The zoo says what each model is, and pins what it can."""

import re

import pytest

from strongroom.domain.settings import Settings
from strongroom.errors import SettingError
from strongroom.models.cards import PICTURES, SPEECH, TEXT, Hub, Installed, Joined, Wheel
from strongroom.models.dimensions import dimensions
from strongroom.models.fetch import digest
from strongroom.models.zoo import MINILM_TOKENIZER, ZOO, default_cards, find_card


def test_names_are_unique_and_found():
    assert len({card.name for card in ZOO}) == len(ZOO)
    assert all(find_card(card.name) is card for card in ZOO)


def test_every_card_states_licence_and_where_that_is_said():
    assert all(card.licence and card.licence_source and card.files for card in ZOO)


def test_each_task_has_one_default_and_defaults_need_no_hub():
    defaults = default_cards()
    assert len({card.task for card in defaults}) == len(defaults) == len({card.task for card in ZOO})
    sources = [source for card in defaults for file in card.files for source in file.sources]
    assert all(isinstance(source, Wheel | Joined | Installed) for source in sources)


def test_settings_name_the_defaults():
    assert find_card(Settings().text_model, TEXT).default
    assert find_card(Settings().picture_model, PICTURES).default
    assert find_card(Settings().speech_model, SPEECH).default


def test_what_comes_from_a_wheel_is_pinned_twice():
    for card in ZOO:
        for file in card.files:
            for wheel in [wheel for source in file.sources for wheel in getattr(source, "parts", (source,))]:
                if isinstance(wheel, Wheel):
                    assert re.fullmatch("[0-9a-f]{64}", wheel.sha256)
                    assert re.fullmatch("[0-9a-f]{64}", file.sha256 or "")
                    assert file.size
                    assert wheel.size
                    assert wheel.member


def test_a_card_that_pins_nothing_says_so():
    for card in ZOO:
        if any(isinstance(source, Hub) for file in card.files for source in file.sources if not file.sha256):
            assert "SHA-256 is not known" in card.note
            assert not card.default


def test_the_tokenizer_in_the_package_is_the_one_that_the_zoo_names():
    source = MINILM_TOKENIZER.sources[0]
    assert isinstance(source, Installed)
    file = source.locate()
    assert file is not None
    assert digest(file) == MINILM_TOKENIZER.sha256
    assert file.stat().st_size == MINILM_TOKENIZER.size


def test_models_in_packages_are_found_without_importing_them():
    assert all(card.size > 0 for card in ZOO)
    assert Installed(package="no_such_package", path="x").locate() is None
    assert Installed(package="strongroom", path="no/such/file").locate() is None


def test_an_unknown_model_is_refused_with_the_names_there_are():
    with pytest.raises(SettingError, match="minilm-l6-int8"):
        find_card("word2vec", TEXT)
    with pytest.raises(SettingError, match="efficientnet-lite0"):
        find_card("minilm-l6-int8", PICTURES)


def test_vector_lengths_are_known_without_loading_anything():
    assert dimensions(Settings(models_dir="/nowhere")) == (384, 1280)
    better = Settings(models_dir="/nowhere", text_model="bge-m3", picture_model="siglip-base-patch16-224")
    assert dimensions(better) == (1024, 768)
