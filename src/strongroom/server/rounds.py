"""What a server does every now and then, beside answering."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from strongroom.errors import StrongroomError

logger = logging.getLogger("strongroom.server")


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """Something that is done again and again."""

    every: float
    """Seconds between one end and the next beginning."""
    work: Callable[[], object]
    """Does it; what it raises is logged, and it is tried again the next time."""
    last: Callable[[], object] | None = None
    """Is done when the server ends."""
    at_once: bool = False
    """Whether it is done at the start too."""


@contextmanager
def rounds(*given: Round) -> Iterator[None]:
    """Do each in a thread of its own for as long as the block runs."""
    with ExitStack() as stack:
        for one in given:
            stack.enter_context(_going(one))
        yield


@contextmanager
def _going(one: Round) -> Iterator[None]:
    stop = threading.Event()

    def go() -> None:
        if one.at_once:
            _try(one.work)
        while not stop.wait(one.every):
            _try(one.work)

    thread = threading.Thread(target=go, name="rounds")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        if one.last is not None:
            _try(one.last)


def _try(work: Callable[[], object]) -> None:
    began = time.perf_counter()
    try:
        work()
    except StrongroomError as error:
        logger.warning("upkeep has to wait: %s", error)
    except Exception:
        logger.exception("upkeep failed after %.1f s", time.perf_counter() - began)
