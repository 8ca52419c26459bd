"""Whether somebody stopped the analysis of a room: a mark beside its locks, which every process sees."""

from strongroom.storage.failing import told
from strongroom.storage.layout import Layout

MARK = "analyze.stopped"


def halt(layout: Layout) -> None:
    """Have whatever analyses the room finish what it has in hand and end; servers begin no other until `go_on`."""
    with told("the room"):
        layout.locks.mkdir(exist_ok=True)
        (layout.locks / MARK).touch()


def go_on(layout: Layout) -> bool:
    """Take the mark away; give whether there was one."""
    with told("the room"):
        try:
            (layout.locks / MARK).unlink()
        except FileNotFoundError:
            return False
    return True


def is_halted(layout: Layout) -> bool:
    """Say whether the analysis is stopped."""
    return (layout.locks / MARK).exists()
