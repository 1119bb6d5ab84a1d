"""Turn what stands behind one key into a value, or say in a sentence why not.

All raise `ValueError` whose text has `{}` where the value belongs: who reports it decides whether
the value may be shown, since it may be a secret or come from the environment.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_interface
from urllib.parse import SplitResult, urlsplit

_DURATION = re.compile(r"(?=\d)(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")
_SIZE = re.compile(r"(\d{1,12})\s*([kmg]?i?b)", re.IGNORECASE)
_SIZES = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
# Deliberately narrower than RFC 5321: no quoted local parts, no bare addresses of hosts.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_SPACE_OR_CONTROL = re.compile(r"[\s\x00-\x20\x7f]")

# Kinds of destinations, in the order in which they are told to the user.
KINDS = ("console", "slack", "email", "webhook", "apprise", "file", "alertmanager")

# How long a name may be and what it is made of; also the key pattern in the JSON schema.
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
# Groups of feeds may lie in one another: `europe/baltic`.
GROUP_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}(/[A-Za-z0-9][A-Za-z0-9_-]{0,63}){0,7}$"


def suggest(word: str, known: Sequence[str]) -> str:
    """Return `; did you mean 'x'?` for the nearest of the known words, else `; known: …`."""
    folded = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{folded[near[0]]}'?"
    return f"; known here: {', '.join(known)}" if known else "; none is defined"


def parse_duration(value: object) -> timedelta:
    """Read `90s`, `5m`, `1h30m`, `7d`; the largest unit comes first."""
    text = _plain_text(value)
    if _NUMBER.fullmatch(text):
        raise ValueError("{} has no unit; write it like 90s, 5m, 1h30m or 7d")
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError("{} is not a duration; write it like 90s, 5m, 1h30m or 7d")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def duration_between(low: str, high: str) -> Callable[[object], timedelta]:
    """Make a reader of durations that refuses those outside of the bounds."""
    least, most = parse_duration(low), parse_duration(high)

    def read(value: object) -> timedelta:
        duration = parse_duration(value)
        if not least <= duration <= most:
            raise ValueError("{} is not between " + f"{low} and {high}")
        return duration

    return read


def parse_size(value: object) -> int:
    """Read `500kB`, `8MB` (decimal) or `8MiB` (binary) as a number of bytes."""
    text = _plain_text(value)
    if _NUMBER.fullmatch(text):
        raise ValueError("{} has no unit; write it like 500kB or 8MB")
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError("{} is not a size; write it like 500kB or 8MB")
    return int(found[1]) * _SIZES[found[2].lower()]


def size_between(low: str, high: str) -> Callable[[object], int]:
    """Make a reader of sizes that refuses those outside of the bounds."""
    least, most = parse_size(low), parse_size(high)

    def read(value: object) -> int:
        size = parse_size(value)
        if not least <= size <= most:
            raise ValueError("{} is not between " + f"{low} and {high}")
        return size

    return read


def whole_between(low: int, high: int) -> Callable[[object], int]:
    """Make a reader of whole numbers; digits in a text count, as `${VAR}` gives a text."""

    def read(value: object) -> int:
        if not re.fullmatch(r"[+-]?\d{1,12}", _plain_text(value)):
            raise ValueError("{} is not a whole number" + f" between {low} and {high}")
        number = int(_plain_text(value))
        if not low <= number <= high:
            raise ValueError("{} is not between " + f"{low} and {high}")
        return number

    return read


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A threshold in the user's unit."""

    alerts_per_week: float


def parse_threshold(value: object) -> float | Rate | None:
    """Read `auto` as None, a number in [0, 1], or a rate such as `3 per week`."""
    text = _plain_text(value)
    if text == "auto":
        return None
    rate = re.fullmatch(r"(\d{1,4}(?:\.\d+)?) (?:per|a) (day|week|month)", text)
    if rate:
        a_week = float(rate[1]) * {"day": 7.0, "week": 1.0, "month": 7.0 / 30.0}[rate[2]]
        if a_week <= 0:
            raise ValueError("{} would never alert; ask for more than 0")
        return Rate(alerts_per_week=a_week)
    try:
        number = float(text)
    except ValueError:
        raise ValueError(
            "{} is neither 'auto' nor a number between 0 and 1 nor a rate such as '3 per week'"
        ) from None
    # Written so that not-a-number fails too.
    if not 0 <= number <= 1:
        raise ValueError("{} is not between 0 and 1")
    return number


def one_of(*names: str) -> Callable[[object], object]:
    """Make a check that a value is one of these words."""

    def read(value: object) -> object:
        if value not in names:
            near = get_close_matches(str(value).lower(), names, n=1, cutoff=0.6)
            cure = f"; did you mean '{near[0]}'?" if near else ""
            raise ValueError("{} is not one of " + ", ".join(names) + cure)
        return value

    return read


def parse_flag(value: object) -> bool:
    """Read true or false; as texts, too, since `${VAR}` gives a text."""
    found = {"true": True, "false": False}.get(str(value).lower())
    if found is None:
        raise ValueError("{} is neither true nor false")
    return found


def check_phrase(text: str) -> str:
    """Refuse a text without a letter or digit: it would say nothing."""
    if not any(character.isalnum() for character in text):
        raise ValueError("{} has no word in it; write one or leave it out")
    return text


def check_language(text: str) -> str:
    """Refuse what is not a language code of two small letters."""
    if not (len(text) == 2 and text.isascii() and text.isalpha() and text.islower()):
        raise ValueError("{} is not a language; write two letters of ISO 639-1, like pl")
    return text


def check_bare_kind(text: str) -> str:
    """Refuse a kind without settings, but for the one that needs none."""
    if text in KINDS and text != "console":
        raise ValueError("{} needs settings; write its keys below it")
    if text != "console":
        raise ValueError("{} is not a kind of destination" + suggest(text, KINDS))
    return text


def check_url(text: str) -> str:
    """Refuse what is not an absolute http(s) URL; user and password in it are fine."""
    split_url(text)
    return text


def split_url(text: str) -> SplitResult:
    """Split an http(s) URL, refusing what no client could open."""
    if _SPACE_OR_CONTROL.search(text):
        raise ValueError("{} has white space in it, which no URL may have")
    if "\\" in text:
        raise ValueError("{} has a backslash in it, which no URL may have")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("{} is not a URL: its host or port cannot be read") from None
    if parts.scheme not in {"http", "https"}:
        raise ValueError("{} is not a web address; it must begin with http:// or https://")
    if not host:
        raise ValueError("{} names no host")
    return parts


def url_key(text: str) -> tuple[str, ...]:
    """Return what two spellings of one URL share: case of host, fragment and empty path aside."""
    parts = urlsplit(text)
    user, _, host = parts.netloc.rpartition("@")
    return parts.scheme, user, host.lower(), parts.path or "/", parts.query


# A wider network is the internet, or more than anyone has inside.
WIDEST = {4: 8, 6: 7}


def parse_allowed(value: object) -> IPv4Network | IPv6Network | str:
    """Read an address, a network (`10.0.0.0/8`), or the name of a host.

    What other programs would take for an address, such as `127.1`, is no name.
    """
    text = _plain_text(value)
    try:
        network = ip_interface(text).network
    except ValueError:
        return _host_name(text)
    address, slash, _ = text.partition("/")
    if slash and network.network_address != ip_interface(address).ip:
        raise ValueError("{} has bits beyond its prefix" + f"; write it like {network}")
    if network.prefixlen < WIDEST[network.version]:
        raise ValueError("{} is too wide; name the networks that your feeds are in")
    return network


def _host_name(text: str) -> str:
    cure = "write an address, a network like 10.0.0.0/8, or the name of a host"
    labels = text.removesuffix(".").split(".")
    looks_numeric = labels[-1].isdecimal() or labels[-1].lower().startswith("0x")
    if looks_numeric or len(text) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError("{} is neither an address nor a host; " + cure)
    return ".".join(labels).lower()


def check_address(text: str) -> str:
    """Refuse what is not one plain e-mail address."""
    if len(text) > 254 or not _ADDRESS.fullmatch(text):
        raise ValueError("{} is not an e-mail address; write it like desk@example.org")
    return text


def check_contact(text: str) -> str:
    """Refuse a contact that is neither e-mail nor web address: it goes into a header."""
    try:
        check_address(text)
    except ValueError:
        try:
            check_url(text)
        except ValueError:
            raise ValueError("{} is neither an e-mail address nor a web address") from None
    return text


def check_service_url(text: str) -> str:
    """Refuse what does not look like a URL of Apprise; whether it is one shows when it is used."""
    if not _SCHEME.fullmatch(text):
        raise ValueError("{} is not a URL of Apprise; write it like ntfy://ntfy.sh/my-topic")
    return text


def check_bot_token(text: str) -> str:
    """Refuse what is not a token by which Slack lets a bot post."""
    if not re.fullmatch(r"xox[a-z](?:[.-][A-Za-z0-9-]+)+", text):
        raise ValueError("{} is not a bot token of Slack; it begins with xoxb-")
    return text


def check_bearer_token(text: str) -> str:
    """Refuse what cannot stand in a header."""
    if not re.fullmatch(r"[\x21-\x7e]{1,4096}", text):
        raise ValueError("{} is not a token; it has white space or other signs in it")
    return text


def check_channel(text: str) -> str:
    """Refuse what is not a channel of Slack: its id, or its name with or without `#`."""
    if not re.fullmatch(r"#?[\w.-]{1,80}", text):
        raise ValueError("{} is not a channel; write its id, or its name like '#news'")
    return text


def check_signing_secret(text: str) -> str:
    """Refuse what is not a secret of Standard Webhooks: base64 of 24 to 64 bytes.

    Source: https://github.com/standard-webhooks/standard-webhooks, "Signature scheme".
    """
    cure = "make one with: openssl rand -base64 32"
    try:
        length = len(base64.b64decode(text.removeprefix("whsec_"), validate=True))
    except (binascii.Error, ValueError):
        raise ValueError("{} is not base64, as a Standard Webhooks secret is; " + cure) from None
    if not 24 <= length <= 64:
        raise ValueError("{} is not 24 to 64 bytes, as a Standard Webhooks secret is; " + cure)
    return text


def _plain_text(value: object) -> str:
    # YAML gives numbers for what people write without quotes; booleans and lists are no values.
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)
