"""The values that travel through the blob service: what is asked, who asks, what is answered."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol

from strongroom.domain.chunk import Chunk
from strongroom.domain.container import Container
from strongroom.domain.scope import Actor, Scope
from strongroom.errors import ContainerNotFound, NameRefused
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.outside import NOWHERE, Outside
from strongroom.server.azure.wire.names import blob_name_fault, name_fault
from strongroom.storage.names import check_blob_name, check_container_name
from strongroom.vault import Vault


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """What a URL names."""

    account: str
    """The account; never empty."""
    container: str = ""
    """The container; empty for the account itself."""
    blob: str = ""
    """The blob, decoded; empty for the container itself."""
    is_secondary: bool = False
    """Whether the read-only second place was asked (``ACCOUNT-secondary``)."""
    is_host_style: bool = False
    """Whether the account stood in the host's name, not in the path."""


class Body(Protocol):
    """What the client sends after its headers; it is read once, from a worker thread."""

    length: int | None
    """Bytes to come, as ``Content-Length`` says; None if it does not."""

    def read(self, limit: int) -> bytes:
        """Read all of it.

        Raises:
            Fault: It has more than ``limit`` bytes (``RequestBodyTooLarge``), ends early, or comes too slowly.
        """

    def chunks(self) -> Iterator[Chunk]:
        """Give it in chunks of about 1 MiB.

        Raises:
            Fault: It ends early, or comes too slowly.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What is asked."""

    method: str
    """In capitals."""
    scheme: str
    """``http`` or ``https``."""
    raw_path: bytes
    """As it came, percent-encoded, without the query: signatures are over this."""
    raw_query: bytes
    """As it came, percent-encoded."""
    address: Address
    """What is named."""
    query: Mapping[str, str]
    """Decoded; names in lower case; of a name given twice, values joined by commas."""
    headers: Mapping[str, str]
    """By lower-case name."""
    body: Body
    """What follows the headers."""
    client: str
    """The client's IP address."""
    id: str
    """A UUID, given back as ``x-ms-request-id``."""
    at: datetime
    """When it came (UTC)."""

    @property
    def version(self) -> str:
        """The API version to answer in: ``x-ms-version``, else ``sv`` of a SAS, else the newest."""
        return self.headers.get("x-ms-version") or self.query.get("sv") or NEWEST


NEWEST = "2026-10-06"
"""The newest API version that was looked at; later ones are answered alike."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who asks, once that is proved."""

    actor: Actor
    """The account, the SAS's account, the token's subject, or ``anonymous``."""
    how: str
    """``key``, ``account-sas``, ``service-sas``, ``delegation-sas``, ``bearer`` or ``anonymous``."""
    account: str
    """The account in whose name."""
    permissions: str | None = None
    """Letters of a SAS; None for all."""
    object_id: str | None = None
    """A bearer token's ``oid``, else its ``sub``."""
    tenant: str | None = None
    """A bearer token's ``tid``."""
    response_headers: Mapping[str, str] = field(default_factory=dict)
    """Headers that a SAS puts in the place of the blob's own (``rscc``, ``rscd``, ``rsce``, ``rscl``, ``rsct``)."""


def unreadable(url: str) -> "Source | None":
    """Refuse every source of a copy."""
    raise Fault("CannotVerifyCopySource", f"Nothing says who may read {url.partition('?')[0]}.", status=403)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The source of a copy on this server, which may be read."""

    request: Request
    """The Get Blob that it means, with its ``address`` and ``query`` (``snapshot``, ``versionid``)."""
    scope: Scope
    """What the policy grants to whom may read it: who signed its URL or shows a token for it, else who makes the copy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request on its way through an operation."""

    request: Request
    """What is asked."""
    identity: Identity
    """Who asks."""
    vault: Vault
    """Where everything is."""
    scope: Scope
    """What the policy grants."""
    ask: Callable[[Request], "Reply"]
    """Answers another request of the same service, whose own headers and query must prove who asks (a batch's part)."""
    sources: Callable[[str], Source | None] = unreadable
    """Takes the URL of a copy's source: gives it where it is on this server and may be read; None where it is on another
    server. Raises the fault ``CannotVerifyCopySource`` where it may not be read."""
    outside: Outside = NOWHERE
    """The other servers from which may be copied."""

    @property
    def name(self) -> str:
        """The blob's name.

        Raises:
            Fault: No blob may have it.
        """
        name = self.request.address.blob
        try:
            return check_blob_name(name)
        except NameRefused as error:
            raise blob_name_fault(name) from error

    def container(self) -> Container:
        """Give the container that is named.

        Raises:
            ContainerNotFound: There is none that the scope shows.
        """
        name = self.request.address.container
        try:
            check_container_name(name)
        except NameRefused as error:
            raise name_fault(name) from error
        try:
            return self.vault.container(name, self.scope)
        except ContainerNotFound:
            raise Fault("ContainerNotFound") from None

    def header(self, name: str) -> str | None:
        """Give a request header by its lower-case name; an empty one is None."""
        return self.request.headers.get(name) or None

    def query(self, name: str) -> str | None:
        """Give a query parameter by its lower-case name; an empty one is None."""
        return self.request.query.get(name) or None


Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """Bytes that are sent as they are read."""

    source: BinaryIO
    """Open, at its start; whoever sends it closes it."""
    length: int
    """Bytes to send."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What is answered; the frame adds the headers that every answer has (date, request id, version, server)."""

    status: int
    """HTTP status."""
    headers: Headers = ()
    """In order; names in lower case."""
    body: bytes | Stream = b""
    """What follows."""
