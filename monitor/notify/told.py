"""What the other side said: short, printable, and without our secrets."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, unquote, urlsplit

from monitor.alerts.wording import clean

MAX_CHARACTERS = 200
# Shorter parts of a URL (`api`, `v1`) are no secrets, and redacting them would hide the answer.
_SECRET_LENGTH = 6


def told(text: str, *secrets: str) -> str:
    """Return the text on one line of at most 200 characters, its secrets replaced by `***`."""
    # Each replacement may shorten it, so it is cut last.
    line = clean(text, 8_000)
    for secret in sorted({spelt for one in secrets for spelt in _spellings(one)}, key=len)[::-1]:
        line = line.replace(secret, "***")
    return clean(line, MAX_CHARACTERS)


def secrets_of(url: str) -> tuple[str, ...]:
    """Return the parts of a URL that no error may show: all of it, its path, query and login."""
    try:
        parts = urlsplit(url)
        login = (parts.username or "", parts.password or "")
    except ValueError:
        return (url,)
    path = [parts.path, *parts.path.split("/")]
    query = [parts.query, *(value for _, value in parse_qsl(parts.query))]
    # Apprise writes tokens where the host belongs: `discord://id/token`.
    host = [] if parts.scheme in ("http", "https") else [parts.netloc]
    secrets = (*path, *query, *host, *login, parts.fragment)
    return (url, *(secret for secret in secrets if len(secret) >= _SECRET_LENGTH))


def _spellings(secret: str) -> set[str]:
    spelt = {secret, quote(secret), quote(secret, safe=""), unquote(secret), clean(secret, 8_000)}
    return spelt - {"", "/"}
