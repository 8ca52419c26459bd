"""Which names of blobs a share shows, and which it lets be written."""

import re

from strongroom.domain.blob import Blob

MOST_CHARACTERS = 1024
UNSAFE = re.compile("[\x00-\x1f\x7f\\\\\ud800-\udfff\ufffe\uffff]")
"""What XML cannot say, and what a client's system may take for a step between folders."""
LITTER = re.compile(r"\._.*|\.DS_Store|\.Trash.*|~\$.*|Thumbs\.db|desktop\.ini", re.IGNORECASE)
"""What programs leave behind in folders that they look at."""
FOLDER_MARK = "hdi_isfolder"
"""Metadata of an empty blob that stands for a folder, as Azure's tools write it."""


def is_shown(segment: str) -> bool:
    """Say whether a part of a name can be a file or a folder of a share: never one that leads somewhere else."""
    return segment not in ("", ".", "..") and len(segment) <= MOST_CHARACTERS and not UNSAFE.search(segment)


def is_taken(segment: str) -> bool:
    """Say whether something of this name may be written."""
    return is_shown(segment) and not LITTER.fullmatch(segment) and segment == segment.strip()


def is_folder(blob: Blob) -> bool:
    """Say whether a blob stands for a folder."""
    return blob.size == 0 and blob.metadata.get(FOLDER_MARK, "").lower() == "true"
