"""What a person can do about a feed that fails. Pure."""

from __future__ import annotations

from collections.abc import Mapping

# By status (RFC 9110 section 15, RFC 6585 section 4).
STATUS_CURES: Mapping[int, str] = {
    400: "open the address in a browser: it may be mistyped",
    401: "it wants a name and password: put them into its address, https://NAME:PASSWORD@host/…",
    402: "it is for subscribers: look for a free feed of the outlet, or remove it",
    403: "it refuses programs such as this: set polling.contact, or ask the outlet to let us in",
    404: "the address is wrong or old: look for the feed on the outlet's site",
    406: "it does not serve feeds at this address: look for another on the outlet's site",
    410: "it is gone for good, says its server: remove it, or look for another of the outlet",
    429: "it is asked too often: raise `every` for its feeds; other programs here may ask it, too",
    451: "it is withheld for legal reasons where this machine is: remove it",
}
SERVER_CURE = "its server is ill: nothing to do but wait; it is tried again, ever less often"
REDIRECT_CURE = "see where it leads (above), and use the address of the feed itself"
OTHER_CURE = "open the address in a browser; if it is a feed there, tell us"
PAGE_CURE = "it is a web page and no feed: look for the address of the feed on it"

# By the words in which `fetch.words` names the cause.
CAUSE_CURES: Mapping[str, str] = {
    "its host name cannot be resolved": "is it spelt right, and has this machine a network?",
    "connection refused": "nothing listens there: is the port right? else wait",
    "the other side closed the connection without an answer": "it may shut out programs, or this"
    " network: try it in a browser from here",
    "the other side reset the connection": "it may shut out programs, or this network: try it in a"
    " browser from here",
    "no answer in time": "a slow server, or a firewall: try again, or raise polling.timeout",
    "its TLS certificate is not valid": "compare in a browser; if it is only badly set up, tell the"
    " outlet; http:// may do meanwhile",
    "its body is not what its content encoding says": "a fault of its server: tell the outlet",
    "its chunks cannot be told apart": "a fault of its server: tell the outlet",
    "its length is given in two ways": "a fault of its server: tell the outlet",
    "the answer ended too soon": "try again; if it stays so, it is a fault of its server",
    "the answer is not HTTP": "is the port right, and http or https?",
    "it cannot be read as a web address": "is the address complete, as a browser shows it?",
}
# By how other causes begin, or what stands in them.
PART_CURES: Mapping[str, str] = {
    "no complete answer within": "a slow server: try again, or raise polling.timeout",
    "larger than": "raise polling.max_bytes, or look for a shorter feed of the outlet",
    "TLS failed": "its server speaks no TLS that is safe today: tell the outlet",
    "cannot connect": "has this machine a network, and is the address right?",
    "redirect": REDIRECT_CURE,
    "leads to an address that": REDIRECT_CURE,
    "https leads to http": REDIRECT_CURE,
    "content encoding": "a fault of its server, which sends what nobody asked for: tell the outlet",
    # The cause names the key already.
    "polling.allow_addresses": "",
}
# By how the cause of a document that cannot be read begins.
READING_CURES: Mapping[str, str] = {
    "empty document": "there is nothing at this address now: try again later",
    "not XML": "it is broken at this place: tell the outlet, or look for another of its feeds",
    "not JSON": "it is broken at this place: tell the outlet, or look for another of its feeds",
    "an HTML page": PAGE_CURE,
    "XML, but not a feed": "it is another kind of document: look for the feed on the outlet's site",
    "JSON, but not": "it is another kind of document: look for the feed on the outlet's site",
    "a JSON object, but not": "it is another kind of document: look for the feed on the outlet's"
    " site",
}


def cure(cause: str, status: int | None) -> str:
    """Say what may help against a failed fetch; empty if the cause says so itself.

    >>> cure("HTTP 503 Service Unavailable", 503)
    'its server is ill: nothing to do but wait; it is tried again, ever less often'
    """
    if status is not None:
        return STATUS_CURES.get(status, SERVER_CURE if status >= 500 else OTHER_CURE)
    # A stage may stand before it.
    for words, found in CAUSE_CURES.items():
        if cause.endswith(words):
            return found
    return next((found for part, found in PART_CURES.items() if part in cause), OTHER_CURE)


def reading_cure(cause: str) -> str:
    """Say what may help where a document came, but cannot be read."""
    cause = cause.removeprefix("parse: ")
    found = (text for start, text in READING_CURES.items() if cause.startswith(start))
    return next(found, "tell the outlet, or look for another of its feeds")
