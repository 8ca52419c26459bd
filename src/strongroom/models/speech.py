"""The speech model of a room, as its settings name it."""

from pathlib import Path

from strongroom.domain.settings import Settings
from strongroom.models.cards import SPEECH
from strongroom.models.store import ModelStore
from strongroom.models.zoo import find_card
from strongroom.ports.tools import SpeechModel

NONE = "none"
"""Of the setting ``speech_model``: nothing is transcribed."""


def check_speech(settings: Settings) -> None:
    """Refuse settings whose speech model there is not, without loading one.

    Args:
        settings: Name it: a card of the zoo, a directory, or ``none``.

    Raises:
        SettingError: There is no such model.
    """
    if settings.speech_model != NONE and not Path(settings.speech_model).expanduser().is_dir():
        find_card(settings.speech_model, SPEECH)


def load_speech(settings: Settings, store: ModelStore, threads: int) -> SpeechModel | None:
    """Load the model that the settings name.

    Args:
        settings: Say which, and in what language recordings are.
        store: Where it is.
        threads: Processor threads.

    Returns:
        None where they want none.

    Raises:
        ModelMissing: It has not been pulled.
        ModelCorrupt: Its files are no speech model.
        SettingError: There is no such model, or it does not know the language.
    """
    if settings.speech_model == NONE:
        return None
    directory = Path(settings.speech_model).expanduser()
    if not directory.is_dir():
        card = find_card(settings.speech_model, SPEECH)
        paths = [store.path(card, file.name) for file in card.files]
        directory = paths[0].parent
    from strongroom.models.whisper import Whisper

    return Whisper(directory, threads=threads, language=settings.speech_language)
