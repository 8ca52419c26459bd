"""Bounds on what one content may unfold to, and the meter that holds an analyzer to them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from strongroom.domain.settings import Settings
from strongroom.errors import LimitExceeded
from strongroom.ports.source import Source

_DEFAULTS = Settings()
CHUNK = 1 << 18
"""Bytes of a chunk of a member."""
ODDITIES = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
)
"""What readers of foreign formats raise over bytes that no program would write; each is turned into a reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """What one archive or mailbox may unfold to."""

    depth: int = _DEFAULTS.member_depth
    """How deep archives within archives are opened."""
    count: int = _DEFAULTS.member_count
    """Members."""
    size: int = _DEFAULTS.member_bytes
    """Bytes of all members together."""
    ratio: float = _DEFAULTS.member_ratio
    """How many times larger than the archive the members may be, beyond the floor."""
    floor: int = 64 * 1024**2
    """Bytes of members below which the ratio does not matter."""


class Meter:
    """Counts the members of one content and their bytes, and refuses more than the bounds allow.

    A member is read by whoever takes it from the analyzer; an error there costs that member. A bound that is passed ends
    the whole: `check` raises it again, should the taker have gone on.
    """

    def __init__(self, source: Source, bounds: Bounds) -> None:
        """Start at nothing.

        Raises:
            LimitExceeded: The content itself lies too deep.
        """
        if source.depth >= bounds.depth:
            raise LimitExceeded(
                f"it lies {source.depth} levels deep in other files; member_depth allows {bounds.depth}, so it is not opened"
            )
        self._bounds = bounds
        self._allowed = min(bounds.size, max(bounds.floor, int(bounds.ratio * source.size)))
        self._source_size = source.size
        self._count = 0
        self._size = 0
        self._exceeded: LimitExceeded | None = None

    def declare(self, size: int) -> None:
        """Refuse before reading what the content itself says is too large.

        Raises:
            LimitExceeded: The members would have more bytes together than is allowed.
        """
        if size > self._allowed:
            raise self._too_large(size)

    def member(self) -> None:
        """Count one more member.

        Raises:
            LimitExceeded: There are too many, or too many bytes were read already.
        """
        self.check()
        self._count += 1
        if self._count > self._bounds.count:
            raise LimitExceeded(f"it has more than {self._bounds.count:,} members; raise member_count to read more")

    def check(self) -> None:
        """Raise the bound that was passed while a member was read, if one was.

        Raises:
            LimitExceeded: The same as the reader of the member met.
        """
        if self._exceeded is not None:
            raise self._exceeded

    def chunks(self, data: Iterable[bytes]) -> Iterator[bytes]:
        """Pass a member's bytes on, counted.

        Raises:
            LimitExceeded: They are too many.
            AnalysisError: As the data raises.
        """
        for chunk in data:
            self._size += len(chunk)
            if self._size > self._allowed:
                self._exceeded = self._too_large(self._size)
                raise self._exceeded
            yield chunk

    def _too_large(self, size: int) -> LimitExceeded:
        if size > self._bounds.size:
            return LimitExceeded(
                f"its members have more than {self._bounds.size:,} bytes together; member_bytes allows no more"
            )
        return LimitExceeded(
            f"it looks like a decompression bomb: {self._source_size:,} bytes unfold to {size:,} or more; "
            f"member_ratio allows {self._bounds.ratio:g} times"
        )
