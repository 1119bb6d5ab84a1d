"""Which addresses are public, and what opens those that are not."""

from __future__ import annotations

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    ip_address,
    ip_network,
)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.addresses import (
    METADATA,
    NAT64,
    SIX_TO_FOUR,
    Guard,
    Trust,
    embedded,
    kind_of,
)
from monitor.fetch.refused import Refused
from monitor.records import Stage

PUBLIC = (
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001::200e",
    # As public as what is inside.
    "::ffff:1.1.1.1",
    "64:ff9b::1.1.1.1",
    "2002:101:101::1",
)
REFUSED = (
    ("0.0.0.0", "unspecified"),
    ("0.1.2.3", "reserved"),
    ("10.0.0.1", "private"),
    ("100.64.0.1", "shared by a carrier (CGNAT)"),
    ("100.127.255.255", "shared by a carrier (CGNAT)"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("169.254.1.1", "link-local"),
    ("169.254.169.254", "a cloud's metadata"),
    ("168.63.129.16", "a cloud's metadata"),
    ("100.100.100.200", "a cloud's metadata"),
    ("fd00:ec2::254", "a cloud's metadata"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.0.0.8", "reserved"),
    ("192.0.2.1", "for documentation"),
    ("192.88.99.1", "reserved"),
    ("192.168.1.1", "private"),
    ("198.19.0.1", "for benchmarks"),
    ("198.51.100.1", "for documentation"),
    ("203.0.113.1", "for documentation"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.250", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "broadcast"),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("::127.0.0.1", "IPv4-compatible"),
    ("::8.8.8.8", "IPv4-compatible"),
    ("::ffff:0:7f00:1", "IPv4-translated"),
    ("::ffff:127.0.0.1", "loopback (127.0.0.1)"),
    ("::ffff:169.254.169.254", "a cloud's metadata (169.254.169.254)"),
    ("::ffff:10.0.0.1", "private (10.0.0.1)"),
    ("64:ff9b::127.0.0.1", "loopback (127.0.0.1)"),
    ("64:ff9b::192.168.0.1", "private (192.168.0.1)"),
    ("64:ff9b:1::1", "private (local NAT64)"),
    ("100::1", "discarded"),
    ("2001::1", "a Teredo tunnel"),
    ("2001:0:7f00:1::", "a Teredo tunnel"),
    ("2001:2::1", "reserved"),
    ("2001:db8::1", "for documentation"),
    ("3fff::1", "for documentation"),
    ("2002:7f00:1::", "loopback (127.0.0.1)"),
    ("2002:a9fe:a9fe::1", "a cloud's metadata (169.254.169.254)"),
    ("2a00:1450::5efe:10.0.0.1", "private (10.0.0.1)"),
    ("2a00:1450::200:5efe:127.0.0.1", "loopback (127.0.0.1)"),
    ("fc00::1", "private"),
    ("fd12:3456::1", "private"),
    ("fe80::1", "link-local"),
    ("fec0::1", "private (site-local)"),
    ("ff02::1", "multicast"),
    ("4000::1", "reserved"),
    ("5f00::1", "reserved"),
)


@pytest.mark.parametrize("written", PUBLIC)
def test_public_addresses(written: str) -> None:
    """An address that anyone on the internet could answer from is public."""
    assert kind_of(ip_address(written)) is None


@pytest.mark.parametrize("written, kind", REFUSED)
def test_special_addresses(written: str, kind: str) -> None:
    """An address that is not public is told by its kind, also inside of another."""
    assert kind_of(ip_address(written)) == kind


@given(st.ip_addresses(v=4))
def test_public_is_global_v4(address: IPv4Address) -> None:
    """What is public here is global to `ipaddress` too: this table is never the laxer one."""
    if kind_of(address) is None:
        assert address.is_global
        assert not address.is_multicast


@given(st.ip_addresses(v=6))
def test_public_is_global_v6(address: IPv6Address) -> None:
    """The same for IPv6, where what is inside counts."""
    if kind_of(address) is None:
        inner = embedded(address)
        assert address.is_global if inner is None else inner.is_global
        assert not address.is_multicast


@given(st.ip_addresses(v=4))
def test_no_form_hides_an_address(address: IPv4Address) -> None:
    """Mapped, behind NAT64 or 6to4, an IPv4 address is what it is alone."""
    number = int(address)
    forms = (
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address(int(NAT64.network_address) | number),
        IPv6Address(int(SIX_TO_FOUR.network_address) | number << 80),
    )
    alone = kind_of(address)
    for form in forms:
        assert embedded(form) == address
        assert (kind_of(form) is None) is (alone is None)


def verdict(
    guard: Guard, *addresses: str, host: str = "feeds.example", trust: Trust = Trust.ASKED
) -> str | bool:
    """Give what the guard says: whether the host is inside, or why it is refused."""
    try:
        return guard.vet(host, [ip_address(one) for one in addresses], trust)
    except Refused as refused:
        return str(refused) if refused.stage is Stage.ADDRESS else f"at {refused.stage}"


def allowing(*entries: str) -> Guard:
    """Make a guard that lets these through: networks, or else names."""
    allowed = [ip_network(one) if one[-1].isdecimal() else one for one in entries]
    return Guard.allowing(allowed)


def test_one_bad_address_spoils_all() -> None:
    """A name with public and private addresses is refused whole, in whatever order they come."""
    cure = "10.0.0.1 is private; if that is meant, add it to polling.allow_addresses"
    assert verdict(Guard(), "1.1.1.1", "10.0.0.1") == cure
    assert verdict(Guard(), "10.0.0.1", "1.1.1.1") == cure
    assert verdict(Guard(), "1.1.1.1", "2606:4700:4700::1111") is False


@pytest.mark.parametrize(
    "entry, opened, closed",
    [
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
        ("127.0.0.1/32", "127.0.0.1", "127.0.0.2"),
        ("127.0.0.1/32", "::ffff:127.0.0.1", "::1"),
        ("10.0.0.0/8", "64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1"),
        ("fd00::/8", "fd12::1", "fe80::1"),
        ("::1/128", "::1", "127.0.0.1"),
    ],
)
def test_a_network_opens_what_is_in_it(entry: str, opened: str, closed: str) -> None:
    """An allowed network opens its addresses, in all their forms, and no others."""
    guard = Guard.allowing([ip_network(entry)])
    assert verdict(guard, opened) is True
    if kind_of(ip_address(closed)):
        assert "polling.allow_addresses" in str(verdict(guard, closed))


def test_a_name_opens_itself() -> None:
    """An allowed name opens whatever it leads to, and no other name, not even one below it."""
    guard = allowing("feeds.internal")
    assert verdict(guard, "10.0.0.1", host="feeds.internal") is True
    assert verdict(guard, "127.0.0.1", "10.0.0.1", host="FEEDS.Internal.") is True
    for host in ("a.feeds.internal", "feeds.internal.example", "internal", "10.0.0.1"):
        assert verdict(guard, "10.0.0.1", host=host) is not True


def test_nothing_opens_the_inside_to_strangers() -> None:
    """A redirect from outside leads to public addresses only, whatever is allowed."""
    guard = allowing("10.0.0.0/8", "feeds.internal")
    said = "10.0.0.1 is private, and a redirect from outside may not lead there"
    assert verdict(guard, "10.0.0.1", trust=Trust.STRANGER) == said
    assert verdict(guard, "10.0.0.1", host="feeds.internal", trust=Trust.STRANGER) == said
    assert verdict(guard, "1.1.1.1", trust=Trust.STRANGER) is False


def test_a_hub_inside_is_allowed_by_itself() -> None:
    """A feed may name a hub inside only where that hub is allowed by its own name or address."""
    guard = allowing("10.0.0.0/8", "127.0.0.1", "hub.internal")
    assert verdict(guard, "1.1.1.1", trust=Trust.HUB) is False
    assert verdict(guard, "127.0.0.1", trust=Trust.HUB) is True
    assert verdict(guard, "::ffff:127.0.0.1", trust=Trust.HUB) is True
    assert verdict(guard, "10.0.0.1", host="hub.internal", trust=Trust.HUB) is True
    said = (
        "10.0.0.1 is private, and a feed may name no hub there; if that is meant, add the hub's"
        " own name or address to polling.allow_addresses"
    )
    assert verdict(guard, "10.0.0.1", trust=Trust.HUB) == said
    assert verdict(guard, "1.1.1.1", "10.0.0.1", trust=Trust.HUB) == said
    for one in METADATA:
        exact = Guard.allowing([ip_network(one), "hub.internal"])
        assert verdict(exact, str(one), host="hub.internal", trust=Trust.HUB) is not True


def test_receivers_may_be_inside() -> None:
    """A receiver is named by the operator: it may be anywhere but where clouds keep credentials."""
    for address in ("127.0.0.1", "10.0.0.1", "fe80::1", "::1"):
        assert verdict(Guard(), address, trust=Trust.RECEIVER) is True
    for one in METADATA:
        said = f"{one} is a cloud's metadata, where no receiver is"
        assert verdict(Guard(), str(one), trust=Trust.RECEIVER) == said


@pytest.mark.parametrize("address", sorted(map(str, METADATA)))
def test_metadata_is_opened_by_its_own_address(address: str) -> None:
    """Neither a network around it nor a name opens a cloud's metadata: only the very address."""
    one = ip_address(address)
    around = ip_network(f"{one}/{24 if isinstance(one, IPv4Address) else 64}", strict=False)
    assert verdict(Guard.allowing([around, "feeds.example"]), address) is not True
    assert verdict(Guard.allowing([ip_network(address)]), address) is True
    if isinstance(one, IPv4Address):
        assert verdict(Guard.allowing([around]), f"::ffff:{address}") is not True


def test_a_guard_that_allows_nothing_is_the_default() -> None:
    """Without a word from the configuration nothing inside is open."""
    assert Guard.allowing([]) == Guard()
    assert Guard.allowing([IPv4Network("10.0.0.0/8")]) != Guard()
