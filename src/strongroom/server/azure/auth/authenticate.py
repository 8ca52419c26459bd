"""The door: proves who asks, and that they may ask it."""

from strongroom.domain.container import Container
from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.errors import ContainerNotFound
from strongroom.server.azure.auth import anonymous, shared_key
from strongroom.server.azure.auth.keyring import Keyring
from strongroom.server.azure.call import Identity, Request
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.route import Operation
from strongroom.vault import Vault

_EVERYTHING = Scope(
    actor=Actor(name="strongroom"), purpose=Purpose(name="authentication"), containers=None, policy_version="builtin"
)
"""To look up what a container says of access, before anybody is known whose scope could be asked."""


class Gate:
    """Knows accounts, keys and issuers of tokens."""

    def __init__(self, vault: Vault, *, development: bool = False) -> None:
        """Take the parts; makes the room's first account where it has none yet.

        Args:
            vault: Where accounts and containers are.
            development: Whether the emulators' well-known account may sign in, from this machine only.
        """
        vault.begin_accounts()
        self._vault = vault
        self._keyring = Keyring(vault, development=development)

    def identify(self, request: Request, operation: Operation) -> Identity:
        """Prove who asks, and that what they show permits the operation.

        Raises:
            Fault: It does not.
        """
        given = request.headers.get("authorization")
        if given is None:
            return self._anybody(request, operation)
        scheme, _, credential = given.strip().partition(" ")
        if scheme in shared_key.SCHEMES:
            return self._by_key(request, operation, scheme, credential)
        raise Fault("InvalidAuthenticationInfo")

    def _by_key(self, request: Request, operation: Operation, scheme: str, credential: str) -> Identity:
        account = request.address.account
        keys = self._keys(request)
        if operation.name == "GetUserDelegationKey":
            raise shared_key.refused("Only authentication scheme Bearer is supported")
        shared_key.check(request, scheme, credential, keys)
        return Identity(actor=Actor(name=account), how="key", account=account)

    def _keys(self, request: Request) -> tuple[bytes, ...]:
        keys = self._keyring.keys(request.address.account, request.client)
        if not keys:
            raise Fault("ResourceNotFound")
        return keys

    def _anybody(self, request: Request, operation: Operation) -> Identity:
        container = self._container(request.address.container)
        if container is None or not anonymous.may(container, operation.name):
            raise Fault("AuthorizationFailure")
        return Identity(actor=Actor(name="anonymous"), how="anonymous", account=request.address.account)

    def _container(self, name: str) -> Container | None:
        try:
            return self._vault.container(name, _EVERYTHING) if name else None
        except ContainerNotFound:
            return None
