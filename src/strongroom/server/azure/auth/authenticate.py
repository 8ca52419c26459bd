"""The door: proves who asks, and that they may ask it."""

from dataclasses import replace

from strongroom.domain.container import Container
from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.errors import BlobNotFound, ContainerNotFound
from strongroom.server.azure.auth import anonymous, permissions, sas, shared_key
from strongroom.server.azure.auth.bearer import Holder, Issuer
from strongroom.server.azure.auth.keyring import Keyring, is_local_name, is_loopback
from strongroom.server.azure.auth.refusal import refused
from strongroom.server.azure.auth.sas import Grant
from strongroom.server.azure.auth.sources import covers, read_source
from strongroom.server.azure.call import Identity, Request
from strongroom.server.azure.faults import Fault, source_fault
from strongroom.server.azure.route import BLOB, OPERATIONS, Operation
from strongroom.vault import Vault
from strongroom.vault.accounts import DEVELOPMENT

BEARER = "Bearer"
GET_BLOB = next(one for one in OPERATIONS if one.name == "GetBlob")
BY_KEY_ONLY = frozenset({"GetContainerAcl", "GetContainerAclHead", "SetContainerAcl"})
"""What no token permits."""

_EVERYTHING = Scope(
    actor=Actor(name="strongroom"), purpose=Purpose(name="authentication"), containers=None, policy_version="builtin"
)
"""To look up what a container says of access, before anybody is known whose scope could be asked."""


class Gate:
    """Knows accounts, keys and the issuer of tokens."""

    def __init__(self, vault: Vault, *, development: bool = False, issuer: Issuer | None = None) -> None:
        """Take the parts; makes the room's first account where it has none yet.

        Args:
            vault: Where accounts and containers are.
            development: Whether the emulators' well-known account may sign in, from this machine only.
            issuer: Whose tokens are believed; None believes none.
        """
        vault.begin_accounts()
        self._vault = vault
        self._development = development
        self._issuer = issuer
        self._keyring = Keyring(vault, development=development)

    def identify(self, request: Request, operation: Operation) -> Identity:
        """Prove who asks, and that what they show permits the operation.

        Raises:
            Fault: It does not.
        """
        given = request.headers.get("authorization")
        scheme, _, credential = (given or "").strip().partition(" ")
        if scheme in shared_key.SCHEMES:
            return self._by_key(request, operation, scheme, credential)
        if sas.is_given(request):
            return self._by_sas(request, operation)
        if given is None:
            return self._anybody(request, operation)
        if scheme == BEARER:
            return self._by_token(request, operation, credential)
        raise Fault("InvalidAuthenticationInfo")

    def keys(self, account: str, client: str, host: str) -> tuple[bytes, ...]:
        """Give the keys of an account; none where there is no such account for this client under this name of the server."""
        return () if account == DEVELOPMENT and not is_local_name(host) else self._keyring.keys(account, client)

    def identify_source(self, url: str, request: Request, identity: Identity) -> tuple[Request, Identity] | None:
        """Give the read that the source of a copy means, and whose right permits it; None where it is on another server.

        It is permitted by a signature or token of its own, else where who makes the copy may read it, or anybody may. Only
        a signature that opened it stays in its query.

        Raises:
            Fault: It is not (``CannotVerifyCopySource``).
        """
        try:
            source = read_source(url, request)
            if source is None:
                return None
            proves = source.query.get("sig", "") not in ("", request.query.get("sig")) or "authorization" in source.headers
            if proves or not covers(identity, request, source):
                return source, self.identify(source, GET_BLOB)
        except Fault as fault:
            raise source_fault(fault.status, fault.code, fault.message) from fault
        return replace(source, query={name: value for name, value in source.query.items() if name != "sig"}), identity

    def _by_key(self, request: Request, operation: Operation, scheme: str, credential: str) -> Identity:
        account = request.address.account
        keys = self._keys(request)
        _check_not_delegating(operation)
        shared_key.check(request, scheme, credential, keys)
        return Identity(actor=Actor(name=account), how="key", account=account)

    def _by_sas(self, request: Request, operation: Operation) -> Identity:
        keys = self._keys(request)
        _check_not_delegating(operation)
        sas.check_form(request.query)
        grant = self._grant(request, keys)
        sas.check_place(request, grant)
        _check_kind(request, operation, grant)
        self._check_letters(request, operation, grant)
        return sas.identity_of(request, grant)

    def _by_token(self, request: Request, operation: Operation, credential: str) -> Identity:
        self._keys(request)
        if operation.name in BY_KEY_ONLY:
            raise Fault("AuthorizationFailure")
        holder = self._holder(request, credential)
        return Identity(
            actor=Actor(name=holder.object_id),
            how="bearer",
            account=request.address.account,
            object_id=holder.object_id,
            tenant=holder.tenant,
        )

    def _anybody(self, request: Request, operation: Operation) -> Identity:
        self._keys(request)
        container = self._container(request.address.container)
        if container is None or not anonymous.may(container, operation.name):
            raise Fault("AuthorizationFailure")
        return Identity(actor=Actor(name="anonymous"), how="anonymous", account=request.address.account)

    def _keys(self, request: Request) -> tuple[bytes, ...]:
        keys = self.keys(request.address.account, request.client, request.headers.get("host", ""))
        if not keys:
            raise Fault("ResourceNotFound")
        return keys

    def _holder(self, request: Request, token: str) -> Holder:
        is_here = self._development and self._issuer is not None and is_loopback(request.client)
        if request.scheme != "https" and not is_here:
            raise refused("Authentication scheme Bearer is not allowed with HTTP.")
        if self._issuer is None:
            raise refused("Authentication scheme Bearer is not supported.")
        return self._issuer.holder(token.strip(), request.address.account)

    def _grant(self, request: Request, keys: tuple[bytes, ...]) -> Grant:
        given = request.query
        if sas.is_for_account(given):
            return sas.grant_by_account(request, keys)
        if any(name in given for name in ("skoid", "sktid", "skt", "ske", "sks", "skv")):
            grant = sas.grant_by_delegation(request, self._keyring.delegation_secret(), self._names(request))
            self._check_user(request)
            return grant
        container = self._container(request.address.container) if given.get("si") else None
        return sas.grant_by_service(request, keys, self._names(request), container.access_policies if container else ())

    def _check_user(self, request: Request) -> None:
        """Refuse what was signed for one person only from anybody else: they show who they are by a token beside it."""
        wanted = request.query.get("sduoid")
        if not wanted:
            return
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != BEARER:
            raise refused("This signature is for one person: show their token, too.")
        holder = self._holder(request, token)
        if holder.object_id != wanted or request.query.get("skdutid") not in (None, "", holder.tenant):
            raise refused("This signature is for somebody else.")

    def _check_letters(self, request: Request, operation: Operation, grant: Grant) -> None:
        is_account = grant.how == sas.ACCOUNT_SAS
        letters = permissions.by_account(operation, request) if is_account else permissions.by_service(operation, request)
        granted = set(grant.permissions)
        if not granted & set(letters) or not granted >= set(permissions.also(operation, request)):
            raise Fault("AuthorizationPermissionMismatch")
        if operation.name in permissions.CREATES and "w" not in granted and self._exists(request, request.address.blob):
            raise Fault("AuthorizationPermissionMismatch")

    def _names(self, request: Request) -> tuple[str, ...]:
        r"""Give how the blob that is asked for may be spelt: with ``/`` for ``\``, unless there is one as it stands."""
        name = request.address.blob
        if "\\" not in name or self._exists(request, name):
            return (name,)
        return name, name.replace("\\", "/")

    def _exists(self, request: Request, blob: str) -> bool:
        container = self._container(request.address.container)
        if container is None:
            return False
        try:
            self._vault.get(container, blob)
        except BlobNotFound:
            return False
        return True

    def _container(self, name: str) -> Container | None:
        try:
            return self._vault.container(name, _EVERYTHING) if name else None
        except ContainerNotFound:
            return None


def _check_not_delegating(operation: Operation) -> None:
    if operation.name == "GetUserDelegationKey":
        raise refused("Only authentication scheme Bearer is supported")


def _check_kind(request: Request, operation: Operation, grant: Grant) -> None:
    """Refuse a signature for another service or kind of resource.

    Raises:
        Fault: ``AuthorizationServiceMismatch`` or ``AuthorizationResourceTypeMismatch``.
    """
    given = request.query
    if grant.how == sas.ACCOUNT_SAS:
        if "b" not in given["ss"]:
            raise Fault("AuthorizationServiceMismatch")
        if not set(permissions.resource_types(operation)) & set(given["srt"]):
            raise Fault("AuthorizationResourceTypeMismatch")
        return
    if given["sr"] != sas.CONTAINER and operation.level != BLOB:
        raise Fault("AuthorizationResourceTypeMismatch")
    names_another = given.get("snapshot") or given.get("versionid")
    if given["sr"] == sas.BLOB and operation.act == "read" and names_another:
        raise refused("The signature is for the blob, not for its snapshots or versions.")
