"""Containers: making, telling of, changing, deleting and restoring them.

https://learn.microsoft.com/rest/api/storageservices/operations-on-containers
"""

from strongroom.domain.container import Container
from strongroom.errors import AlreadyExists, ConditionFailed, ContainerNotFound, NameRefused
from strongroom.server.azure.call import Call, Headers, Reply
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.conditions import container_condition_of, write_fault
from strongroom.server.azure.wire.headers import etag_header, http_date, metadata_headers, metadata_of
from strongroom.server.azure.wire.names import name_fault
from strongroom.server.azure.wire.paging import MOST_KEY, XML
from strongroom.server.azure.wire.policies import policies_xml, read_policies
from strongroom.server.azure.wire.properties import lease_headers

ACCESS = "x-ms-blob-public-access"
MOST_XML = 64 << 10
"""Bytes of five stored access policies as XML, with much to spare."""

LEASED = "There is currently a lease on the container and no lease ID was specified in the request."


def create_container(call: Call) -> Reply:
    """Make a container."""
    metadata, public = metadata_of(call.request.headers), _public(call)
    name = call.request.address.container
    try:
        keeps_versions = bool(call.vault.service_properties().get("versioning"))
        made = call.vault.create_container(name, metadata=metadata, public=public, keeps_versions=keeps_versions)
    except NameRefused as error:
        raise name_fault(name) from error
    except AlreadyExists as error:
        raise Fault("ContainerAlreadyExists") from error
    return Reply(status=201, headers=_stamps(made))


def get_container_properties(call: Call) -> Reply:
    """Tell of a container, with its metadata."""
    container = call.container()
    lease = call.vault.check_container_lease(container, call.header("x-ms-lease-id"))
    told = [
        *metadata_headers(container.metadata),
        *_stamps(container),
        *lease_headers(lease),
        *_public_headers(container),
        ("x-ms-has-immutability-policy", "true" if container.immutable_days else "false"),
        ("x-ms-has-legal-hold", "true" if container.legal_holds else "false"),
        ("x-ms-immutable-storage-with-versioning-enabled", "false"),
        ("x-ms-default-encryption-scope", "$account-encryption-key"),
        ("x-ms-deny-encryption-scope-override", "false"),
    ]
    return Reply(status=200, headers=told)


def get_container_metadata(call: Call) -> Reply:
    """Give a container's metadata."""
    container = call.container()
    call.vault.check_container_lease(container, call.header("x-ms-lease-id"))
    return Reply(status=200, headers=[*metadata_headers(container.metadata), *_stamps(container)])


def set_container_metadata(call: Call) -> Reply:
    """Put metadata in the place of all that was there."""
    metadata, condition = metadata_of(call.request.headers), container_condition_of(call.request.headers)
    try:
        changed = call.vault.set_container_metadata(call.container(), metadata, condition)
    except ConditionFailed as error:
        raise write_fault(error) from error
    return Reply(status=200, headers=_stamps(changed))


def get_container_acl(call: Call) -> Reply:
    """Give what anybody may read, and the stored access policies."""
    container = call.container()
    call.vault.check_container_lease(container, call.header("x-ms-lease-id"))
    headers = [*_public_headers(container), *_stamps(container), *XML]
    return Reply(status=200, headers=headers, body=policies_xml(container.access_policies))


def set_container_acl(call: Call) -> Reply:
    """Say what anybody may read, and put stored access policies in the place of all that were there."""
    public, condition = _public(call), container_condition_of(call.request.headers)
    policies = read_policies(call.request.body.read(MOST_XML))
    try:
        changed = call.vault.set_container_access(call.container(), public, policies, condition)
    except ConditionFailed as error:
        raise write_fault(error) from error
    return Reply(status=200, headers=_stamps(changed))


def delete_container(call: Call) -> Reply:
    """Delete a container with all that it holds."""
    condition = container_condition_of(call.request.headers)
    try:
        call.vault.delete_container(call.container(), condition)
    except ConditionFailed as error:
        raise Fault(error.code, LEASED) if error.code == "LeaseIdMissing" else write_fault(error) from error
    return Reply(status=202)


def restore_container(call: Call) -> Reply:
    """Bring a deleted container back, under the name that the URL has."""
    name, version = call.header("x-ms-deleted-container-name"), call.header("x-ms-deleted-container-version")
    for header, value in (("x-ms-deleted-container-name", name), ("x-ms-deleted-container-version", version)):
        if value is None:
            raise Fault("MissingRequiredHeader", HeaderName=header)
    new_name = call.request.address.container
    try:
        key = min(int(str(version), 16), MOST_KEY)
        restored = call.vault.restore_container(str(name), key, new_name, call.scope)
    except NameRefused as error:
        raise name_fault(new_name) from error
    except ValueError:
        name = "x-ms-deleted-container-version"
        raise Fault("InvalidHeaderValue", HeaderName=name, HeaderValue=str(version)) from None
    except ContainerNotFound as error:
        raise Fault("ContainerNotFound") from error
    except AlreadyExists as error:
        raise Fault("ContainerAlreadyExists") from error
    return Reply(status=201, headers=_stamps(restored))


def _public(call: Call) -> str:
    found = call.header(ACCESS)
    if found is None:
        return "none"
    if found.lower() not in ("blob", "container"):
        raise Fault("InvalidHeaderValue", HeaderName=ACCESS, HeaderValue=found)
    return found.lower()


def _public_headers(container: Container) -> Headers:
    return [] if container.public == "none" else [(ACCESS, container.public)]


def _stamps(container: Container) -> list[tuple[str, str]]:
    return [("etag", etag_header(container.etag)), ("last-modified", http_date(container.modified_at))]
