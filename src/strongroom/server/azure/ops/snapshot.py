"""Snapshots: https://learn.microsoft.com/rest/api/storageservices/snapshot-blob."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.wire.conditions import read_condition_of
from strongroom.server.azure.wire.headers import changed_headers, metadata_of
from strongroom.server.azure.wire.versions import version_headers


def snapshot_blob(call: Call) -> Reply:
    """Keep what a blob is now; metadata that is given is the snapshot's own."""
    metadata = metadata_of(call.request.headers)
    container = call.container()
    taken, blob = call.vault.take_snapshot(
        container, call.name, metadata=metadata or None, condition=read_condition_of(call.request.headers)
    )
    headers = [
        ("x-ms-snapshot", taken.version),
        *changed_headers(taken),
        ("x-ms-request-server-encrypted", "true"),
        *version_headers(container, blob),
    ]
    return Reply(status=201, headers=headers)
