"""Write an OLE compound file ([MS-CFB]): an object that lies as a folder inside another one becomes a file of its own."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_NONE = 0xFFFFFFFF
_MINI, _CUTOFF, _IN_HEADER, _ENTRY = 64, 4096, 109, 128
_SMALL = 6 * 1024**2
"""Bytes up to which sectors of 512 bytes do: the header can list so many of them."""


@dataclass(kw_only=True, slots=True)
class _Node:
    """A folder or stream of the file being written."""

    name: str
    data: bytes | None = None
    children: "dict[str, _Node]" = field(default_factory=dict)
    left: int = _NONE
    right: int = _NONE
    child: int = _NONE
    start: int = _END
    size: int = 0


def written(streams: Mapping[tuple[str, ...], bytes]) -> bytes:
    """Give the bytes of a compound file.

    Args:
        streams: Path of each stream, folders first, and its bytes; up to some 400 MB in all.
    """
    return _Writer(streams).whole()


class _Writer:
    """Lays streams out in sectors: large ones, small ones in sectors of 64 bytes, the directory, and the tables of sectors."""

    def __init__(self, streams: Mapping[tuple[str, ...], bytes]) -> None:
        self._sector = 512 if sum(map(len, streams.values())) < _SMALL else 4096
        self._nodes: list[_Node] = []
        self._table: list[int] = []
        self._body = bytearray()
        root = _Node(name="Root Entry")
        for path, data in streams.items():
            folder = root
            for name in path[:-1]:
                folder = folder.children.setdefault(name, _Node(name=name))
            folder.children[path[-1]] = _Node(name=path[-1], data=data)
        self._add(root)

    def _add(self, node: _Node) -> int:
        at = len(self._nodes)
        self._nodes.append(node)
        ordered = sorted(node.children.values(), key=lambda one: (len(one.name), one.name.upper()))
        node.child = self._tree([(self._add(one), one) for one in ordered])
        return at

    def _tree(self, siblings: list[tuple[int, _Node]]) -> int:
        """Link siblings as a search tree; the middle one is its top."""
        if not siblings:
            return _NONE
        middle = len(siblings) // 2
        at, node = siblings[middle]
        node.left, node.right = self._tree(siblings[:middle]), self._tree(siblings[middle + 1 :])
        return at

    def whole(self) -> bytes:
        small, small_table = bytearray(), list[int]()
        for node in self._nodes:
            if node.data:
                node.size = len(node.data)
                if node.size >= _CUTOFF:
                    node.start = self._put(node.data)
                else:
                    node.start = len(small_table)
                    count = -(-node.size // _MINI)
                    small_table += [*range(node.start + 1, node.start + count), _END]
                    small += node.data + bytes(-node.size % _MINI)
        self._nodes[0].start, self._nodes[0].size = self._put(bytes(small)), len(small)
        per = self._sector // 4
        mini = self._put(struct.pack(f"<{len(small_table)}I", *small_table), b"\xff")
        directory = b"".join(map(self._entry, self._nodes))
        folder = self._put(directory + self._unused() * (-len(self._nodes) % (self._sector // _ENTRY)))
        tables = -(-len(self._table) // (per - 1))
        first = len(self._table)
        self._table += [_FAT] * tables
        self._table += [_FREE] * (tables * per - len(self._table))
        self._body += struct.pack(f"<{len(self._table)}I", *self._table)
        head = struct.pack(
            "<8s16xHHHHH6xIIIIIIIII",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3 if self._sector == 512 else 4, 0xFFFE,  # noqa: PLR2004
            self._sector.bit_length() - 1, 6, 0 if self._sector == 512 else -(-len(directory) // self._sector),  # noqa: PLR2004
            tables, folder, 0, _CUTOFF, mini, -(-len(small_table) // per), _END, 0,
        )  # fmt: skip
        listed = [*range(first, first + tables), *[_FREE] * _IN_HEADER][:_IN_HEADER]
        return (head + struct.pack(f"<{_IN_HEADER}I", *listed)).ljust(self._sector, b"\0") + bytes(self._body)

    def _put(self, data: bytes, filler: bytes = b"\0") -> int:
        """Append data in sectors that follow each other; give the first, or the mark of none."""
        if not data:
            return _END
        first = len(self._table)
        count = -(-len(data) // self._sector)
        self._table += [*range(first + 1, first + count), _END]
        self._body += data + filler * (-len(data) % self._sector)
        return first

    def _entry(self, node: _Node) -> bytes:
        name = node.name.encode("utf-16-le")[:62]
        kind = 5 if node is self._nodes[0] else 1 if node.data is None else 2
        return struct.pack(
            "<64sHBBIII16xI16xIII", name, len(name) + 2, kind, 1, node.left, node.right, node.child, 0, node.start, node.size, 0
        )

    @staticmethod
    def _unused() -> bytes:
        return struct.pack("<64xHBBIII52x", 0, 0, 0, _NONE, _NONE, _NONE)
