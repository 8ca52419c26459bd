"""The names of people, organisations and places in English texts: spaCy's named entities (https://spacy.io).

The model's files are spaCy's own data (numbers, words, rules of cutting), read from the store; none of its code is run.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from strongroom.domain.entities import LONGEST, ORGANISATION, PERSON, PLACE, Named
from strongroom.domain.settings import Settings
from strongroom.errors import ModelCorrupt
from strongroom.models.cards import ENTITIES
from strongroom.models.store import ModelStore
from strongroom.models.zoo import find_card

NONE = "none"
"""The setting that turns the finding of entities off."""
BATCH = 64
CHARACTERS = 20_000
"""Characters of one text that are read at a time; a name across the cut is lost."""
UNUSED = ("tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer")
"""Parts of the pipeline that names do not need."""

_KINDS = {"PERSON": PERSON, "ORG": ORGANISATION, "GPE": PLACE, "LOC": PLACE, "FAC": PLACE}
_COMPANY = re.compile(r"\b(?:Ltd|Limited|Inc|GmbH|LLC|PLC|plc|LLP|AG|Corp|S\.A|B\.V|SE)\.?$")
_SHOUTED = re.compile(r"\b[A-Z]{4,40}(?:[ ][A-Z]{2,40}){1,8}\b")
"""Words in capitals in a row: the model knows names in the usual spelling only."""
_AROUND = " \t\n.,;:!?'\"\u201c\u201d\u2018\u2019()[]{}<>|*#-\u2013\u2014_/\\"


class SpacyNames:
    """Names in texts, of a spaCy pipeline with a named-entity part."""

    def __init__(self, directory: Path) -> None:
        """Load the model.

        Args:
            directory: Where its files are.

        Raises:
            ModelCorrupt: They are not what spaCy reads.
        """
        from spacy.util import load_model_from_path

        try:
            self._pipeline = load_model_from_path(directory, exclude=list(UNUSED))
        except (OSError, ValueError, KeyError) as error:
            raise ModelCorrupt(
                f"the entity model in {directory} cannot be read ({error}): run `strongroom models pull`"
            ) from error

    def find(self, texts: Sequence[str]) -> list[list[Named]]:
        """Give what each text names, in order.

        Args:
            texts: English, of any length.
        """
        pieces = [(i, text[at : at + CHARACTERS]) for i, text in enumerate(texts) for at in range(0, len(text), CHARACTERS)]
        found: list[list[Named]] = [[] for _ in texts]
        with self._pipeline.memory_zone():  # or every new word would stay in memory for ever
            read = ((_SHOUTED.sub(_lowered, piece), (i, piece)) for i, piece in pieces)
            for doc, (i, piece) in self._pipeline.pipe(read, as_tuples=True, batch_size=BATCH):
                spans = ((one.label_, piece[one.start_char : one.end_char]) for one in doc.ents)
                found[i] += [named for label, text in spans if (named := _named(label, text)) is not None]
        return found


def _lowered(match: re.Match[str]) -> str:
    return match[0].title()


def load_names(settings: Settings, store: ModelStore) -> SpacyNames | None:
    """Load the model that the settings name; None where it is not pulled, for patterns alone do without it."""
    if not is_ready(settings, store):
        return None
    card = find_card(settings.entity_model, ENTITIES)
    for file in card.files:
        store.path(card, file.name)
    return SpacyNames(store.place(card))


def is_ready(settings: Settings, store: ModelStore | None = None) -> bool:
    """Say whether names are found, and not only what has a form.

    Raises:
        SettingError: There is no such model.
    """
    if settings.entity_model == NONE:
        return False
    return (store or ModelStore.of(settings)).installed(find_card(settings.entity_model, ENTITIES))


def _named(label: str, text: str) -> Named | None:
    """Give a name that the model marked; None for a kind that is not wanted, and for what can be no name."""
    kind = _KINDS.get(label)
    name = " ".join(text.split()).removesuffix("'s").removesuffix("\u2019s").strip(_AROUND)
    if kind is None or not 1 < len(name) <= LONGEST or sum(map(str.isalpha, name)) * 2 < len(name) or name.islower():
        return None
    dotted = name + "." if text.rstrip().endswith(name + ".") and _COMPANY.search(name + ".") else name
    return Named(kind=ORGANISATION if _COMPANY.search(name) else kind, text=dotted)
