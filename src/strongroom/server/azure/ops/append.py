"""Appending to append blobs, and sealing them.

https://learn.microsoft.com/rest/api/storageservices/append-block and ``append-blob-seal``.
"""

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.ops.put import limited, need_length, number_of
from strongroom.server.azure.wire import structured
from strongroom.server.azure.wire.checksums import Checksum
from strongroom.server.azure.wire.conditions import condition_of, making
from strongroom.server.azure.wire.headers import changed_headers
from strongroom.server.azure.wire.traits import need_stored, refuse_keys

MOST_BYTES = 100 << 20
"""Bytes of one append."""
HIGHEST = (1 << 63) - 1

POSITION = "x-ms-blob-condition-appendpos"
MOST_SIZE = "x-ms-blob-condition-maxsize"


def append_block(call: Call) -> Reply:
    """Append block."""
    need_length(call)
    refuse_keys(call.request.headers)
    container = call.container()
    need_stored(container)
    if call.request.body.length == 0:
        raise Fault("InvalidHeaderValue", HeaderName="content-length", HeaderValue="0")
    checksum = Checksum(call.request.headers, has_crc=True)
    with making():
        done = call.vault.append(
            container,
            call.name,
            checksum.through(limited(call, MOST_BYTES)),
            condition=condition_of(call.request.headers),
            at=number_of(call, POSITION, HIGHEST),
            at_most=number_of(call, MOST_SIZE, HIGHEST),
        )
    return Reply(
        status=201,
        headers=[
            *changed_headers(done.blob),
            *checksum.headers(),
            ("x-ms-blob-append-offset", str(done.offset)),
            ("x-ms-blob-committed-block-count", str(done.blocks)),
            ("x-ms-request-server-encrypted", "true"),
            *structured.told(call.request.headers),
        ],
    )


def seal_append_blob(call: Call) -> Reply:
    """Seal append blob."""
    container = call.container()
    need_stored(container)
    at = number_of(call, POSITION, HIGHEST)
    with making():
        blob = call.vault.seal(container, call.name, condition=condition_of(call.request.headers), at=at)
    return Reply(status=200, headers=[*changed_headers(blob), ("x-ms-blob-sealed", "true")])
