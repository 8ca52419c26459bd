"""Where a request is answered, in a worker thread: routed, let in, noted, done, and told in the protocol's words."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from strongroom.domain.scope import Purpose
from strongroom.errors import BlobNotFound, StrongroomError
from strongroom.ports import Policy
from strongroom.server.azure import cors
from strongroom.server.azure.call import Address, Call, Identity, Reply, Request, Source
from strongroom.server.azure.faults import Fault, fault_of
from strongroom.server.azure.outside import NOWHERE, Outside
from strongroom.server.azure.reply import Ready, common_headers, fault_ready, ready
from strongroom.server.azure.route import Operation, route
from strongroom.server.azure.uses import Use, Uses
from strongroom.vault import Vault

logger = logging.getLogger("strongroom.server")

T = TypeVar("T")

READING = frozenset({"GET", "HEAD"})
REFUSED = (401, 403)


class Door(Protocol):
    """Proves who asks; see `strongroom.server.azure.auth.authenticate.Gate`."""

    def identify(self, request: Request, operation: Operation) -> Identity:
        """Prove who asks, and that what they show permits the operation."""

    def identify_source(self, url: str, request: Request, identity: Identity) -> tuple[Request, Identity] | None:
        """Give the read that a copy's source means, and whose right permits it; None where it is on another server."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """A request that was let in."""

    operation: Operation
    """What is meant."""
    call: Call
    """With what."""
    use: Use
    """What it counts for."""

    def run(self) -> Reply:
        """Do what is asked."""
        return self.operation.run(self.call)


class Desk:
    """Answers requests of one room."""

    def __init__(
        self, vault: Vault, door: Door, policy: Policy, purpose: Purpose, book: Uses, *, outside: Outside = NOWHERE
    ) -> None:
        """Take the parts.

        Args:
            vault: Where everything is.
            door: Proves who asks.
            policy: Grants what they see.
            purpose: What everything is done for.
            book: Notes it.
            outside: The other servers from which may be copied.
        """
        self._outside = outside
        self._vault, self._door, self._policy, self._purpose, self._book = vault, door, policy, purpose, book

    def admit(self, request: Request) -> Admitted | Ready:
        """Prove who asks, note what for; or say why not."""
        if request.method == "OPTIONS":
            return self._told(request, lambda: self._preflight(request))
        return self._told(request, lambda: self._admit(request))

    def answer(self, admitted: Admitted) -> Ready:
        """Do what is asked."""
        call, is_head = admitted.call, admitted.call.request.method == "HEAD"
        made = self._told(call.request, lambda: ready(admitted.run(), is_head=is_head))
        return replace(
            made if made.fault else self._with_common(made, call.request),
            operation=admitted.operation.name,
            actor=call.identity.actor.name,
            use=admitted.use,
        )

    def perform(self, request: Request) -> Ready:
        """Do both."""
        admitted = self.admit(request)
        return admitted if isinstance(admitted, Ready) else self.answer(admitted)

    def refuse(self, request: Request, fault: Fault) -> Ready:
        """Tell of a fault."""
        if fault.status in REFUSED:
            self._book.refuse(request, fault)
        return self._with_common(fault_ready(fault, request.id, request.method), request)

    def count(self, reply: Ready, came: int, sent: int) -> None:
        """Note how many bytes a request that has ended took."""
        if reply.use is not None:
            self._book.count(reply.use, came, sent)

    def ask(self, request: Request) -> Reply:
        """Answer a request that came within another one.

        Raises:
            Fault: What its sender is to be told.
        """
        try:
            return self._admit(request).run()
        except StrongroomError as error:
            raise fault_of(error) from error

    def _admit(self, request: Request) -> Admitted:
        operation = route(request.method, request.address, request.query, request.headers)
        if request.address.is_secondary and request.method not in READING:
            raise Fault("InsufficientAccountPermissions", "Write operations to the secondary location are not allowed.")
        identity = self._door.identify(request, operation)
        scope = self._policy.scope(identity.actor, self._purpose, operation.act)
        call = Call(
            request=request,
            identity=identity,
            vault=self._vault,
            scope=scope,
            ask=self.ask,
            sources=lambda url: self._source(url, request, identity),
            outside=self._outside,
        )
        if "\\" in request.address.blob:
            call = replace(call, request=replace(request, address=_settled(call)))
        use = self._book.note(request, identity, scope, operation.act)
        return Admitted(operation=operation, call=call, use=use)

    def _source(self, url: str, request: Request, identity: Identity) -> Source | None:
        found = self._door.identify_source(url, request, identity)
        if found is None:
            return None
        read, reader = found
        scope = self._policy.scope(reader.actor, self._purpose, "read")
        self._book.note(read, identity, scope, "read")
        return Source(request=read, scope=scope)

    def _preflight(self, request: Request) -> Ready:
        reply = cors.preflight(request, self._vault.service_properties().get("cors", ()))
        return self._with_common(ready(reply, is_head=False), request)

    def _with_common(self, made: Ready, request: Request) -> Ready:
        headers = [*made.headers, *common_headers(request)]
        if "origin" in request.headers and request.method != "OPTIONS":
            rules = self._vault.service_properties().get("cors", ())
            headers += cors.headers_for(request, rules, [name for name, _ in headers])
        return replace(made, headers=headers)

    def _told(self, request: Request, act: Callable[[], T]) -> T | Ready:
        try:
            return act()
        except Fault as fault:
            return self.refuse(request, fault)
        except StrongroomError as error:
            return self.refuse(request, fault_of(error))
        except Exception:
            logger.exception("%s %s failed; request %s", request.method, request.address, request.id)
            return self.refuse(request, Fault("InternalError"))


def _settled(call: Call) -> Address:
    r"""Give the address with ``/`` for ``\`` in the blob's name, as the protocol has it, unless there is a blob as it stands.

    `strongroom add` keeps names as they are on disk, and spells a byte that is no text as ``\xNN``.
    """
    address = call.request.address
    try:
        call.vault.get(call.container(), address.blob)
    except (BlobNotFound, Fault):
        return replace(address, blob=address.blob.replace("\\", "/"))
    return address
