"""Say in a few words why an HTTP exchange failed."""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPException, IncompleteRead, RemoteDisconnected

from requests.exceptions import InvalidURL, MissingSchema, RequestException
from urllib3.exceptions import (
    InvalidChunkLength,
    InvalidHeader,
    LocationParseError,
    ProtocolError,
)

# The first kind that is found anywhere in the chain of causes names the cause.
NAMED: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "its host name cannot be resolved"),
    (ConnectionRefusedError, "connection refused"),
    (RemoteDisconnected, "the other side closed the connection without an answer"),
    (ConnectionResetError, "the other side reset the connection"),
    (TimeoutError, "no answer in time"),
    (ssl.SSLCertVerificationError, "its TLS certificate is not valid"),
    (InvalidChunkLength, "its chunks cannot be told apart"),
    (IncompleteRead, "the answer ended too soon"),
    (HTTPException, "the answer is not HTTP"),
    (InvalidHeader, "its length is given in two ways"),
    (InvalidURL, "it cannot be read as a web address"),
    (MissingSchema, "it cannot be read as a web address"),
    (LocationParseError, "it cannot be read as a web address"),
)
# Of what strangers say, which goes into the log and into `status`.
LONGEST_WORDS = 60


def in_words(error: BaseException) -> str:
    """Name the cause without the address, which may hold a secret."""
    chain = _chain(error)
    for kind, words in NAMED:
        if any(isinstance(link, kind) for link in chain):
            return words
    for link in reversed(chain):
        if isinstance(link, ssl.SSLError):
            return f"TLS failed: {(link.reason or 'broken off').replace('_', ' ').lower()}"
        if isinstance(link, OSError) and link.strerror and not isinstance(link, RequestException):
            return f"cannot connect: {link.strerror}"
    if any(isinstance(link, ProtocolError) for link in chain):
        return "the answer ended too soon"
    return f"the exchange broke off ({type(chain[-1]).__name__})"


def status_in_words(status: int, reason: str | None) -> str:
    r"""Name a status with what the server says of it, cut, and without control characters.

    >>> status_in_words(404, "Not\x1b[31m Found")
    'HTTP 404 Not[31m Found'
    """
    return f"HTTP {status} {shown(reason or '')}".strip()


def shown(said: str) -> str:
    """Give what a stranger says as one may show it: cut, and without control characters."""
    return "".join(sign for sign in said[: 2 * LONGEST_WORDS] if sign.isprintable())[:LONGEST_WORDS]


def _chain(error: BaseException | None) -> list[BaseException]:
    """Give an error with all that it wraps, outermost first."""
    seen: list[BaseException] = []
    todo = [error]
    while todo:
        link = todo.pop(0)
        if link is None or link in seen:
            continue
        seen.append(link)
        wrapped = [one for one in link.args if isinstance(one, BaseException)]
        reason = getattr(link, "reason", None)
        if isinstance(reason, BaseException):
            wrapped.append(reason)
        todo += [*wrapped, link.__cause__, link.__context__]
    return seen
