"""Anybody: what may be read without signing in, where a container says so."""

from strongroom.domain.container import Container

READS_BLOB = frozenset(
    {"GetBlob", "GetBlobProperties", "GetBlobMetadata", "GetBlobMetadataHead", "GetPageRanges", "GetBlockList"}
)
"""What anybody may do with a blob whose name they know."""

READS_CONTAINER = READS_BLOB | {
    "GetContainerProperties",
    "GetContainerPropertiesHead",
    "GetContainerMetadata",
    "GetContainerMetadataHead",
    "ListBlobs",
}
"""What anybody may do where the container can be listed too."""


def may(container: Container, operation: str) -> bool:
    """Say whether anybody may do it."""
    if container.public == "container":
        return operation in READS_CONTAINER
    return container.public == "blob" and operation in READS_BLOB
