"""The system calls of a process, as strace recorded them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TRACED = "openat,write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync,unlink"
LINE = re.compile(r"(\d+) +(?:<\.\.\. )?(\w+)(\(| resumed)(.*)")
TARGET = re.compile(r'\d+<([^>]*)>|"([^"]*)"')
PATH_OF_OPEN = re.compile(r'[^"]*"([^"]*)"')


@dataclass(frozen=True, kw_only=True)
class Call:
    """One system call."""

    thread: str
    name: str
    target: str
    """The file's path, or ``socket:[…]``."""
    text: str
    """As recorded."""
    began: int
    ended: int
    """Places in the record."""


def read_calls(record: Path) -> list[Call]:
    """Give the calls in the order in which they began."""
    calls: list[Call] = []
    begun: dict[tuple[str, str], tuple[int, str]] = {}
    for number, line in enumerate(record.read_text("utf-8", errors="replace").splitlines()):
        found = LINE.match(line)
        if not found:
            continue
        process, name, how, rest = found.groups()
        if rest.endswith("<unfinished ...>"):
            begun[process, name] = number, rest
            continue
        began, text = begun.pop((process, name), (number, rest)) if how == " resumed" else (number, rest)
        calls.append(Call(thread=process, name=name, target=_target(name, text), text=text, began=began, ended=number))
    return sorted(calls, key=lambda call: call.began)


def answers(calls: Sequence[Call]) -> list[tuple[list[Call], Call]]:
    """Cut the calls at each answer to a client: what came before it, and the call that sent it."""
    found: list[tuple[list[Call], Call]] = []
    before: list[Call] = []
    for call in calls:
        if call.target.startswith("socket:") and '"HTTP/1.1 ' in call.text:
            found.append((before, call))
            before = []
        else:
            before.append(call)
    return found


def _target(name: str, text: str) -> str:
    found = (PATH_OF_OPEN if name == "openat" else TARGET).match(text)
    return next((group for group in found.groups() if group), "") if found else ""
