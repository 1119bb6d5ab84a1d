"""Which addresses may be connected to. Pure: rules over addresses, never over how one is written.

A name says nothing (`2130706433`, `0177.0.0.1`, `127.1` and `①②⑦.⓪.⓪.①` are all loopback), so what
is judged is what the look-up gave. `ipaddress.is_global` alone would let multicast, translated
forms of loopback and a cloud's metadata through, and changes with the version of Python.

Source: the IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890 and its updates).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from monitor.fetch.refused import Refused
from monitor.records import Allowed, Stage

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Where clouds hand their credentials to whoever asks. Only the very address opens one, never a
# network around it: no feed lives there, and 100.64.0.0/10 is what people allow for their VPN.
METADATA: frozenset[Address] = frozenset(
    map(
        ip_address,
        (
            # AWS, Azure, Google, OpenStack and most others; AWS over IPv6; Google over IPv6.
            "169.254.169.254",
            "fd00:ec2::254",
            "fd20:ce::254",
            # AWS's credentials of a container.
            "169.254.170.2",
            # Azure's wire server, which looks public.
            "168.63.129.16",
            "100.100.100.200",  # Alibaba
            "192.0.0.192",  # Oracle
        ),
    )
)

# The first network that has an address names it, so narrow ones stand before wide ones.
SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/32", "unspecified"),
        ("0.0.0.0/8", "reserved"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a carrier (CGNAT)"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "for documentation"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("255.255.255.255/32", "broadcast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        # Old ways to write IPv4, which no server has (RFC 4291 section 2.5.5.1, RFC 2765).
        ("::/96", "IPv4-compatible"),
        ("::ffff:0:0:0/96", "IPv4-translated"),
        ("64:ff9b:1::/48", "private (local NAT64)"),
        ("100::/64", "discarded"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private (site-local)"),
        ("fc00::/7", "private"),
        ("ff00::/8", "multicast"),
        ("2001::/32", "a Teredo tunnel"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "for documentation"),
        ("3fff::/20", "for documentation"),
    )
)
# All of IPv6 that is given to networks so far (RFC 4291 section 2.4, IANA).
GIVEN = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
SIX_TO_FOUR = IPv6Network("2002::/16")
# The last 64 bits of an ISATAP tunnel begin so, but for the bit that says "global" (RFC 5214 6.1).
ISATAP = 0x0000_5EFE


class Trust(Enum):
    """Who says that an address shall be connected to, and so which may be."""

    # A receiver, named by the operator: all but metadata.
    RECEIVER = "receiver"
    # A feed or page, named by the operator: public ones, and those that the configuration allows.
    ASKED = "asked"
    # A hub, named by a feed: public ones, and those that the configuration allows by their own name
    # or address. A network that is open for one feed is not open to what any feed writes.
    HUB = "hub"
    # A redirect from the public internet: public ones only, whatever else is allowed.
    STRANGER = "stranger"


def embedded(address: Address) -> IPv4Address | None:
    """Give the IPv4 address at which traffic for an IPv6 one arrives, where its form says it.

    Mapped (RFC 4291 section 2.5.5.2), NAT64 (RFC 6052), 6to4 (RFC 3056) and ISATAP (RFC 5214).

    >>> embedded(IPv6Address("64:ff9b::7f00:1"))
    IPv4Address('127.0.0.1')
    """
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    number = int(address)
    if address in NAT64 or (number >> 32) & 0xFCFF_FFFF == ISATAP:
        return IPv4Address(number & 0xFFFF_FFFF)
    if address in SIX_TO_FOUR:
        return IPv4Address((number >> 80) & 0xFFFF_FFFF)
    return None


def kind_of(address: Address) -> str | None:
    """Say in a word or two what keeps an address from being public; None if it is public.

    >>> kind_of(IPv4Address("127.0.0.1")), kind_of(IPv4Address("1.1.1.1"))
    ('loopback', None)
    """
    if address in METADATA:
        return "a cloud's metadata"
    for network, kind in SPECIAL:
        if address in network:
            return kind
    inner = embedded(address)
    if inner is not None:
        # As public as what is inside.
        inside = kind_of(inner)
        return inside and f"{inside} ({inner})"
    return None if isinstance(address, IPv4Address) or address in GIVEN else "reserved"


@dataclass(frozen=True, slots=True)
class Guard:
    """Says which of the addresses that a name has may be connected to."""

    networks: tuple[Network, ...] = ()
    # Names in small letters, without the dot at their end.
    hosts: frozenset[str] = field(default_factory=frozenset)
    # What keeps an address from being public; on one machine nothing is, so tests have their own.
    kind_of: Callable[[Address], str | None] = kind_of

    @staticmethod
    def allowing(allowed: Iterable[Allowed]) -> Guard:
        """Make a guard that lets feeds of these networks and hosts through."""
        entries = tuple(allowed)
        return Guard(
            networks=tuple(one for one in entries if not isinstance(one, str)),
            hosts=frozenset(_plain(one) for one in entries if isinstance(one, str)),
        )

    def vet(self, host: str, addresses: Sequence[Address], trust: Trust) -> bool:
        """Say whether a host is inside: whether one of its addresses needed a permission.

        Raises `Refused` if any address is out of bounds. One bad address among good ones spoils
        all: a name that is public and internal at once is how rebinding begins, and no feed needs
        it; to take only the good ones would hide a broken zone from who could mend it.
        """
        kinds = {address: self.kind_of(address) for address in addresses}
        for address, kind in kinds.items():
            if kind is not None and not self._may(host, address, trust):
                raise Refused(_why(address, kind, trust), Stage.ADDRESS)
        return any(kinds.values())

    def _may(self, host: str, address: Address, trust: Trust) -> bool:
        inner = embedded(address)
        forms = [one for one in (address, inner) if one is not None]
        named = any(one in net for one in forms for net in self.networks if _is_single(net))
        if any(one in METADATA for one in forms):
            return named and trust is Trust.ASKED
        if trust in {Trust.RECEIVER, Trust.STRANGER}:
            return trust is Trust.RECEIVER
        if named or _plain(host) in self.hosts:
            return True
        is_open = any(one in network for one in forms for network in self.networks)
        return is_open and trust is Trust.ASKED


def _is_single(network: Network) -> bool:
    return network.prefixlen == network.max_prefixlen


def _why(address: Address, kind: str, trust: Trust) -> str:
    if trust is Trust.STRANGER:
        return f"{address} is {kind}, and a redirect from outside may not lead there"
    if trust is Trust.RECEIVER:
        return f"{address} is {kind}, where no receiver is"
    if trust is Trust.HUB:
        return (
            f"{address} is {kind}, and a feed may name no hub there; if that is meant, add the"
            " hub's own name or address to polling.allow_addresses"
        )
    return f"{address} is {kind}; if that is meant, add it to polling.allow_addresses"


def _plain(host: str) -> str:
    return host.removesuffix(".").lower()
