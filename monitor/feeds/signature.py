"""Tell a hub's push from a forged one (WebSub section 7). Pure."""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum

from monitor.targets import Secret


class Signature(StrEnum):
    """What a push's signature is worth; only a good one is taken."""

    GOOD = "good"
    MISSING = "it is unsigned"
    # Section 7 still allows it, but collisions are within reach.
    WEAK = "it is signed with sha1"
    UNKNOWN = "it is signed by an unknown method"
    WRONG = "its signature is wrong"


_METHODS = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}


def check_signature(body: bytes, header: str, secret: Secret) -> Signature:
    """Judge an `X-Hub-Signature` (section 7.1), in a time that tells nothing about the right one.

    >>> key = Secret("k" * 64)
    >>> right = hmac.new(b"k" * 64, b"<rss/>", "sha256").hexdigest()
    >>> check_signature(b"<rss/>", "sha256=" + right, key).value
    'good'
    >>> check_signature(b"<rss />", "sha256=" + right, key).value
    'its signature is wrong'
    """
    method, _, said = header.strip().partition("=")
    method = method.strip().lower()
    if not method or not said:
        return Signature.MISSING
    if method == "sha1":
        return Signature.WEAK
    if method not in _METHODS:
        return Signature.UNKNOWN
    right = hmac.new(secret.reveal().encode(), body, _METHODS[method]).hexdigest()
    given = said.strip().lower().encode("ascii", "replace")
    return Signature.GOOD if hmac.compare_digest(right.encode(), given) else Signature.WRONG
