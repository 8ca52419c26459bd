"""Bytes on their way, some at a time."""

from typing import TypeAlias

Chunk: TypeAlias = bytes | memoryview
"""Some of the bytes of a stream. A view may be of a buffer that is used again: it is good until the next chunk but one is asked
for, so that one may be hashed while the next one comes; who keeps it longer copies it."""
