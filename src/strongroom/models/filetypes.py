"""What a file is, told by its bytes."""

from typing import BinaryIO

from strongroom.domain.media import EMPTY, OCTETS


class FileTypes:
    """Bytes to media types."""

    def identify(self, head: bytes, size: int, name: str, stream: BinaryIO) -> str:
        """Give the media type of a content.

        Args:
            head: Its first bytes (64 KiB are enough).
            size: Its length.
            name: One of its names; only a hint.
            stream: Seekable, over all its bytes.
        """
        if not size:
            return EMPTY
        import filetype

        del name, stream
        return filetype.guess_mime(head) or OCTETS
