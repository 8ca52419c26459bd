"""Operations of the blob service, asked without a socket: a request as text to a reply as a value."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import uuid4

from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.errors import StrongroomError
from strongroom.server.azure.call import Address, Call, Identity, Reply, Request, Source
from strongroom.server.azure.faults import Fault, fault_of
from strongroom.server.azure.outside import NOWHERE, Outside
from strongroom.server.azure.request import read_request
from strongroom.server.azure.route import route
from strongroom.vault import Vault

ACCOUNT = "testaccount"
HOST = "127.0.0.1:10000"
HERE = f"http://{HOST}/{ACCOUNT}"
"""What the URLs of sources of copies begin with that are on this server."""
EVERYTHING = Scope(actor=Actor(name=ACCOUNT), purpose=Purpose(name="testing"), containers=None, policy_version="test")


class GivenBody:
    """A `strongroom.server.azure.call.Body` of bytes at hand."""

    def __init__(self, data: bytes) -> None:
        """Hold it."""
        self._data = data
        self.length: int | None = len(data)

    def read(self, limit: int) -> bytes:
        """Give all of it."""
        if len(self._data) > limit:
            raise Fault("RequestBodyTooLarge")
        return self._data

    def chunks(self) -> Iterator[bytes]:
        """Give it in one chunk, or none."""
        return iter((self._data,) if self._data else ())


def request_of(method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Request:
    """Give a request as the frame would hand it on.

    Args:
        method: In capitals.
        url: Path and query, percent-encoded: ``/container/blob?comp=metadata``, without the account.
        headers: Any letter case.
        body: What follows.
    """
    parts = urlsplit(url)
    container, _, blob = parts.path.lstrip("/").partition("/")
    return Request(
        method=method,
        scheme="http",
        raw_path=f"/{ACCOUNT}{parts.path}".encode(),
        raw_query=parts.query.encode(),
        address=Address(account=ACCOUNT, container=unquote(container), blob=unquote(blob)),
        query={name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)},
        headers={
            **({"content-length": str(len(body))} if method in ("PUT", "POST") else {}),
            **{name.lower(): value for name, value in (headers or {}).items()},
        },
        body=GivenBody(body),
        client="127.0.0.1",
        id=str(uuid4()),
        at=datetime.now(UTC),
    )


def request_from(
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    account: str = ACCOUNT,
    client: str = "127.0.0.1",
    scheme: str = "http",
) -> Request:
    """Give a request as the server reads it from a connection, its authentication included.

    Args:
        method: In capitals.
        path: Path and query as they come, percent-encoded, without the account.
        headers: Any letter case.
        account: The account in the path.
        client: The client's address.
        scheme: ``http`` or ``https``.
    """
    where, _, query = path.partition("?")
    given = {"host": HOST, **(headers or {})}
    scope = {
        "method": method,
        "scheme": scheme,
        "raw_path": f"/{account}{where}".encode(),
        "query_string": query.encode(),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given.items()],
        "client": (client, 4000),
    }
    return read_request(scope, GivenBody(b""))


def ask(
    vault: Vault,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    scope: Scope = EVERYTHING,
    outside: Outside = NOWHERE,
) -> Reply:
    """Ask an operation of the service, as an account that may do everything, and read every source of a copy below `HERE`.

    Raises:
        Fault: What the client would be told.
    """
    identity = Identity(actor=scope.actor, how="key", account=ACCOUNT)

    def source(url: str) -> Source | None:
        return Source(request=request_of("GET", url.removeprefix(HERE)), scope=scope) if url.startswith(HERE) else None

    def answer(request: Request) -> Reply:
        operation = route(request.method, request.address, request.query, request.headers)
        try:
            return operation.run(
                Call(
                    request=request,
                    identity=identity,
                    vault=vault,
                    scope=scope,
                    ask=answer,
                    sources=source,
                    outside=outside,
                )
            )
        except StrongroomError as error:
            raise fault_of(error) from error

    return answer(request_of(method, url, headers, body))
