"""The language of a text, or None where nobody could tell."""

import pytest

from strongroom.domain.settings import Settings
from strongroom.models.languages import LanguageIdentifier
from strongroom.models.toolbox import Toolbox


@pytest.fixture(scope="module")
def languages() -> LanguageIdentifier:
    return LanguageIdentifier()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The contract ends on the last day of the month.", "en"),
        ("Der Vertrag endet am letzten Tag des Monats.", "de"),
        ("Le contrat se termine le dernier jour du mois.", "fr"),
        ("El contrato termina el último día del mes.", "es"),
        ("Договор заканчивается в последний день месяца.", "ru"),
        ("合同于本月最后一天终止。双方应当履行义务。", "zh"),
        ("契約は月の最終日に終了します。よろしくお願いします。", "ja"),
        ("THE CONTRACT ENDS ON THE LAST DAY OF THE MONTH.", "en"),
        ("Line one of the letter\n\nand line two of the letter\n", "en"),
    ],
)
def test_languages_are_told(languages: LanguageIdentifier, text: str, code: str):
    assert languages.detect(text) == code


@pytest.mark.parametrize("text", ["", "  \n", "hi", "ok.", "12345 67890 12345 67890", "?!" * 500, "x1 y2 z3", "\0\0\0"])
def test_short_or_wordless_texts_have_none(languages: LanguageIdentifier, text: str):
    assert languages.detect(text) is None


def test_a_long_text_is_told_by_its_beginning(languages: LanguageIdentifier):
    assert languages.detect("Das ist ein langer Satz über nichts. " * 100_000) == "de"


def test_odd_letters_never_raise(languages: LanguageIdentifier):
    languages.detect("\ud800 half a pair \udfff of surrogates, as broken names hold")
    languages.detect("a\u0301\u200b\u202e" * 50)


def test_the_toolbox_loads_each_model_once():
    tools = Toolbox(Settings())
    assert tools.languages is tools.languages
    assert tools.filetypes is tools.filetypes
    assert tools.office == "auto"
