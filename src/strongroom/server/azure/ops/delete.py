"""Deleting blobs, and restoring them.

https://learn.microsoft.com/rest/api/storageservices/delete-blob and ``undelete-blob``.
"""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.conditions import condition_of
from strongroom.server.azure.wire.versions import version_of
from strongroom.vault import INCLUDE, ONLY, Which

PERMANENT = "permanent"


def delete_blob(call: Call) -> Reply:
    """Delete a blob, its snapshots, or one version of it; for good what is deleted already, with ``deletetype=permanent``."""
    which = _which(call)
    is_gone = call.vault.remove(call.container(), call.name, which, condition_of(call.request.headers))
    return Reply(status=202, headers=[("x-ms-delete-type-permanent", "true" if is_gone else "false")])


def _which(call: Call) -> Which:
    version = version_of(call.request.query)
    snapshots = (call.header("x-ms-delete-snapshots") or "").lower() or None
    if snapshots not in (None, INCLUDE, ONLY):
        raise Fault("InvalidHeaderValue", HeaderName="x-ms-delete-snapshots", HeaderValue=snapshots)
    if version is not None and snapshots is not None:
        if call.query("snapshot") is not None:
            call.vault.look(call.container(), call.name, version)  # what is missing is told first
            raise Fault("InvalidOperation", "Invalid operation against a blob snapshot.")
        raise Fault("InvalidQueryParameterValue", QueryParameterName="versionid", QueryParameterValue=version)
    kind = call.query("deletetype")
    if kind is not None and (kind.lower() != PERMANENT or version is None):
        raise Fault("InvalidQueryParameterValue", QueryParameterName="deletetype", QueryParameterValue=kind)
    is_snapshot = None if version is None else call.query("snapshot") is not None
    return Which(version=version, is_snapshot=is_snapshot, snapshots=snapshots, is_permanent=kind is not None)


def undelete_blob(call: Call) -> Reply:
    """Restore a deleted blob with its snapshots, or the deleted versions of one whose versions are kept."""
    call.vault.restore(call.container(), call.name)
    return Reply(status=200)
