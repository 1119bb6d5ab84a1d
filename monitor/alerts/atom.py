"""An Atom feed of messages (RFC 4287): what is in it already, and one more. Pure."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime

from lxml import etree, html

from monitor.alerts.route import NAMESPACE
from monitor.records import Message

_ATOM = "http://www.w3.org/2005/Atom"
# What XML 1.0 cannot hold (section 2.2), however it is escaped.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)


def add(feed: bytes, message: Message, *, name: str, entries: int, max_bytes: int) -> bytes:
    """Add a message to a feed, empty at first, and drop the oldest beyond `entries` or `max_bytes`.

    A message that is in it already, by its id, takes the place of its entry. `name` is what tells
    this feed from others, and never changes. Raises `ValueError` if the bytes are no feed of ours:
    nobody's file is overwritten. One entry that alone is too large is kept all the same.
    """
    root = _parsed(feed, name) if feed else _new(name)
    wanted = _entry(message)
    for entry in root.findall(_tag("entry")):
        if entry.findtext(_tag("id")) == wanted.findtext(_tag("id")):
            root.remove(entry)
    first = root.find(_tag("entry"))
    root.insert(len(root) if first is None else root.index(first), wanted)
    root.find(_tag("updated")).text = max(
        entry.findtext(_tag("updated")) for entry in root.findall(_tag("entry"))
    )
    for entry in root.findall(_tag("entry"))[entries:]:
        root.remove(entry)
    while True:
        written = _written(root)
        kept = root.findall(_tag("entry"))
        if len(written) <= max_bytes or len(kept) == 1:
            return written
        for entry in kept[(len(kept) + 1) // 2 :]:
            root.remove(entry)


def _new(name: str) -> etree._Element:
    root = etree.Element(_tag("feed"), nsmap={None: _ATOM})
    _add(root, "id", _feed_id(name))
    _add(root, "title", f"seedwatch: {name}")
    _add(root, "updated", "")
    _add(root, "generator", "seedwatch")
    author = etree.SubElement(root, _tag("author"))
    _add(author, "name", "seedwatch")
    return root


def _parsed(feed: bytes, name: str) -> etree._Element:
    try:
        root = etree.fromstring(feed, _PARSER)
    except etree.XMLSyntaxError as error:
        raise ValueError("it is no XML") from error
    if root.tag != _tag("feed") or root.findtext(_tag("id")) != _feed_id(name):
        raise ValueError("it is not the feed of this receiver")
    return root


def _feed_id(name: str) -> str:
    return uuid.uuid5(NAMESPACE, f"atom/{name}").urn


def _entry(message: Message) -> etree._Element:
    entry = etree.Element(_tag("entry"), nsmap={None: _ATOM})
    _add(entry, "id", uuid.uuid5(NAMESPACE, f"message/{message.id}").urn)
    _add(entry, "title", message.subject)
    _add(entry, "updated", _rfc3339(message.created_at))
    items = message.payload.get("items") or [{}]
    # A list of several has no one place that it is about.
    if len(items) == 1 and items[0].get("url"):
        etree.SubElement(entry, _tag("link"), rel="alternate", href=_xml(items[0]["url"]))
    if message.topic:
        etree.SubElement(entry, _tag("category"), term=_xml(message.topic))
    _add(entry, "content", _body(message.html) or message.text).set("type", "html")
    return entry


def _body(page: str) -> str:
    """Give what stands in the body of a page: a reader puts it into a page of its own."""
    if not page.strip():
        return ""
    body = html.document_fromstring(_xml(page)).find("body")
    parts = [] if body is None else [body.text or "", *(_markup(child) for child in body)]
    return "".join(parts).strip()


def _markup(element: html.HtmlElement) -> str:
    return str(html.tostring(element, encoding="unicode"))


def _written(root: etree._Element) -> bytes:
    etree.indent(root)
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _add(parent: etree._Element, name: str, text: str) -> etree._Element:
    child = etree.SubElement(parent, _tag(name))
    child.text = _xml(text)
    return child


def _tag(name: str) -> str:
    return f"{{{_ATOM}}}{name}"


def _xml(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
