"""Pictures that are nearly the same."""

from dataclasses import dataclass

from strongroom.domain.content import Name


@dataclass(frozen=True, kw_only=True, slots=True)
class Alike:
    """A picture that is nearly the same as another: smaller, cropped a little, saved anew."""

    sha256: str
    """The content."""
    names: tuple[Name, ...]
    """Where it is stored, within the scope."""
    media_type: str | None
    """What its bytes are."""
    size: int
    """Bytes."""
    width: int | None
    """Pixels."""
    height: int | None
    """Pixels."""
    bits: int | None
    """Bits of 64 in which the two perceptual hashes differ; None where one has none."""
    likeness: float
    """Cosine of the two picture vectors, at most 1."""
