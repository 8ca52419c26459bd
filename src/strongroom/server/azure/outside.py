"""Which other servers may be the source of a copy, and at which addresses.

None is, unless the setting ``copy_sources`` names it: a request must not make the server look into its own network
(server-side request forgery). A name is resolved once, every address that it has is checked, and the connection goes to
an address that was checked, so that another answer of the name service changes nothing.
"""

import logging
import re
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from strongroom.errors import SettingError
from strongroom.server.azure.carriers import Carriers
from strongroom.server.azure.faults import Fault

logger = logging.getLogger("strongroom.server")

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Sequence[str]]

LONGEST_URL = 2048
"""Characters that Azure takes of a source's URL."""

PORTS = {"http": 80, "https": 443}

NEVER = tuple(
    ip_address(one) for one in ("169.254.169.254", "fd00:ec2::254", "168.63.129.16", "100.100.100.200", "192.0.0.192")
)
"""Where clouds give machines their credentials; no setting opens these."""

NAT64 = ip_network("64:ff9b::/96")
COMPATIBLE = ip_network("::/96")
"""IPv6 addresses whose last 32 bits are one of IPv4."""

_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?\.?")
_NUMBERS = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]*))*\.?")
_PATTERN = re.compile(r"[a-z0-9*_.-]+(?::\d{1,5})?")


def resolve(host: str, port: int) -> list[str]:
    """Give the addresses of a name, as the system's resolver knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A source on another server, at addresses that were checked."""

    scheme: str
    """``http`` or ``https``."""
    host: str
    """The name, for TLS and the ``Host`` header; without brackets."""
    port: int
    """The port."""
    addresses: tuple[str, ...]
    """Where to connect; no other address is ever tried."""
    path: str
    """Path and query, as they are sent."""
    shown: str
    """The URL without query, for messages."""


class Outside:
    """The other servers from which may be copied, and who carries what is copied from them."""

    def __init__(self, sources: str = "", *, resolver: Resolve = resolve) -> None:
        """Read the setting ``copy_sources``.

        Args:
            sources: Patterns of hosts (``*.blob.core.windows.net``, ``files.example.org:8443``), addresses, and networks
                (``10.0.0.0/8``), with commas between.
            resolver: Gives the addresses of a host.

        Raises:
            SettingError: One of them is none of these.
        """
        self._resolve = resolver
        patterns: list[str] = []
        networks: list[Network] = []
        for one in filter(None, (part.strip().lower() for part in sources.split(","))):
            network = _network(one)
            if network is not None:
                networks.append(network)
            elif _PATTERN.fullmatch(one):
                patterns.append(one)
            else:
                raise SettingError(
                    f"copy_sources names {one!r}: it can name hosts such as *.example.org, and networks such as 10.0.0.0/8"
                )
        self._patterns, self._networks = tuple(patterns), tuple(networks)
        self.carriers = Carriers()
        """Copies that go on after their request was answered."""

    def target(self, url: str) -> Target:
        """Give where a URL leads.

        Raises:
            Fault: It is no URL (``InvalidHeaderValue``), or may not be a source (``CannotVerifyCopySource``).
        """
        parts, host, port = _read(url)
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        if not self._patterns and not self._networks:
            raise refused(shown, "this server copies from no other one", status=HTTPStatus.NOT_FOUND)
        named = any(_fits(pattern, host, port) for pattern in self._patterns)
        if not named and not self._networks:
            raise refused(shown, f"{host} is not among the hosts", status=HTTPStatus.NOT_FOUND)
        addresses = self._addresses(shown, host, port, is_named=named)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Target(scheme=parts.scheme, host=host, port=port, addresses=addresses, path=path, shown=shown)

    def _addresses(self, shown: str, host: str, port: int, *, is_named: bool) -> tuple[str, ...]:
        try:
            found = [ip_address(one) for one in self._resolve(host, port)]
        except (OSError, ValueError, UnicodeError):
            found = []
        if not found:
            logger.warning("refused to copy from %s: its host has no address", shown)
            raise Fault("CannotVerifyCopySource", f"The host of the copy source has no address: {host}.", status=404)
        for one in found:
            if not all(self._may(each, is_named=is_named) for each in _meanings(one)):
                raise refused(shown, f"{host} has an address that is not open to this server")
        return tuple(str(one) for one in found)

    def _may(self, address: Address, *, is_named: bool) -> bool:
        """Say whether an address is in a network that is named, or, of a host that is named, is everybody's."""
        if address in NEVER:
            return False
        if any(address in network for network in self._networks):
            return True
        return is_named and address.is_global and not address.is_multicast and not address.is_reserved


def refused(shown: str, why: str, *, status: int = HTTPStatus.FORBIDDEN) -> Fault:
    """Give the fault of a source that may not be copied from, and note it; a server that is not known is not found."""
    logger.warning("refused to copy from %s: %s", shown, why)
    return Fault(
        "CannotVerifyCopySource",
        f"Copying from {shown} is not allowed: {why}. The setting copy_sources names the servers from which copies are made.",
        status=status,
    )


def _network(text: str) -> Network | None:
    try:
        return ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None


def _fits(pattern: str, host: str, port: int) -> bool:
    name, _, wanted = pattern.partition(":")
    return fnmatchcase(host.removesuffix("."), name) and wanted in ("", str(port))


def _read(url: str) -> tuple[SplitResult, str, int]:
    """Read a URL; what one program could read otherwise than another is refused."""
    bad = Fault("InvalidHeaderValue", HeaderName="x-ms-copy-source", HeaderValue=url.partition("?")[0][:LONGEST_URL])
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or any(one in url for one in " \\#"):
        raise bad
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise bad from None
    if parts.scheme not in PORTS or not host:
        raise bad
    if "@" in parts.netloc or "%" in parts.netloc:
        raise refused(f"{parts.scheme}://{host}", "a source has neither a user nor an escaped character in its host")
    if not _is_address(host) and (_NUMBERS.fullmatch(host) or not _HOST.fullmatch(host)):
        raise refused(f"{parts.scheme}://{host}", "its host is neither a name nor an address in its usual form")
    return parts, host, port or PORTS[parts.scheme]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _meanings(address: Address) -> Iterator[Address]:
    """Give an address, and the IPv4 addresses that a network may lead it to."""
    yield address
    if isinstance(address, IPv4Address):
        return
    teredo = address.teredo or ()
    for one in (address.ipv4_mapped, address.sixtofour, *teredo):
        if one is not None:
            yield one
    if (address in NAT64 or address in COMPATIBLE) and int(address) > 1:
        yield IPv4Address(int(address) & 0xFFFFFFFF)


NOWHERE = Outside()
"""Copies from no other server."""
