"""What file systems and object stores raise, told as Strongroom's own errors."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from obstore import exceptions

from strongroom.errors import StorageError, StorageFull, Unreachable

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def told(what: str) -> Iterator[None]:
    """Tell failures of the block as errors that say what to do.

    Args:
        what: What is being done, as the subject of a sentence: ``the vault``.

    Raises:
        StorageFull: No space is left.
        Unreachable: An object store does not answer.
        StorageError: Anything else the system refused; a missing file stays a `FileNotFoundError`.
    """
    try:
        yield
    except (StorageError, FileNotFoundError):
        raise
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull(f"{what} has no space left: free some and repeat; nothing was lost") from error
        raise StorageError(f"{what} cannot be used: {error}; check the path and its permissions") from error
    except exceptions.NotFoundError as error:
        raise FileNotFoundError(str(error)) from error
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
        raise StorageError(f"{what} refuses access: check the credentials in the environment ({_short(error)})") from error
    except exceptions.GenericError as error:
        raise Unreachable(
            f"{what} does not answer: check the address and the network, then repeat ({_short(error)})"
        ) from error
    except exceptions.BaseError as error:
        raise StorageError(f"{what} cannot be used: {_short(error)}") from error


def _short(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:300]
