"""Operations of the differential test: one maker each."""

from collections.abc import Callable
from random import Random

from differential.generate import (
    BLOCK_IDS,
    BLOCKS,
    BODIES,
    BOXES,
    CONDITIONS,
    CONTENT,
    DISKS,
    FUTURE,
    GUARDED,
    LEASE,
    LEASED,
    LOGS,
    METADATA,
    OTHER_LEASE,
    PAGES,
    PAST,
    TAGGED,
    TAGS,
    TIERS,
    Draw,
    Headers,
    any_of,
    ask,
    blob_path,
    header,
    joined,
    one_of,
    sometimes,
    stated,
)
from differential.rest import Ask

XML = '<?xml version="1.0" encoding="utf-8"?>'
WHERE = ("\"colour\"='red'", "\"colour\">'b' AND \"size\"='2'", "@container='{box}' AND \"colour\"='red'", "nonsense")
ACCESS = sometimes(header("x-ms-blob-public-access", "blob", "container", "bogus"), 3)
NUMBERS = ({"x-ms-if-sequence-number-le": "3"}, {"x-ms-if-sequence-number-lt": "0"}, {"x-ms-if-sequence-number-eq": "7"})
SPANS = ((0, 511), (0, 511), (512, 1535), (512, 1535), (3584, 4095), (3584, 4095), (1, 512), (8192, 8703))
ACTIONS = ("acquire",) * 3 + ("renew", "change", "release", "break") * 2 + ("bogus",)
INCLUDES = ("", "metadata", "snapshots", "snapshots,metadata,tags,copy", "uncommittedblobs", "deleted", "versions", "bogus")
MAKERS: list[Callable[[Draw], Ask]] = []


def operation(weight: int = 1) -> Callable[[Callable[[Draw], Ask]], Callable[[Draw], Ask]]:
    """Count an operation in, so many times."""

    def keep(make: Callable[[Draw], Ask]) -> Callable[[Draw], Ask]:
        MAKERS.extend([make] * weight)
        return make

    return keep


def any_operation(rng: Random) -> Ask:
    """Give a request of any kind."""
    return rng.choice(MAKERS)(lambda maker: maker(rng))


def box(draw: Draw) -> str:
    return draw(one_of(BOXES))


def snapshot(draw: Draw, one_in: int = 6) -> Headers:
    return draw(sometimes(header("snapshot", "{snapshot}", "{snapshot}", "2020-01-01T00:00:00.0000000Z", "bad"), one_in))


@operation()
def list_containers(draw: Draw) -> Ask:
    query = {"comp": "list", "prefix": "{prefix}", **draw(sometimes(header("include", "metadata"), 2))}
    query |= draw(sometimes(header("maxresults", "1", "0", "x", "6000"), 3)) | draw(sometimes(header("marker", "{marker}"), 4))
    return ask("List Containers", "GET", "", query, {})


@operation()
def service_reads(draw: Draw) -> Ask:
    kind = draw(one_of(["service", "account"]))
    return ask("Get service or account properties", "GET", "", {"restype": kind, "comp": "properties"}, {})


@operation()
def find_blobs(draw: Draw) -> Ask:
    query = {"comp": "blobs", "where": draw(one_of(WHERE))}
    if draw(one_of((True, False))):
        return ask("Find Blobs by Tags", "GET", "", {**query, "where": "@container='{box}' AND \"colour\"='red'"}, {})
    return ask("Find Blobs by Tags in Container", "GET", box(draw), {"restype": "container", **query}, {})


@operation(2)
def create_container(draw: Draw) -> Ask:
    name = draw(one_of(["two"] * 5 + ["one"]))
    return ask("Create Container", "PUT", name, {"restype": "container"}, draw(joined(METADATA, ACCESS)))


@operation(2)
def read_container(draw: Draw) -> Ask:
    query = {"restype": "container"} | draw(sometimes(header("comp", "metadata", "acl"), 2))
    return ask("Get Container Properties, Metadata or ACL", draw(one_of(["GET", "HEAD"])), box(draw), query, draw(LEASED))


@operation()
def set_container_metadata(draw: Draw) -> Ask:
    query = {"restype": "container", "comp": "metadata"}
    return ask("Set Container Metadata", "PUT", box(draw), query, draw(joined(METADATA, CONDITIONS, LEASED)))


@operation()
def set_container_acl(draw: Draw) -> Ask:
    rights = "<Expiry>2055-01-01T00:00:00Z</Expiry><Permission>rl</Permission>"
    one = f"<SignedIdentifier><Id>{{}}</Id><AccessPolicy>{rights}</AccessPolicy></SignedIdentifier>"
    inside = "".join(one.format(name) for name in draw(one_of(["", "a", "a", "ab", "ab", "abcdef"])))
    body = f"{XML}<SignedIdentifiers>{inside}</SignedIdentifiers>".encode()
    body = draw(one_of([body, body, body, b"", b"<no"]))
    headers = draw(joined(CONDITIONS, LEASED, ACCESS))
    return ask("Set Container ACL", "PUT", box(draw), {"restype": "container", "comp": "acl"}, headers, body)


@operation()
def delete_container(draw: Draw) -> Ask:
    name = draw(one_of(["two"] * 9 + ["one"]))
    return ask("Delete Container", "DELETE", name, {"restype": "container"}, draw(joined(CONDITIONS, LEASED)))


@operation(6)
def list_blobs(draw: Draw) -> Ask:
    query = {"restype": "container", "comp": "list"} | draw(sometimes(header("prefix", "a", "a/", "b/", "zz"), 3))
    query |= draw(sometimes(header("delimiter", "/", "/", ""), 2)) | draw(sometimes(header("include", *INCLUDES), 2))
    if "snapshots" not in query.get("include", ""):  # which the servers list in another order
        query |= draw(sometimes(header("maxresults", "1", "1", "2", "2", "3", "0", "x", "6000"), 2))
        query |= draw(sometimes(header("marker", "{marker}"), 3))
    return ask("List Blobs", "GET", box(draw), query, {})


def _lease(draw: Draw) -> Headers:
    action = draw(
        one_of(
            [
                "acquire",
                "acquire",
                "acquire",
                "renew",
                "renew",
                "change",
                "change",
                "release",
                "release",
                "break",
                "break",
                "bogus",
            ]
        )
    )
    headers = {"x-ms-lease-action": action}
    proposed = header("x-ms-proposed-lease-id", LEASE, LEASE, LEASE, OTHER_LEASE, "no-guid")
    if action == "acquire":
        headers |= draw(header("x-ms-lease-duration", "15", "60", "-1", "-1", "-1", "60", "14", "x"))
        headers |= draw(sometimes(proposed, 2))
    if action == "break":
        headers |= draw(sometimes(header("x-ms-lease-break-period", "0", "0", "10", "61", "-1"), 2))
    if action in ("renew", "change", "release"):
        headers |= draw(header("x-ms-lease-id", "{lease}", "{lease}", "{lease}", OTHER_LEASE, "no-guid"))
    return headers | (draw(proposed) if action == "change" else {})


@operation(3)
def lease_container(draw: Draw) -> Ask:
    return ask("Lease Container", "PUT", box(draw), {"restype": "container", "comp": "lease"}, _lease(draw) | draw(CONDITIONS))


@operation(6)
def lease_blob(draw: Draw) -> Ask:
    return ask("Lease Blob", "PUT", blob_path(draw), {"comp": "lease"}, _lease(draw) | draw(CONDITIONS) | draw(TAGGED))


@operation(8)
def put_block_blob(draw: Draw) -> Ask:
    body = draw(one_of(BODIES))
    headers = {"x-ms-blob-type": "BlockBlob"} | draw(joined(CONTENT, METADATA, TAGS, GUARDED, stated(body)))
    headers |= draw(sometimes(stated(body, "x-ms-blob-content-md5"), 4)) | draw(
        sometimes(header("x-ms-access-tier", *TIERS[:-1]), 6)
    )
    return ask("Put Blob, block", "PUT", blob_path(draw, BLOCKS), {}, headers, body)


@operation(3)
def put_append_blob(draw: Draw) -> Ask:
    body = draw(one_of([b"", b"", b"", b"x"]))
    headers = {"x-ms-blob-type": "AppendBlob"} | draw(joined(CONTENT, METADATA, TAGS, GUARDED))
    return ask("Put Blob, append", "PUT", blob_path(draw, LOGS), {}, headers, body)


@operation(3)
def put_page_blob(draw: Draw) -> Ask:
    sized = draw(header("x-ms-blob-content-length", "0", *["4096"] * 6, "100", "x"))
    sized |= draw(sometimes(header("x-ms-blob-sequence-number", "0", "7", "-1"), 4))
    headers = {"x-ms-blob-type": "PageBlob"} | sized | draw(joined(CONTENT, METADATA, TAGS, GUARDED))
    return ask("Put Blob, page", "PUT", blob_path(draw, DISKS), {}, headers)


@operation()
def put_no_kind(draw: Draw) -> Ask:
    return ask("Put Blob, no kind", "PUT", blob_path(draw), {}, draw(sometimes(header("x-ms-blob-type", "Bogus"), 2)), b"x")


@operation(6)
def get_blob(draw: Draw) -> Ask:
    ranges = ("bytes=0-3", "bytes=2-", "bytes=0-100000", "bytes=100000-", "bytes=3-1", "nonsense")
    named = draw(one_of(["range", "x-ms-range"]))
    headers = draw(joined(GUARDED, sometimes(header(named, *ranges), 2)))
    headers |= draw(sometimes(header("x-ms-range-get-content-md5", "true", "false"), 6))
    return ask("Get Blob", "GET", blob_path(draw), snapshot(draw), headers)


@operation(4)
def head_blob(draw: Draw) -> Ask:
    return ask("Get Blob Properties", "HEAD", blob_path(draw), snapshot(draw), draw(GUARDED))


@operation(2)
def set_blob_metadata(draw: Draw) -> Ask:
    return ask("Set Blob Metadata", "PUT", blob_path(draw), {"comp": "metadata"}, draw(joined(METADATA, GUARDED)))


@operation(2)
def set_blob_properties(draw: Draw) -> Ask:
    headers = draw(joined(CONTENT, GUARDED)) | draw(sometimes(header("x-ms-blob-content-length", "512", "8192", "100"), 5))
    action = draw(sometimes(header("x-ms-sequence-number-action", "max", "update", "increment", "bogus"), 5))
    number = draw(sometimes(header("x-ms-blob-sequence-number", "3", "9"), 2)) if action else {}
    return ask("Set Blob Properties", "PUT", blob_path(draw), {"comp": "properties"}, headers | action | number)


@operation(3)
def snapshot_blob(draw: Draw) -> Ask:
    return ask("Snapshot Blob", "PUT", blob_path(draw), {"comp": "snapshot"}, draw(joined(METADATA, GUARDED)))


@operation(2)
def set_tier(draw: Draw) -> Ask:
    headers = draw(joined(header("x-ms-access-tier", *TIERS), LEASED, TAGGED))
    return ask("Set Blob Tier", "PUT", blob_path(draw, BLOCKS), {"comp": "tier"} | snapshot(draw, 8), headers)


@operation(2)
def set_tags(draw: Draw) -> Ask:
    tag = "<Tag><Key>{}</Key><Value>{}</Value></Tag>"
    red, twice = [("colour", "red")], [("a", "1"), ("a", "2")]
    chosen = draw(one_of([red, red, [("colour", "blue"), ("size", "2")], [], twice, [("", "x")]]))
    body = f"{XML}<Tags><TagSet>{''.join(tag.format(*one) for one in chosen)}</TagSet></Tags>".encode()
    body = draw(one_of([body, body, body, body, b"<no", b""]))
    return ask("Set Blob Tags", "PUT", blob_path(draw), {"comp": "tags"}, draw(joined(LEASED, TAGGED)), body)


@operation(2)
def get_tags(draw: Draw) -> Ask:
    return ask("Get Blob Tags", "GET", blob_path(draw), {"comp": "tags"} | snapshot(draw), draw(joined(LEASED, TAGGED)))


@operation(5)
def put_block(draw: Draw) -> Ask:
    body = draw(one_of(BODIES))
    query = (
        {"comp": "block"} | draw(sometimes(header("timeout", "30"), 2)) | draw(header("blockid", *BLOCK_IDS[:3], *BLOCK_IDS))
    )
    return ask("Put Block", "PUT", blob_path(draw, BLOCKS), query, draw(joined(stated(body), LEASED)), body)


@operation(5)
def put_block_list(draw: Draw) -> Ask:
    kinds, ids = one_of(("Latest", "Latest", "Committed", "Uncommitted")), one_of(BLOCK_IDS[:4])
    chosen = [(draw(kinds), draw(ids)) for _ in range(draw(one_of((0, 1, 1, 2, 3))))]
    body = f"{XML}<BlockList>{''.join(f'<{kind}>{name}</{kind}>' for kind, name in chosen)}</BlockList>".encode()
    body = draw(one_of([body] * 6 + [b"<no", b"<BlockList><Bogus>QUFB</Bogus></BlockList>"]))
    headers = draw(joined(CONTENT, METADATA, TAGS, GUARDED, stated(body)))
    return ask("Put Block List", "PUT", blob_path(draw, BLOCKS), {"comp": "blocklist"}, headers, body)


@operation(3)
def get_block_list(draw: Draw) -> Ask:
    query = {"comp": "blocklist"} | draw(sometimes(header("blocklisttype", "all", "committed", "uncommitted", "bogus"), 2))
    return ask("Get Block List", "GET", blob_path(draw, BLOCKS), query | snapshot(draw, 10), draw(joined(LEASED, TAGGED)))


@operation(4)
def append_block(draw: Draw) -> Ask:
    body = draw(one_of(BODIES))
    position = sometimes(header("x-ms-blob-condition-appendpos", "0", "5", "x"), 4)
    most = sometimes(header("x-ms-blob-condition-maxsize", "4", "600"), 5)
    headers = draw(joined(GUARDED, stated(body), position, most))
    return ask("Append Block", "PUT", blob_path(draw, LOGS), {"comp": "appendblock"}, headers, body)


@operation()
def seal(draw: Draw) -> Ask:
    return ask("Seal Append Blob", "PUT", blob_path(draw, LOGS), {"comp": "seal"}, draw(joined(CONDITIONS, LEASED)))


@operation(4)
def put_page(draw: Draw) -> Ask:
    action = draw(one_of(["update", "update", "update", "update", "clear", "clear", "bogus"]))
    first, last = draw(one_of(SPANS))
    fitting = PAGES[last - first > 511]
    body = b"" if action == "clear" else draw(one_of([fitting] * 6 + [*PAGES]))
    where = {draw(one_of(["range", "x-ms-range"])): f"bytes={first}-{last}"}
    number = sometimes(one_of(NUMBERS), 5)
    headers = {"x-ms-page-write": action} | where | draw(joined(GUARDED, stated(body), number))
    return ask("Put Page", "PUT", blob_path(draw, DISKS), {"comp": "page"}, headers, body)


@operation(3)
def get_page_ranges(draw: Draw) -> Ask:
    headers = draw(joined(GUARDED, sometimes(header("x-ms-range", "bytes=0-1023", "bytes=700-", "bytes=90000-"), 3)))
    return ask("Get Page Ranges", "GET", blob_path(draw, DISKS), {"comp": "pagelist"} | snapshot(draw), headers)


def _source(draw: Draw) -> Headers:
    name = draw(one_of(("a", "a", "a/b", "log", "disk", "new")))
    url = "{url}/{prefix}" + f"{draw(one_of(BOXES))}/{name}"
    url = draw(one_of([url] * 5 + [url + "?snapshot={snapshot}", "nonsense"]))
    more = sometimes(
        any_of(
            header("x-ms-source-if-match", '"0x1"', "*"),
            header("x-ms-source-if-none-match", '"0x1"', "*"),
            header("x-ms-source-if-modified-since", PAST, FUTURE),
            header("x-ms-source-if-unmodified-since", PAST, FUTURE),
        ),
        5,
    )
    return {"x-ms-copy-source": url} | draw(more)


@operation(3)
def copy_blob(draw: Draw) -> Ask:
    headers = (
        _source(draw) | draw(joined(METADATA, TAGS, GUARDED)) | draw(sometimes(header("x-ms-access-tier", *TIERS[:-1]), 6))
    )
    return ask("Copy Blob", "PUT", blob_path(draw), {}, headers)


@operation(2)
def copy_blob_at_once(draw: Draw) -> Ask:
    headers = _source(draw) | {"x-ms-requires-sync": "true"} | draw(joined(METADATA, TAGS, GUARDED))
    return ask("Copy Blob From URL", "PUT", blob_path(draw), {}, headers)


@operation()
def abort_copy(draw: Draw) -> Ask:
    query = {"comp": "copy", "copyid": draw(one_of(["{copy}", LEASE, "bad"]))}
    return ask("Abort Copy Blob", "PUT", blob_path(draw), query, {"x-ms-copy-action": "abort"} | draw(LEASED))


@operation(4)
def delete_blob(draw: Draw) -> Ask:
    how = draw(sometimes(header("x-ms-delete-snapshots", "include", "only", "bogus"), 2))
    return ask("Delete Blob", "DELETE", blob_path(draw), snapshot(draw), how | draw(GUARDED))


@operation()
def nonsense(draw: Draw) -> Ask:
    path = draw(one_of(["", "one", "one/a", "UPPER", "a", "bad--name", "one/" + "x" * 1025]))
    query = draw(one_of([{"comp": "bogus"}, {"restype": "bogus"}, {"restype": "container", "comp": "bogus"}, {}]))
    return ask("What is none", draw(one_of(["GET", "PUT", "DELETE", "POST", "PATCH"])), path, query, {}, b"")


START = (
    ask("Create Container", "PUT", "one", {"restype": "container"}, {}),
    ask("Put Blob, block", "PUT", "one/a", {}, {"x-ms-blob-type": "BlockBlob", "x-ms-tags": "colour=red"}, b"hello"),
    ask("Put Blob, append", "PUT", "one/log", {}, {"x-ms-blob-type": "AppendBlob", "x-ms-meta-one": "1"}),
    ask("Append Block", "PUT", "one/log", {"comp": "appendblock"}, {}, b"hello"),
    ask("Put Blob, page", "PUT", "one/disk", {}, {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "4096"}),
    ask("Put Page", "PUT", "one/disk", {"comp": "page"}, {"x-ms-page-write": "update", "range": "bytes=512-1023"}, PAGES[0]),
    ask("Put Block", "PUT", "one/new", {"comp": "block", "blockid": BLOCK_IDS[0]}, {}, b"hello"),
)
"""How every sequence begins: a blob of each kind, and a block that is not committed."""
