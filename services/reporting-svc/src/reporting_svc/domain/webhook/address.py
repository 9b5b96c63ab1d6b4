"""Addresses that a webhook may have: HTTPS on a public address, or what the operator allows by name.

Whoever may register a webhook chooses an address that this server connects to. Without these rules that would be a way
to the databases and consoles beside it. Names are checked when the webhook is made, and the addresses that they
resolve to before each connection, which is made to the checked address itself: a name that resolves to another one a
moment later changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from encours.kernel.errors import Refusal

Address = IPv4Address | IPv6Address
_MAX_LENGTH = 2_000
_HTTPS_PORT = 443
_PRINTABLE = re.compile(
    r"[!-\[\]-~]+"
)  # ASCII without blanks and the backslash, which parsers read differently
_NAME = re.compile(
    r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"
)
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)")
_LOCAL_ENDINGS = ("localhost", "local", "internal", "intranet", "lan", "home.arpa")
_PUBLIC_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",  # Teredo among others: they carry an IPv4 address
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)


class WebhookAddressRefused(Refusal):
    """An address that is not called (422)."""

    code = "webhook-address-refused"
    title = "Webhook address is refused"
    status = 422
    remedy = (
        "Use https:// and a host name on port 443 that resolves to public addresses. For a receiver inside your own "
        "network, the operator sets ENCOURS_WEBHOOK_ALLOW."
    )

    def __init__(self, detail: str) -> None:
        super().__init__(detail, "/url")


@dataclass(frozen=True, slots=True)
class Target:
    """An address to call. ``is_allowed``: the operator names it, so that its addresses may be private."""

    url: str
    host: str
    port: int
    is_allowed: bool


@dataclass(frozen=True, slots=True)
class AllowedAddresses:
    """Hosts and networks that the operator allows besides public ones. A host without a port has any."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> AllowedAddresses:
        """Read ``hooks.corp.example, erp.lan:8443, 10.20.0.0/16``. Raises ``ValueError``."""
        hosts, networks = set(), []
        for entry in filter(None, (each.strip().lower() for each in text.split(","))):
            try:
                networks.append(ip_network(entry))
                continue
            except ValueError:
                host, _, port = entry.partition(":")
            if _NAME.fullmatch(host) is None or (port and not (port.isdecimal() and 0 < int(port) < 65_536)):
                raise ValueError(f"{entry!r} is neither a host, with or without a port, nor a network")
            hosts.add((host, int(port) if port else None))
        return cls(frozenset(hosts), tuple(networks))

    def names(self, host: str, port: int) -> bool:
        """Return True for a host that is allowed by name."""
        return (host, None) in self.hosts or (host, port) in self.hosts

    def covers(self, address: Address) -> bool:
        """Return True for an address in one of the networks."""
        return any(address in network for network in self.networks)


def target_of(url: str, allowed: AllowedAddresses) -> Target:
    """Return the target of an address as it is written. Raises :class:`WebhookAddressRefused`."""
    parts, port = _split(url)
    host = parts.hostname or ""
    address = _literal(host)
    is_allowed = allowed.covers(address) if address else allowed.names(host, port)
    if address and not is_allowed:
        raise WebhookAddressRefused("Write a host name: addresses in digits are not called.")
    if parts.scheme != "https" and not is_allowed:
        raise WebhookAddressRefused("Use https://: what is sent must not be readable on its way.")
    if port != _HTTPS_PORT and not is_allowed:
        raise WebhookAddressRefused(f"Use port 443: port {port} is not called.")
    if address is None and not is_allowed:
        _check_name(host)
    return Target(url, host, port, is_allowed)


def check_resolved(target: Target, found: list[str], allowed: AllowedAddresses) -> str:
    """Return the address to connect to, of those that the host resolves to.

    One address that is not public is enough for a refusal: the next connection could take it. Raises
    :class:`WebhookAddressRefused`.
    """
    addresses = [ip_address(each.partition("%")[0]) for each in found]
    if not addresses:
        raise WebhookAddressRefused(f"{target.host} has no address.")
    for address in addresses:
        if not (target.is_allowed or allowed.covers(address) or is_public(address)):
            # The detail names no address: callers would learn which addresses names of this network have.
            raise WebhookAddressRefused(f"{target.host} resolves to an address that is not public.")
    return str(addresses[0])


def is_public(address: Address) -> bool:
    """Return True for an address of the public Internet; False for one that contains an IPv4 address."""
    if not address.is_global or address.is_multicast:
        return False
    if address.version == 6 and address not in _PUBLIC_V6:
        return False
    return not any(address in network for network in _NOT_PUBLIC)


def _split(url: str) -> tuple[SplitResult, int]:
    if len(url) > _MAX_LENGTH or _PRINTABLE.fullmatch(url) is None:
        raise WebhookAddressRefused(
            f"Write at most {_MAX_LENGTH} ASCII characters, without blanks and backslashes."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise WebhookAddressRefused("This is not a valid URL.") from None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise WebhookAddressRefused("Write https:// and a host.")
    if "@" in parts.netloc:
        raise WebhookAddressRefused("Leave name and password out: receivers check the signature.")
    if "#" in url:
        raise WebhookAddressRefused("Leave out the part after #, which is never sent.")
    if port == 0 or parts.netloc.endswith(":"):
        raise WebhookAddressRefused("Leave the port out, or write 443.")
    return parts, port or (_HTTPS_PORT if parts.scheme == "https" else 80)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _check_name(host: str) -> None:
    """Raise for a local name, and for one that resolvers read as a number: ``0x7f.1``, ``0177.0.0.1``."""
    if _NAME.fullmatch(host) is None or "." not in host:
        raise WebhookAddressRefused(f"{host[:60]!r} is not a full host name.")
    if _NUMERIC.fullmatch(host.rpartition(".")[2]):
        raise WebhookAddressRefused("Write a host name: addresses in digits are not called.")
    if host.endswith(tuple(f".{ending}" for ending in _LOCAL_ENDINGS)):
        raise WebhookAddressRefused(f"{host} is the name of a local network.")
