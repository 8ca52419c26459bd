"""Index tags of blobs, and finding blobs by them."""

from hashlib import md5

from strongroom.domain.tag_query import Comparison, read_search
from strongroom.errors import ConditionFailed, QueryError
from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.conditions import about_tags, condition_of, read_condition_of, read_fault, write_fault
from strongroom.server.azure.wire.headers import md5_of
from strongroom.server.azure.wire.paging import MOST_KEY, XML, endpoint_of, limit_of
from strongroom.server.azure.wire.tags_xml import found_xml, read_tags, tags_xml
from strongroom.server.azure.wire.versions import version_of

MOST_XML = 64 << 10
"""Bytes of ten tags as XML, with much to spare."""


def find_blobs_by_tags(call: Call) -> Reply:
    """Find blobs by tags, in all containers or one: https://learn.microsoft.com/rest/api/storageservices/find-blobs-by-tags."""
    container = call.container() if call.request.address.container else None
    where = call.query("where")
    if where is None:
        raise Fault("MissingRequiredQueryParameter", QueryParameterName="where")
    limit = limit_of(call)
    found = call.vault.find_by_tags(_search(where), call.scope, container=container, after=_after(call), limit=limit + 1)
    shown = sorted(found[:limit], key=lambda one: (one.container, one.name))
    following = str(max(one.id for one in shown)) if len(found) > limit else ""
    return Reply(status=200, headers=XML, body=found_xml(endpoint_of(call.request), where, shown, following))


def _after(call: Call) -> int:
    marker = call.query("marker")
    if marker is None:
        return 0
    if not (marker.isascii() and marker.isdecimal()):
        raise Fault("InvalidQueryParameterValue", QueryParameterName="marker", QueryParameterValue=marker)
    return min(int(marker), MOST_KEY)


def _search(where: str) -> tuple[Comparison, ...]:
    try:
        return read_search(where)
    except QueryError as error:
        code = "InvalidQueryParameterValue"
        raise Fault(code, str(error), QueryParameterName="where", QueryParameterValue=where) from error


def get_blob_tags(call: Call) -> Reply:
    """Give the tags of a blob, a version or a snapshot: https://learn.microsoft.com/rest/api/storageservices/get-blob-tags."""
    version = version_of(call.request.query)
    condition = read_condition_of(about_tags(call.request.headers))
    try:
        look = call.vault.look(call.container(), call.name, version, condition=condition)
    except ConditionFailed as error:
        raise read_fault(error) from error
    return Reply(status=200, headers=XML, body=tags_xml(look.blob.tags))


def set_blob_tags(call: Call) -> Reply:
    """Put tags in the place of all there were: https://learn.microsoft.com/rest/api/storageservices/set-blob-tags."""
    body = call.request.body.read(MOST_XML)
    expected = md5_of(call.header("content-md5"))
    if expected is not None and expected != md5(body, usedforsecurity=False).digest():
        raise Fault("Md5Mismatch")
    tags = read_tags(body)
    condition = condition_of(about_tags(call.request.headers))
    try:
        call.vault.set_tags(call.container(), call.name, tags, version=version_of(call.request.query), condition=condition)
    except ConditionFailed as error:
        raise write_fault(error) from error
    return Reply(status=204)
