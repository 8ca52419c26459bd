"""Which letters of a shared access signature an operation needs.

https://learn.microsoft.com/rest/api/storageservices/create-account-sas#account-sas-permissions-by-operation
"""

from collections.abc import Mapping

from strongroom.server.azure.call import Request
from strongroom.server.azure.route import BLOB, CONTAINER, SERVICE, Operation

ANY = "rwdlacuptfiyxme"
"""Whatever there is: a batch's parts each prove themselves."""

FINER: Mapping[str, str] = {
    "AbortCopy": "w",
    "BlobBatch": ANY,
    "ContainerBatch": ANY,
    "GetContainerProperties": "r",
    "GetContainerPropertiesHead": "r",
    "PutBlock": "w",
    "PutBlockFromUrl": "w",
    "PutBlockList": "w",
}
"""Where the letters of `route.OPERATIONS` are too many."""

CREATES = frozenset({"CopyBlob", "CopyBlobFromUrl", "IncrementalCopy", "PutBlob", "PutBlobFromUrl"})
"""What makes blobs with ``c``, but replaces them only with ``w``."""

_RESOURCE = {SERVICE: "s", CONTAINER: "c", BLOB: "o"}
_INSIDE = frozenset({"ContainerBatch", "FindBlobsByTagsInContainer", "ListBlobs"})
"""What a service's signature permits on a container; all else there takes an account's."""
_INFORMATION = "GetAccountInformation"


def resource_types(operation: Operation) -> str:
    """Give the resource types of an account's signature, any of which suffices."""
    if operation.name == "BlobBatch" or operation.name.startswith(_INFORMATION):
        return "sco"
    return "so" if operation.name == "FindBlobsByTags" else _RESOURCE[operation.level]


def by_account(operation: Operation, request: Request) -> str:
    """Give the letters of an account's signature, any of which suffices."""
    return _letters(operation, request)


def by_service(operation: Operation, request: Request) -> str:
    """Give the letters of a service's signature, any of which suffices; none where no such signature does."""
    if operation.name.startswith(_INFORMATION):
        return "" if operation.level == SERVICE else "r"
    if operation.level == BLOB or operation.name in _INSIDE:
        return _letters(operation, request)
    return ""


def also(operation: Operation, request: Request) -> str:
    """Give letters that must be there too."""
    return "t" if operation.act == "write" and request.headers.get("x-ms-tags") else ""


def _letters(operation: Operation, request: Request) -> str:
    if operation.name in ("LeaseBlob", "LeaseContainer"):
        return "wd" if request.headers.get("x-ms-lease-action", "").lower() == "break" else "w"
    if operation.name == "DeleteBlob":
        if request.query.get("deletetype", "").lower() == "permanent":
            return "y"
        return "x" if request.query.get("versionid") else "d"
    return FINER.get(operation.name, operation.sas)
