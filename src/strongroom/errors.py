"""Every error that Strongroom raises, in one tree.

Each class is also the built-in that a caller would expect, so ``except FileNotFoundError`` works without an import.
Each message says what happened and what to do next.

    StrongroomError
    ├── UsageError (ValueError)              the request itself is wrong
    │   ├── QueryError                       a search query cannot be parsed
    │   ├── NameRefused                      a container or blob name breaks the rules
    │   └── SettingError                     a setting has a value it cannot have
    ├── NotFound (LookupError)
    │   ├── RoomNotFound (FileNotFoundError)
    │   ├── ContainerNotFound
    │   ├── BlobNotFound (FileNotFoundError)
    │   └── ContentNotFound
    ├── Conflict
    │   ├── AlreadyExists (FileExistsError)
    │   └── ConditionFailed                  an etag, lease or version condition does not hold
    ├── AccessDenied (PermissionError)       the scope does not grant it
    ├── RoomError (RuntimeError)
    │   ├── RoomLocked (BlockingIOError)     another process holds the room
    │   ├── RoomVersionError                 the room was written by another version of Strongroom
    │   └── RoomDamaged                      vault, catalog and index do not agree
    ├── StorageError (OSError)
    │   ├── StorageFull                      no space left, or a quota is reached
    │   ├── SourceChanged                    a file changed while it was read
    │   ├── SourceUnread                     a file that was to be added cannot be opened or read
    │   └── Unreachable (ConnectionError)    an object store or database does not answer
    ├── ModelError
    │   ├── ModelMissing (FileNotFoundError) not pulled yet
    │   └── ModelCorrupt (ValueError)        a file's SHA-256 is not the one in the zoo
    └── AnalysisError (ValueError)           one content cannot be analysed; the message is its reason
        ├── Unreadable                       corrupt, truncated or mislabelled
        ├── Encrypted                        a password would be needed
        ├── Unsupported                      no reader for this format here
        └── LimitExceeded                    a bound on depth, count, size, ratio, time or memory was passed
"""

from dataclasses import dataclass


class StrongroomError(Exception):
    """Any error that Strongroom raises on purpose."""

    code: str | None = None
    """A finer name than the class's, where callers tell cases apart: one of the Azure Blob protocol's error codes."""

    def __init__(self, *args: object, code: str | None = None) -> None:
        """Take what happened and what to do next, and the finer name."""
        super().__init__(*args)
        if code is not None:
            self.code = code


class UsageError(StrongroomError, ValueError):
    """The request itself is wrong."""


class QueryError(UsageError):
    """A search query cannot be parsed."""


class NameRefused(UsageError):
    """A container or blob name breaks the naming rules."""


class SettingError(UsageError):
    """A setting has a value that it cannot have."""


class NotFound(StrongroomError, LookupError):
    """What was named does not exist, or the scope does not show it."""


class RoomNotFound(NotFound, FileNotFoundError):
    """There is no room at this place."""


class ContainerNotFound(NotFound):
    """There is no such container in the scope."""


class BlobNotFound(NotFound, FileNotFoundError):
    """There is no such blob in the container."""


class ContentNotFound(NotFound):
    """No live blob in the scope holds this content."""


class Conflict(StrongroomError):
    """The request is well formed but the present state forbids it."""


class AlreadyExists(Conflict, FileExistsError):
    """Something with this name exists already."""


class ConditionFailed(Conflict):
    """A condition on an etag, a lease or a version does not hold."""


class AccessDenied(StrongroomError, PermissionError):
    """The scope does not grant this."""


class RoomError(StrongroomError, RuntimeError):
    """The room as a whole cannot be used as asked."""


class RoomLocked(RoomError, BlockingIOError):
    """Another process holds the room exclusively."""


class RoomVersionError(RoomError):
    """The room was written by another version of Strongroom."""


class RoomDamaged(RoomError):
    """Vault, catalog and index do not agree."""


class StorageError(StrongroomError, OSError):
    """Bytes could not be read or written."""


class StorageFull(StorageError):
    """No space is left, or a quota is reached."""


class SourceChanged(StorageError):
    """A file changed while it was read."""


class SourceUnread(StorageError):
    """A file that was to be added, or is mounted, cannot be opened or read."""


class Unreachable(StorageError, ConnectionError):
    """An object store or a database does not answer."""


class ModelError(StrongroomError):
    """A model cannot be used."""


class ModelMissing(ModelError, FileNotFoundError):
    """A model has not been pulled; the message names the command."""


class ModelCorrupt(ModelError, ValueError):
    """A model file's SHA-256 is not the one that the zoo states."""


class AnalysisError(StrongroomError, ValueError):
    """One content cannot be analysed; the message is the reason that people read."""


class Unreadable(AnalysisError):
    """The bytes are corrupt, truncated or not what they claim to be."""


class Encrypted(AnalysisError):
    """A password would be needed."""


class Unsupported(AnalysisError):
    """No reader for this format is installed here."""


class LimitExceeded(AnalysisError):
    """A bound on depth, count, size, ratio, time or memory was passed."""


@dataclass(frozen=True, kw_only=True)
class Codes:
    """How one error is told at each door."""

    exit: int
    """Exit code of the command line."""
    http: int
    """HTTP status."""
    azure: str
    """Error code of the Azure Blob protocol."""


CODES: dict[type[StrongroomError], Codes] = {
    UsageError: Codes(exit=2, http=400, azure="InvalidInput"),
    NotFound: Codes(exit=3, http=404, azure="ResourceNotFound"),
    ContainerNotFound: Codes(exit=3, http=404, azure="ContainerNotFound"),
    BlobNotFound: Codes(exit=3, http=404, azure="BlobNotFound"),
    Conflict: Codes(exit=4, http=409, azure="ResourceAlreadyExists"),
    ConditionFailed: Codes(exit=4, http=412, azure="ConditionNotMet"),
    AccessDenied: Codes(exit=5, http=403, azure="AuthorizationFailure"),
    RoomError: Codes(exit=6, http=503, azure="ServerBusy"),
    StorageError: Codes(exit=7, http=503, azure="ServerBusy"),
    StorageFull: Codes(exit=7, http=507, azure="InternalError"),
    ModelError: Codes(exit=8, http=503, azure="InternalError"),
    AnalysisError: Codes(exit=9, http=422, azure="InternalError"),
    StrongroomError: Codes(exit=1, http=500, azure="InternalError"),
}
"""The nearest ancestor in this table decides; see `codes`."""


def codes(error: StrongroomError) -> Codes:
    """Give the exit code, HTTP status and Azure code of an error.

    Args:
        error: Any Strongroom error.

    Returns:
        The entry of the nearest class in the method resolution order.
    """
    return next(CODES[cls] for cls in type(error).__mro__ if cls in CODES)
