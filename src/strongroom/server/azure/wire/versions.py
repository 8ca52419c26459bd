"""Which version of a blob a request is about: ``snapshot`` or ``versionid``, and how a reply names one."""

import re
from collections.abc import Mapping

from strongroom.domain.blob import Blob
from strongroom.domain.container import Container
from strongroom.server.azure.faults import Fault

_ID = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")


def version_of(query: Mapping[str, str]) -> str | None:
    """Give the id of the version or snapshot that is asked for; None for the blob itself.

    Raises:
        Fault: Both are given (``MutuallyExclusiveQueryParameters``), or the version's is none (``InvalidQueryParameterValue``).
    """
    snapshot, version = query.get("snapshot") or None, query.get("versionid") or None
    if snapshot is not None and version is not None:
        raise Fault("MutuallyExclusiveQueryParameters", Reason="snapshot and versionid cannot be given together.")
    if version is not None and _ID.fullmatch(version) is None:
        raise Fault("InvalidQueryParameterValue", QueryParameterName="versionid", QueryParameterValue=version)
    return snapshot or version


def version_headers(container: Container, blob: Blob) -> list[tuple[str, str]]:
    """Give the id of a version that was just made, where its container keeps versions."""
    return [("x-ms-version-id", blob.version)] if container.keeps_versions else []
