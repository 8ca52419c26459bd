"""Whether the kernel reads for us in bulk: io_uring, for tables on a local disk.

A search compares some hundred vectors that lie anywhere in the table. Lance hands each read to a thread of its own, which
costs more than the read: 3 ms of work for 120 vectors that are all in the page cache, and 1 ms by io_uring. Containers and
hardened systems often refuse it; then reading is what it was.

Lance keeps the files that it reads so open, for a minute and until its next read: what was deleted meanwhile has no name
any more, but its space is free only then. Waiting for a slow disk, its two threads do not sleep.
"""

import ctypes
import os
import struct
import sys
from functools import cache
from pathlib import Path

_SETUP = 425
"""The number of io_uring_setup, the same on all architectures (Linux, include/uapi/asm-generic/unistd.h)."""
_ENTRIES = 16_384
"""As many as Lance asks for: older kernels count them against the memory that a process may lock."""
_PARAMETERS, _FEATURES = 120, 20
"""Bytes of struct io_uring_params, and where its features stand (Linux, include/uapi/linux/io_uring.h)."""
_READS_IN_PLACE = 1 << 3
"""IORING_FEAT_RW_CUR_POS, which came with plain reads (Linux 5.6); before, Lance could open a table but not read it."""


def address(url: str) -> str:
    """Give the address by which a table is best read; as it was, where it is not a local path or the kernel refuses."""
    if "://" in url or not granted():
        return url
    return "file+uring" + Path(url).absolute().as_uri().removeprefix("file")


@cache
def granted() -> bool:
    """Say whether this process may use io_uring; asked here, since Lance writes to the terminal where it may not."""
    if not sys.platform.startswith("linux"):
        return False
    parameters = ctypes.create_string_buffer(_PARAMETERS)
    ring = ctypes.CDLL(None).syscall(_SETUP, _ENTRIES, parameters)
    if ring < 0:
        return False
    os.close(ring)
    (features,) = struct.unpack_from("I", parameters, _FEATURES)
    return bool(features & _READS_IN_PLACE)
