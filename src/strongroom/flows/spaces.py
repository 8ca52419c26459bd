"""A room's vectors are of one text model: another one, though its vectors have the same length, would find nothing right."""

from collections.abc import Callable
from pathlib import Path

from strongroom.errors import SettingError
from strongroom.models.zoo import E5_SMALL_Q4, MINILM
from strongroom.storage.catalog import Catalog, spaces


def check_text_model(catalog: Catalog, model: str, count: Callable[[], int]) -> None:
    """Write down which text model writes the index, as long as it is empty; and hold later ones against it.

    Args:
        catalog: Where it is written down.
        model: What the settings name: a model of the zoo, or a directory, of which the last part of the path counts.
        count: Gives the rows of the index.

    Raises:
        SettingError: The index holds vectors of another model.
    """
    name = Path(model).expanduser().name
    with catalog.read() as tx:
        wrote = spaces.text_model(tx)
    if wrote == name:
        return
    if count():
        if wrote is None and name == E5_SMALL_Q4.name:
            wrote = MINILM.name  # whoever filled it did not know this model yet, and no other of the zoo is as long by default
        if wrote is not None:
            raise SettingError(
                f"text_model is {name}, but the index was written with {wrote}, and neither can read the other's vectors: "
                f"set text_model back to {wrote}, or analyse the files anew in a new room"
            )
    with catalog.write(is_counted=False) as tx:
        spaces.note_text_model(tx, name)
