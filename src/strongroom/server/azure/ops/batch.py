"""Many deletions or tiers in one request."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

from strongroom.server.azure.body import NoBody
from strongroom.server.azure.call import Call, Reply, Request
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.reply import common_headers, fault_body
from strongroom.server.azure.request import address_of, query_of
from strongroom.server.azure.wire.multipart import Part, PartReply, boundary_of, read_parts, spell_parts

MOST_PARTS = 256
"""Requests of a batch."""
MOST_BYTES = 4 << 20
"""Bytes of a batch."""

_KINDS: Mapping[tuple[str, str], str] = {("DELETE", ""): "delete", ("PUT", "tier"): "tier"}
"""What a batch may ask, by method and ``comp``."""


def blob_batch(call: Call) -> Reply:
    """Do what a batch asks, a request after the other; each proves by itself who asks, and fails by itself.

    A batch that is wrong as a whole has one answer, which belongs to none of its requests.
    """
    boundary = boundary_of(call.header("content-type"))
    body = call.request.body.read(MOST_BYTES)
    try:
        parts = read_parts(body, boundary, MOST_PARTS)
        requests = [_request_of(call.request, part) for part in parts]
        _check(call.request, requests)
    except Fault as fault:
        replies = [_refusal(fault, None, call.request)]
    else:
        replies = [_answer(call, part, request) for part, request in zip(parts, requests, strict=True)]
    answer_boundary = f"batchresponse_{uuid4()}"
    return Reply(
        status=202,
        headers=[("content-type", f"multipart/mixed; boundary={answer_boundary}")],
        body=spell_parts(replies, answer_boundary),
    )


def _request_of(whole: Request, part: Part) -> Request:
    query = query_of(part.raw_query)
    return replace(
        whole,
        method=part.method,
        raw_path=part.raw_path,
        raw_query=part.raw_query,
        address=address_of(whole.headers.get("host", ""), part.raw_path, query),
        query=query,
        headers={**part.headers, "host": whole.headers.get("host", "")},
        body=NoBody(),
        id=str(uuid4()),
    )


def _check(whole: Request, requests: list[Request]) -> None:
    kinds = {_KINDS.get((one.method, one.query.get("comp", "").lower())) for one in requests}
    if None in kinds:
        raise Fault("InvalidInput", "A batch may delete blobs or set their tiers, and nothing else.")
    if len(kinds) > 1:
        raise Fault("AllBatchSubRequestsShouldBeSameApi")
    for one in requests:
        if one.address.account != whole.address.account or not one.address.blob:
            raise Fault("InvalidInput", "A part of the batch names no blob of this account.")
        if whole.address.container and one.address.container != whole.address.container:
            raise Fault("InvalidInput", "A part of the batch names a blob of another container.")


def _answer(call: Call, part: Part, request: Request) -> PartReply:
    try:
        reply = call.ask(request)
    except Fault as fault:
        return _refusal(fault, part.content_id, request)
    assert isinstance(reply.body, bytes)  # neither a deletion nor a tier has one
    headers = [*reply.headers, *common_headers(request), ("Content-Length", str(len(reply.body)))]
    return PartReply(content_id=part.content_id, status=reply.status, headers=headers, body=reply.body)


def _refusal(fault: Fault, content_id: str | None, request: Request) -> PartReply:
    body = fault_body(fault, request.id)
    told = [("x-ms-error-code", fault.code), *fault.headers, *common_headers(request)]
    told += [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
    return PartReply(content_id=content_id, status=fault.status, headers=told, body=body)
