"""The table of operations, and which of them a request means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from strongroom.server.azure.call import Address, Call, Reply
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.ops import (
    append,
    batch,
    block,
    container,
    copy,
    delete,
    from_url,
    hold,
    lease,
    listing,
    missing,
    page,
    properties,
    put,
    read,
    service,
    snapshot,
    tags,
)

SERVICE, CONTAINER, BLOB = "service", "container", "blob"
"""What an operation is on."""

ROOT = "$root"
"""The container of blobs that are named without one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One operation of the protocol."""

    name: str
    """As Azure's documentation calls it."""
    level: str
    """`SERVICE`, `CONTAINER` or `BLOB`."""
    method: str
    """HTTP method."""
    restype: str = ""
    """The query parameter ``restype`` that asks for it."""
    comp: str = ""
    """The query parameter ``comp`` that asks for it."""
    given: tuple[str, ...] = ()
    """Headers that must be there too; of several operations that fit, the first in `OPERATIONS` is meant."""
    run: Callable[[Call], Reply]
    """Does it."""
    sas: str = ""
    """Letters of SAS permissions, any of which suffices; empty where no SAS does. `auth` knows the finer rules."""
    act: str
    """``read``, ``list``, ``write``, ``delete`` or ``manage``: what the policy is asked for."""


# One line an operation reads as a table.
# fmt: off
OPERATIONS: tuple[Operation, ...] = (
    Operation(name="ListContainers", level=SERVICE, method="GET", comp="list", run=listing.list_containers, sas="l", act="list"),
    Operation(name="GetBlobServiceProperties", level=SERVICE, method="GET", restype="service", comp="properties", run=service.get_blob_service_properties, sas="r", act="read"),
    Operation(name="SetBlobServiceProperties", level=SERVICE, method="PUT", restype="service", comp="properties", run=service.set_blob_service_properties, sas="w", act="manage"),
    Operation(name="GetBlobServiceStats", level=SERVICE, method="GET", restype="service", comp="stats", run=service.get_blob_service_stats, sas="r", act="read"),
    Operation(name="GetAccountInformation", level=SERVICE, method="GET", restype="account", comp="properties", run=service.get_account_information, sas="rwdlacup", act="read"),
    Operation(name="GetAccountInformationHead", level=SERVICE, method="HEAD", restype="account", comp="properties", run=service.get_account_information, sas="rwdlacup", act="read"),
    Operation(name="GetUserDelegationKey", level=SERVICE, method="POST", restype="service", comp="userdelegationkey", run=service.get_user_delegation_key, act="manage"),
    Operation(name="FindBlobsByTags", level=SERVICE, method="GET", comp="blobs", run=tags.find_blobs_by_tags, sas="f", act="list"),
    Operation(name="BlobBatch", level=SERVICE, method="POST", comp="batch", run=batch.blob_batch, sas="rwdlacuptfiy", act="write"),
    # So asks the JavaScript SDK where the account stands in the path, which it takes for a container.
    Operation(name="BlobBatch", level=SERVICE, method="POST", restype="container", comp="batch", run=batch.blob_batch, sas="rwdlacuptfiy", act="write"),
    Operation(name="CreateContainer", level=CONTAINER, method="PUT", restype="container", run=container.create_container, sas="cw", act="write"),
    Operation(name="GetContainerProperties", level=CONTAINER, method="GET", restype="container", run=container.get_container_properties, sas="rl", act="read"),
    Operation(name="GetContainerPropertiesHead", level=CONTAINER, method="HEAD", restype="container", run=container.get_container_properties, sas="rl", act="read"),
    Operation(name="DeleteContainer", level=CONTAINER, method="DELETE", restype="container", run=container.delete_container, sas="d", act="delete"),
    Operation(name="SetContainerMetadata", level=CONTAINER, method="PUT", restype="container", comp="metadata", run=container.set_container_metadata, sas="w", act="write"),
    Operation(name="GetContainerMetadata", level=CONTAINER, method="GET", restype="container", comp="metadata", run=container.get_container_metadata, sas="r", act="read"),
    Operation(name="GetContainerMetadataHead", level=CONTAINER, method="HEAD", restype="container", comp="metadata", run=container.get_container_metadata, sas="r", act="read"),
    Operation(name="GetContainerAcl", level=CONTAINER, method="GET", restype="container", comp="acl", run=container.get_container_acl, act="manage"),
    Operation(name="GetContainerAclHead", level=CONTAINER, method="HEAD", restype="container", comp="acl", run=container.get_container_acl, act="manage"),
    Operation(name="SetContainerAcl", level=CONTAINER, method="PUT", restype="container", comp="acl", run=container.set_container_acl, act="manage"),
    Operation(name="LeaseContainer", level=CONTAINER, method="PUT", restype="container", comp="lease", run=lease.lease_container, sas="wd", act="write"),
    Operation(name="RestoreContainer", level=CONTAINER, method="PUT", restype="container", comp="undelete", run=container.restore_container, sas="w", act="write"),
    Operation(name="ListBlobs", level=CONTAINER, method="GET", restype="container", comp="list", run=listing.list_blobs, sas="l", act="list"),
    Operation(name="FindBlobsByTagsInContainer", level=CONTAINER, method="GET", restype="container", comp="blobs", run=tags.find_blobs_by_tags, sas="f", act="list"),
    Operation(name="ContainerBatch", level=CONTAINER, method="POST", restype="container", comp="batch", run=batch.blob_batch, sas="rwdlacuptfiy", act="write"),
    Operation(name="GetAccountInformationOfContainer", level=CONTAINER, method="GET", restype="account", comp="properties", run=service.get_account_information, sas="rwdlacup", act="read"),
    Operation(name="GetAccountInformationOfContainerHead", level=CONTAINER, method="HEAD", restype="account", comp="properties", run=service.get_account_information, sas="rwdlacup", act="read"),
    Operation(name="PutBlobFromUrl", level=BLOB, method="PUT", given=("x-ms-copy-source", "x-ms-blob-type"), run=from_url.put_blob_from_url, sas="cw", act="write"),
    Operation(name="CopyBlobFromUrl", level=BLOB, method="PUT", given=("x-ms-copy-source", "x-ms-requires-sync"), run=copy.copy_blob_from_url, sas="cw", act="write"),
    Operation(name="CopyBlob", level=BLOB, method="PUT", given=("x-ms-copy-source",), run=copy.copy_blob, sas="cw", act="write"),
    Operation(name="PutBlob", level=BLOB, method="PUT", run=put.put_blob, sas="cw", act="write"),
    Operation(name="GetBlob", level=BLOB, method="GET", run=read.get_blob, sas="r", act="read"),
    Operation(name="GetBlobProperties", level=BLOB, method="HEAD", run=read.get_blob_properties, sas="r", act="read"),
    Operation(name="DeleteBlob", level=BLOB, method="DELETE", run=delete.delete_blob, sas="dxy", act="delete"),
    Operation(name="UndeleteBlob", level=BLOB, method="PUT", comp="undelete", run=delete.undelete_blob, sas="w", act="write"),
    Operation(name="GetBlobMetadata", level=BLOB, method="GET", comp="metadata", run=properties.get_blob_metadata, sas="r", act="read"),
    Operation(name="GetBlobMetadataHead", level=BLOB, method="HEAD", comp="metadata", run=properties.get_blob_metadata, sas="r", act="read"),
    Operation(name="SetBlobMetadata", level=BLOB, method="PUT", comp="metadata", run=properties.set_blob_metadata, sas="w", act="write"),
    Operation(name="SetBlobProperties", level=BLOB, method="PUT", comp="properties", run=properties.set_blob_properties, sas="w", act="write"),
    Operation(name="SetBlobTier", level=BLOB, method="PUT", comp="tier", run=properties.set_blob_tier, sas="w", act="write"),
    Operation(name="SnapshotBlob", level=BLOB, method="PUT", comp="snapshot", run=snapshot.snapshot_blob, sas="cw", act="write"),
    Operation(name="LeaseBlob", level=BLOB, method="PUT", comp="lease", run=lease.lease_blob, sas="wd", act="write"),
    Operation(name="GetBlobTags", level=BLOB, method="GET", comp="tags", run=tags.get_blob_tags, sas="t", act="read"),
    Operation(name="SetBlobTags", level=BLOB, method="PUT", comp="tags", run=tags.set_blob_tags, sas="t", act="write"),
    Operation(name="PutBlockFromUrl", level=BLOB, method="PUT", comp="block", given=("x-ms-copy-source",), run=from_url.put_block_from_url, sas="cw", act="write"),
    Operation(name="PutBlock", level=BLOB, method="PUT", comp="block", run=block.put_block, sas="cw", act="write"),
    Operation(name="PutBlockList", level=BLOB, method="PUT", comp="blocklist", run=block.put_block_list, sas="cw", act="write"),
    Operation(name="GetBlockList", level=BLOB, method="GET", comp="blocklist", run=block.get_block_list, sas="r", act="read"),
    Operation(name="AppendBlockFromUrl", level=BLOB, method="PUT", comp="appendblock", given=("x-ms-copy-source",), run=from_url.append_block_from_url, sas="aw", act="write"),
    Operation(name="AppendBlock", level=BLOB, method="PUT", comp="appendblock", run=append.append_block, sas="aw", act="write"),
    Operation(name="SealAppendBlob", level=BLOB, method="PUT", comp="seal", run=append.seal_append_blob, sas="w", act="write"),
    Operation(name="PutPagesFromUrl", level=BLOB, method="PUT", comp="page", given=("x-ms-copy-source",), run=from_url.put_pages_from_url, sas="w", act="write"),
    Operation(name="PutPages", level=BLOB, method="PUT", comp="page", run=page.put_pages, sas="w", act="write"),
    Operation(name="GetPageRanges", level=BLOB, method="GET", comp="pagelist", run=page.get_page_ranges, sas="r", act="read"),
    Operation(name="IncrementalCopy", level=BLOB, method="PUT", comp="incrementalcopy", given=("x-ms-copy-source",), run=copy.incremental_copy, sas="cw", act="write"),
    Operation(name="AbortCopy", level=BLOB, method="PUT", comp="copy", run=copy.abort_copy, sas="cw", act="write"),
    Operation(name="SetImmutabilityPolicy", level=BLOB, method="PUT", comp="immutabilitypolicies", run=hold.set_immutability_policy, sas="i", act="manage"),
    Operation(name="DeleteImmutabilityPolicy", level=BLOB, method="DELETE", comp="immutabilitypolicies", run=hold.delete_immutability_policy, sas="i", act="manage"),
    Operation(name="SetLegalHold", level=BLOB, method="PUT", comp="legalhold", run=hold.set_legal_hold, sas="i", act="manage"),
    Operation(name="GetAccountInformationOfBlob", level=BLOB, method="GET", restype="account", comp="properties", run=service.get_account_information, sas="rwdlacup", act="read"),
    Operation(name="GetAccountInformationOfBlobHead", level=BLOB, method="HEAD", restype="account", comp="properties", run=service.get_account_information, sas="rwdlacup", act="read"),
    Operation(name="QueryBlobContents", level=BLOB, method="POST", comp="query", run=missing.not_implemented, sas="r", act="read"),
    Operation(name="SetBlobExpiry", level=BLOB, method="PUT", comp="expiry", run=missing.not_implemented, sas="w", act="write"),
)
# fmt: on
"""Every operation; one line a form in which it is asked."""


def _key(level: str, method: str, restype: str, comp: str) -> tuple[str, str, str, str]:
    return level, method, restype, comp


def _table() -> Mapping[tuple[str, str, str, str], tuple[Operation, ...]]:
    found: dict[tuple[str, str, str, str], tuple[Operation, ...]] = {}
    for one in OPERATIONS:
        key = _key(one.level, one.method, one.restype, one.comp)
        found[key] = (*found.get(key, ()), one)
    return found


_TABLE = _table()
_COMPS = frozenset(one.comp for one in OPERATIONS)


def level_of(address: Address) -> str:
    """Give what an address names."""
    if address.blob:
        return BLOB
    return CONTAINER if address.container else SERVICE


def route(method: str, address: Address, query: Mapping[str, str], headers: Mapping[str, str]) -> Operation:
    """Give the operation that a request means.

    Raises:
        Fault: There is none (``InvalidQueryParameterValue``, ``UnsupportedHttpVerb``, ``NotImplemented``).
    """
    restype, comp = query.get("restype", "").lower(), query.get("comp", "").lower()
    for one in _TABLE.get(_key(level_of(address), method, restype, comp), ()):
        if all(headers.get(name) for name in one.given):
            return one
    if comp not in _COMPS:
        raise Fault("InvalidQueryParameterValue", QueryParameterName="comp", QueryParameterValue=comp)
    if not any(one.method == method for one in OPERATIONS):
        raise Fault("UnsupportedHttpVerb")
    raise Fault("InvalidUri")
