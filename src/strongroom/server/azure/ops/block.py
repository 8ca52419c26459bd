"""Blocks: putting, committing and listing them.

https://learn.microsoft.com/rest/api/storageservices/put-block, ``put-block-list`` and ``get-block-list``.
"""

from hashlib import md5

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.ops.put import limited, need_length
from strongroom.server.azure.wire import structured
from strongroom.server.azure.wire.blocklist import block_id_of, block_list, refs_of
from strongroom.server.azure.wire.checksums import Checksum
from strongroom.server.azure.wire.conditions import condition_of, making, read_condition_of
from strongroom.server.azure.wire.headers import base64, changed_headers
from strongroom.server.azure.wire.traits import made_headers, need_stored, refuse_keys, traits_of
from strongroom.server.azure.wire.versions import version_of
from strongroom.server.azure.wire.xml import MOST_BYTES as MOST_XML

MOST_BYTES = 4000 << 20
"""Bytes of a block."""

LISTS = ("committed", "uncommitted", "all")


def put_block(call: Call) -> Reply:
    """Put block."""
    need_length(call)
    block_id = block_id_of(call.query("blockid"))
    refuse_keys(call.request.headers)
    container = call.container()
    need_stored(container)
    if call.request.body.length == 0:
        raise Fault("InvalidHeaderValue", HeaderName="content-length", HeaderValue="0")
    checksum = Checksum(call.request.headers, has_crc=True)
    source = checksum.through(limited(call, MOST_BYTES))
    call.vault.stage_block(container, call.name, block_id, source, lease_id=call.header("x-ms-lease-id"))
    told = [*checksum.headers(), ("x-ms-request-server-encrypted", "true"), *structured.told(call.request.headers)]
    return Reply(status=201, headers=told)


def put_block_list(call: Call) -> Reply:
    """Put block list."""
    need_length(call)
    refuse_keys(call.request.headers)
    container = call.container()
    need_stored(container)
    traits = traits_of(call.request.headers)
    condition = condition_of(call.request.headers)
    checksum = Checksum(call.request.headers)
    body = checksum.check(call.request.body.read(MOST_XML))
    refs = refs_of(body)
    with making():
        blob = call.vault.commit_blocks(container, call.name, refs, traits, condition)
    sum_ = checksum.headers() or [("content-md5", base64(md5(body, usedforsecurity=False).digest()))]
    return Reply(status=201, headers=[*made_headers(container, blob), *sum_])


def get_block_list(call: Call) -> Reply:
    """Get block list."""
    which = (call.query("blocklisttype") or "committed").lower()
    if which not in LISTS:
        raise Fault("InvalidQueryParameterValue", QueryParameterName="blocklisttype", QueryParameterValue=which)
    container = call.container()
    found = call.vault.blocks(container, call.name, version_of(call.request.query), read_condition_of(call.request.headers))
    told = [] if found.blob is None else changed_headers(found.blob)
    size = 0 if found.blob is None else found.blob.size
    return Reply(
        status=200,
        headers=[*told, ("x-ms-blob-content-length", str(size)), ("content-type", "application/xml")],
        body=block_list(
            () if which == "uncommitted" else found.committed,
            () if which == "committed" else found.waiting,
        ),
    )
