"""The port of a language model that writes text: one verb."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message of a talk."""

    role: Literal["system", "user", "assistant"]
    """Who says it."""
    text: str
    """What is said."""
    picture: bytes = b""
    """A JPEG that goes with it; empty where none does."""


class ChatModel(Protocol):
    """Messages to the message that follows. It is given no tools and can do nothing but write."""

    @property
    def name(self) -> str:
        """What the endpoint calls it."""

    def write(self, messages: Sequence[Message], *, tokens: int) -> Iterator[str]:
        """Write the next message, piece by piece as it comes.

        Args:
            messages: The talk so far, oldest first.
            tokens: How long the message may be, about four characters each.

        Raises:
            Unreachable: The endpoint does not answer, is too slow, or breaks off; pieces that came before are good.
            ModelError: It refuses, or what it sends is no message.
        """
