"""Lists of containers and of blobs."""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.wire.listing_xml import Shows, blobs_xml, containers_xml
from strongroom.server.azure.wire.markers import write_marker
from strongroom.server.azure.wire.paging import XML, endpoint_of, included, limit_of, marker_of, text_of
from strongroom.storage.catalog.listing import Start, Wants

CONTAINER_INCLUDES = frozenset({"metadata", "deleted", "system"})
BLOB_INCLUDES = frozenset(
    {
        "snapshots",
        "metadata",
        "uncommittedblobs",
        "copy",
        "deleted",
        "tags",
        "versions",
        "deletedwithversions",
        "immutabilitypolicy",
        "legalhold",
        "permissions",
    }
)


def list_containers(call: Call) -> Reply:
    """List containers: https://learn.microsoft.com/rest/api/storageservices/list-containers2."""
    asked = included(call, CONTAINER_INCLUDES)
    prefix, marker, limit = text_of(call, "prefix"), text_of(call, "marker"), limit_of(call)
    name, *more = marker_of(call)
    after = (str(name), more[0] if more and isinstance(more[0], int) else None)
    with_deleted = "deleted" in asked
    page = call.vault.list_containers(call.scope, prefix=prefix, after=after, limit=limit, with_deleted=with_deleted)
    following = ""
    if not page.is_last:
        last = page.containers[-1]
        following = write_marker(last.name, last.id) if with_deleted else write_marker(last.name)
    head = [("Prefix", prefix), *([("Marker", marker)] if marker else []), ("MaxResults", str(limit))]
    body = containers_xml(
        endpoint_of(call.request),
        head,
        page.containers,
        page.leases,
        with_metadata="metadata" in asked,
        at=call.request.at,
        following=following,
    )
    return Reply(status=200, headers=XML, body=body)


def list_blobs(call: Call) -> Reply:
    """List blobs: https://learn.microsoft.com/rest/api/storageservices/list-blobs."""
    container = call.container()
    asked = included(call, BLOB_INCLUDES)
    prefix, delimiter, marker = (text_of(call, one) for one in ("prefix", "delimiter", "marker"))
    limit, wants = limit_of(call), _wants(asked)
    page = call.vault.list_blobs(container, prefix=prefix, delimiter=delimiter, start=_start(call), limit=limit, wants=wants)
    head = [("Prefix", prefix), ("Marker", marker), ("MaxResults", str(limit))]
    head += [("Delimiter", delimiter)] if "delimiter" in call.request.query else []
    shows = Shows(
        wants=wants,
        keeps_versions=container.keeps_versions,
        holds="immutabilitypolicy" in asked,
        legal_holds="legalhold" in asked,
        at=call.request.at,
    )
    body = blobs_xml(
        endpoint_of(call.request),
        head,
        page.entries,
        page.leases,
        page.tags,
        container=container.name,
        shows=shows,
        following=_marker(page.following),
    )
    return Reply(status=200, headers=XML, body=body)


def _wants(asked: frozenset[str]) -> Wants:
    return Wants(
        snapshots="snapshots" in asked,
        versions="versions" in asked,
        deleted="deleted" in asked,
        bare="deletedwithversions" in asked,
        uncommitted="uncommittedblobs" in asked,
        metadata="metadata" in asked,
        copies="copy" in asked,
        tags="tags" in asked,
    )


def _start(call: Call) -> Start | None:
    """Give where the page starts: behind the marker, and not before ``startFrom``, which is itself listed."""
    first = text_of(call, "startfrom")
    name, *more = marker_of(call)
    if name and str(name) >= first:
        return Start(name=str(name), version=str(more[0])) if more else Start(name=str(name), is_after=True)
    return Start(name=first) if first else None


def _marker(following: Start | None) -> str:
    if following is None:
        return ""
    return write_marker(following.name) if following.version is None else write_marker(following.name, following.version)
