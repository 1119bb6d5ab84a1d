"""Tell which item is which: in its feed by a key, across feeds by canonical URL and fingerprint.

Dates take no part: feeds re-date what they re-publish.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import unquote_to_bytes, urlsplit

from monitor.records import Item

# What says how a reader came here, not what they read: prefixes and names of Miniflux's
# `internal/reader/urlcleaner`, of courlan's trackers, and what news feeds add (BBC `at_`, Guardian
# `CMP`, Mail `ito`, AT Internet `xtor`, New York Times `smid`, Al Jazeera `traffic_source`).
_TRACKING = re.compile(
    r"(?:utm|mtm|itm|at|ns|vero|oly|hsa|pk|piwik|_branch)_.*|_?_hs.*|hsctatracking"
    r"|fbclid|gclid|dclid|gclsrc|gbraid|wbraid|yclid|ysclid|twclid|msclkid|ttclid|rb_clickid"
    r"|fb_(?:action_ids|action_types|source|ref)|igshid|igsh|srsltid|spm|_ga|_gl|wickedid"
    r"|mc_(?:cid|eid|tc)|mkt_tok|sc?_cid|campaign_(?:id|medium|name|source|term|content)"
    r"|xtor|ito|cmp|cmpid|ocid|ncid|smid|smtyp|traffic_source|__readwiselocation"
)

# Query parameters that ask for the AMP form of the same text.
_AMP = frozenset({"amp", "amp=", "amp=1", "amp=true", "outputType=amp"})

_MIRRORS = ("www.", "m.", "amp.")

# C0, C1, white space and backslash: two parsers see two hosts in `http://a\@b/`.
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\\\s\ud800-\udfff]")

_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._~-]*[a-z0-9_~-])?|\[[0-9a-f:.]+\]")

# RFC 3986: all but the unreserved and what else may stand unescaped in a path or query.
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})|[^A-Za-z0-9._~!$&'()*+,;=:@/?-]")

# Longer keys are digested: an index should not hold a paragraph.
_LONGEST_KEY = 500

_NO_LETTER = re.compile(r"[\W_]+")


def canonical_url(url: str) -> str | None:
    """Return the form under which one article has one URL in every feed; None if it has none.

    A key, never a link to open. `http` is `https`; host in lower case and punycode, without
    default port, user and the mirrors `www.`, `m.`, `amp.`; no fragment but `#!`; no tracking
    parameters, the others sorted; percent-encoding as in RFC 3986 section 6.2.2; no `/amp` at
    the end. Only http and https with a host have one, and no URL with a backslash, a control or
    white space inside.

    Two choices, both made because a needless second key costs little (the text's fingerprint still
    links the two), while two articles under one key would cost an alert:

    - A slash at the end goes, at the root it stays. Sites redirect one form to the other, and feeds
      and those who quote them differ in it; none is known that tells two articles apart by it.
    - `www.`, `m.` and `amp.` go though they could be other hosts, since they would also have to
      serve another article under the very same path and query. Others stay (`en.`, `blog.`).

    >>> canonical_url("http://WWW.Example.org:80/a/?utm_source=rss&b=2&a=1#top")
    'https://example.org/a?a=1&b=2'
    """
    url = url.strip()
    if _UNSAFE.search(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = _host(parts.hostname or "")
    if parts.scheme not in {"http", "https"} or host is None:
        return None
    where = host if port in {None, 80, 443} else f"{host}:{port}"
    query = _query(parts.query)
    fragment = "#" + _percent(parts.fragment) if parts.fragment.startswith("!") else ""
    return f"https://{where}{_path(parts.path)}{'?' if query else ''}{query}{fragment}"


def _host(name: str) -> str | None:
    """Return a host in lower case and punycode without mirrors; None if it cannot be one."""
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    name = name.lower().rstrip(".")
    if ":" in name:
        name = f"[{name}]"
    # What remains must still look like a host: `m.net` is one, `net` is not.
    while name.startswith(_MIRRORS) and name.count(".") > 1:
        name = name.partition(".")[2].lstrip(".")
    return name if _HOST.fullmatch(name) else None


def _path(path: str) -> str:
    """Return a path percent-encoded alike, without dot segments, `/amp` and a slash at the end."""
    segments: list[str] = []
    for segment in _percent(path).split("/")[1:]:
        if segment == "..":
            del segments[-1:]
        elif segment != ".":
            segments.append(segment)
    while segments and (segments[-1] == "" or (segments[-1] == "amp" and any(segments[:-1]))):
        segments.pop()
    return "/" + "/".join(segments)


def _query(query: str) -> str:
    """Return a query without tracking parameters, the others sorted."""
    kept = []
    for parameter in _percent(query.replace("+", "%20")).split("&"):
        name = parameter.partition("=")[0].lower()
        if parameter and parameter not in _AMP and not _TRACKING.fullmatch(name):
            kept.append(parameter)
    return "&".join(sorted(kept))


def _percent(text: str) -> str:
    """Return a part of a URL with exactly what must be percent-encoded so, in capitals."""
    return _PERCENT.sub(_encode, text.encode()).decode("ascii")


def _encode(found: re.Match[bytes]) -> bytes:
    """Return one byte or `%xx` as RFC 3986 section 6.2.2 wants it."""
    byte = unquote_to_bytes(found[0]) if found[1] else found[0]
    if found[1] and re.fullmatch(rb"[A-Za-z0-9._~-]", byte):
        return byte
    return b"%%%02X" % byte[0]


def fingerprint(title: str, summary: str) -> str:
    """Return the SHA-256 of what a text says, whatever its case, punctuation and white space.

    Accents count: in many languages they make another word. Without summary it is the title's.
    """
    said = _said(title)
    if summary:
        said += "\n" + _said(summary)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _said(text: str) -> str:
    """Return a text's letters and digits in one case; all of it if it has none of them."""
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return _NO_LETTER.sub(" ", text).strip() or " ".join(text.split())


def item_key(guid: str | None, canonical: str | None, fingerprint: str) -> str:
    """Return an item's identity within its feed: by guid, else canonical URL, else fingerprint.

    The guid is taken exactly, but for white space around it: case and scheme may matter to it.
    """
    guid = guid.strip() if guid else ""
    if guid:
        return _key("guid", guid)
    return _key("url", canonical) if canonical else _key("text", fingerprint)


def _key(kind: str, value: str) -> str:
    """Return a key of bounded length."""
    if len(value) > _LONGEST_KEY:
        value = "sha256:" + hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}:{value}"


def alias(kind: str, value: str) -> str:
    """Return the short form of a name of an item: 64 bits of a digest, as 16 hexadecimal digits.

    An index holds four of them for each item, so they are short. That two names of one feed fall
    together is a matter of some ten thousand million items.

    >>> alias("url", "https://example.org/a")
    '010cec320b0ab0d0'
    """
    return hashlib.sha256(f"{kind}:{value}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def words(text: str) -> frozenset[str]:
    """Return the words of a text that tell it from others: those of four letters or more.

    What is written without spaces gives its pairs of letters. A text of short words gives them all.

    >>> sorted(words("The border is closed")), sorted(words("國境封鎖"))
    (['border', 'closed'], ['國境', '境封', '封鎖'])
    """
    every = _said(text).split()
    found: set[str] = set()
    for word in every:
        # From Thai on, most scripts write without spaces.
        if word[0] >= "\u0e00":
            found.update(word[place : place + 2] for place in range(max(1, len(word) - 1)))
        elif len(word) >= 4:
            found.add(word)
    return frozenset(found or every)


def distinct(items: Iterable[Item]) -> tuple[Item, ...]:
    """Return the items of one document with a key each, in their order.

    Entries of one key, URL and fingerprint are one item. Others of one key are different items
    under a guid (or a URL) that lies: each gets its URL added to its key, and where that does not
    tell them apart, its fingerprint; some feeds give all their items one guid and one link.

    The keys do not depend on the order. Were the first to keep the bare guid, as in Miniflux, then
    the next item on top of such a feed would take over a key that is long known, and be lost.
    """
    listed = list(items)
    fingerprints: dict[str, dict[str | None, set[str]]] = defaultdict(lambda: defaultdict(set))
    for item in listed:
        fingerprints[item.key][item.canonical_url].add(item.fingerprint)
    kept: dict[str, Item] = {}
    for item in listed:
        key = _told_apart(item, fingerprints[item.key])
        kept.setdefault(key, item if key == item.key else replace(item, key=key))
    return tuple(kept.values())


def _told_apart(item: Item, sharing: Mapping[str | None, set[str]]) -> str:
    """Return an item's key among those who share it: their URLs, with the fingerprints of each."""
    alike = sharing[item.canonical_url]
    if len(sharing) == len(alike) == 1:
        return item.key
    # A URL that all of them share tells nothing.
    url = item.canonical_url if len(sharing) > 1 else None
    digest = item.fingerprint if len(alike) > 1 or url is None else None
    return "|".join(filter(None, (item.key, url, digest)))
