"""Which models there are, and how they come onto this machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from strongroom.domain.progress import OnProgress, silent
from strongroom.domain.settings import Settings
from strongroom.models.cards import PICTURES, SPEECH, TEXT
from strongroom.models.store import ModelStore
from strongroom.models.zoo import ZOO, find_card


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelInfo:
    """A model of the zoo, as this machine has it."""

    name: str
    """What settings call it."""
    task: str
    """What it does."""
    licence: str
    """Licence of its weights."""
    languages: tuple[str, ...]
    """ISO 639-1 codes; empty where it has to do with none, or with any."""
    dimension: int | None
    """Length of its vectors."""
    size: int | None
    """Bytes of its files; None where one is not known."""
    installed: bool
    """Whether it is here."""
    is_default: bool
    """Whether `models pull` takes it when no name is given."""
    note: str
    """What to know before choosing it."""


def list_models(settings: Settings) -> tuple[ModelInfo, ...]:
    """Give every model of the zoo."""
    store = ModelStore.of(settings)
    return tuple(
        ModelInfo(
            name=card.name,
            task=card.task,
            licence=card.licence,
            languages=card.languages,
            dimension=card.dimension,
            size=card.size,
            installed=store.installed(card),
            is_default=card.default,
            note=card.note,
        )
        for card in ZOO
    )


def pull_models(settings: Settings, names: Sequence[str] | None, on_progress: OnProgress = silent) -> tuple[str, ...]:
    """Fetch and verify models.

    Args:
        settings: Say where the store is.
        names: Models of the zoo; None or nothing is the default set.
        on_progress: Is told of the bytes fetched.

    Returns:
        Names of the models, all of which are here now.

    Raises:
        SettingError: There is no such model.
        ModelCorrupt: A file's SHA-256 is not the one in the zoo.
        Unreachable: No source of a file answers.
    """
    cards = [find_card(name) for name in names] if names else [card for card in ZOO if card.default]
    ModelStore.of(settings).pull(cards, on_progress)
    return tuple(card.name for card in cards)


def missing_models(settings: Settings) -> tuple[str, ...]:
    """Give the models that the settings name and that are not here."""
    store = ModelStore.of(settings)
    named = (settings.text_model, settings.picture_model, settings.speech_model)
    wanted = [card for card in ZOO if card.name in named or (card.default and card.task not in (TEXT, PICTURES, SPEECH))]
    return tuple(card.name for card in wanted if not store.installed(card))
