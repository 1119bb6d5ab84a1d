"""The values of `websub`: where hubs reach us, and where we listen for them."""

from __future__ import annotations

import ipaddress
import re

from monitor.config.settings import Listen
from monitor.config.values import split_url

_LISTEN = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<v4>[0-9.]+)):(?P<port>\d{1,5})")
_LOCAL = re.compile(r"(?:.*\.)?(?:localhost|local|internal|lan|home\.arpa)\.?", re.IGNORECASE)
_MOST = 500


def check_callback(text: str) -> str:
    """Refuse what hubs elsewhere cannot call, or what a token cannot be appended to."""
    parts = split_url(text)
    host = parts.hostname or ""
    if parts.query or "?" in text or parts.fragment or "#" in text:
        raise ValueError("{} has a query or a fragment; write scheme, host and path only")
    if parts.username is not None:
        raise ValueError("{} has a user name; hubs come without one")
    if len(text) > _MOST or "\\" in text or not text.isascii():
        raise ValueError("{} is not a plain URL; write it like https://alerts.example.org/websub")
    if not _is_public(host):
        raise ValueError(
            "{} cannot be reached by hubs elsewhere; write the public address of your reverse proxy"
        )
    return text.rstrip("/")


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        # A name without a dot is known in one network only.
        return "." in host.rstrip(".") and not _LOCAL.fullmatch(host)


def parse_listen(value: object) -> Listen:
    """Read `127.0.0.1:8787` or `[::1]:8787`."""
    found = _LISTEN.fullmatch(value if isinstance(value, str) else "")
    try:
        host = ipaddress.ip_address((found["v6"] or found["v4"]) if found else "")
    except ValueError:
        raise ValueError("{} is not an address with a port; write it like 127.0.0.1:8787") from None
    port = int(found["port"]) if found else 0
    if not 1 <= port <= 65535:
        raise ValueError("{} has no port between 1 and 65535")
    return Listen(host=str(host), port=port)
