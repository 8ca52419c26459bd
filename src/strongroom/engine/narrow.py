"""How a batch that failed is cut, so that only the bad item is lost."""

from collections.abc import Iterator

Ids = tuple[str, ...]


def narrow(ids: Ids, suspect: int) -> Iterator[Ids]:
    """Cut a failed batch into smaller ones to be run again.

    The item that was being worked on is run alone, which confirms or clears it; the rest is halved, so that a batch in
    which the mark misleads still ends after a logarithm of rounds.

    Args:
        ids: Two or more ids.
        suspect: The place of the item that was being worked on; anything else where it is not known.

    Yields:
        Pieces that hold each id once, each smaller than the whole.
    """
    if 0 <= suspect < len(ids):
        yield (ids[suspect],)
        ids = ids[:suspect] + ids[suspect + 1 :]
    middle = len(ids) // 2
    yield from filter(None, (ids[:middle], ids[middle:]))
