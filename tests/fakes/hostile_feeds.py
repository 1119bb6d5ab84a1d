"""Documents made to hurt whoever reads them, each written when it is asked for.

The bench and the tests read the same set. Sizes are what a server may send us (`max_bytes` of the
configuration is 8 MB), or what hurts a parser without our guards.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Mapping

MB = 1_000_000
JSON_FEED = '"version":"https://jsonfeed.org/version/1.1","title":"T"'


def rss(items: str, head: str = "<title>T</title>") -> bytes:
    """Wrap items in RSS."""
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()
    )


def item(title: str = "t", text: str = "") -> str:
    """Write an item."""
    return f"<item><title>{title}</title><description>{text}</description></item>"


def fill(piece: str, length: int) -> str:
    """Repeat a piece up to a length."""
    return piece * (length // len(piece))


def numbered(piece: str, count: int) -> str:
    """Repeat a piece, numbered."""
    return "".join(piece.format(n=n) for n in range(count))


def laughs(levels: int, each: int) -> bytes:
    """Declare entities of entities."""
    declared = "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * each if n else "ha"}">' for n in range(levels)
    )
    return f"<!DOCTYPE rss [{declared}]>{rss(item(f'&a{levels - 1};')).decode()}".encode()


def atom(entry: str) -> bytes:
    """Wrap what an entry holds in Atom."""
    feed = '<feed xmlns="http://www.w3.org/2005/Atom"><entry>'
    return f"{feed}{entry}</entry></feed>".encode()


def entity(declared: str) -> bytes:
    """Declare one entity and use it."""
    return f"<!DOCTYPE rss [{declared}]>{rss(item('&x;')).decode()}".encode()


def json_feed(items: str) -> bytes:
    """Wrap items in a JSON Feed."""
    return f'{{{JSON_FEED},"items":[{items}]}}'.encode()


HTML = '<p class="c">word <b>word</b> &amp;amp; <a href="https://a.example/">a</a></p>'
ESCAPED = HTML.replace("&", "&amp;").replace("<", "&lt;")

# Name -> how it is written.
MARKUP: Mapping[str, Callable[[], bytes]] = {
    "comment flood": lambda: rss(fill("<!--", 8 * MB)),
    "comment flood, escaped": lambda: rss(item(text=fill("&lt;!--", 8 * MB))),
    "comments, closed": lambda: rss(fill("<!-- a -->", 8 * MB)),
    "comments that hide items": lambda: rss(fill("<!-- <item> --><item/>", 4 * MB)),
    "entity flood": lambda: rss(item(text=fill("&amp;", 8 * MB))),
    "undeclared entities": lambda: rss(item(text=fill("&bogus;", 2 * MB))),
    "HTML entities": lambda: rss(item(text=fill("&nbsp;&copy;", 2 * MB))),
    "number references": lambda: rss(item(text=fill("&#x41;", 4 * MB))),
    "a number without end": lambda: rss(item("&#" + "9" * MB + ";")),
    "numbers of no character": lambda: rss(item(fill("&#xD800;&#x110000;&#0;", MB))),
    "numbers, escaped": lambda: rss(item("&amp;#" + "9" * MB + ";")),
    "ampersands": lambda: rss(item(text=fill("&", 8 * MB))),
    "billion laughs": lambda: laughs(10, 10),
    "quadratic laughs": lambda: entity(f'<!ENTITY x "{"a" * 100_000}">').replace(
        b"&x;", b"&x;" * 100_000
    ),
    "external entity, a file": lambda: entity('<!ENTITY x SYSTEM "file:///etc/passwd">'),
    "external entity, a URL": lambda: entity('<!ENTITY x SYSTEM "http://127.0.0.1:9/">'),
    "parameter entity": lambda: entity('<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;'),
    "entity in UTF-16": lambda: entity('<!ENTITY x "y">').decode().encode("utf-16"),
    "external DTD": lambda: b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/d.dtd">' + rss(item()),
    "a long DOCTYPE": lambda: (
        b"<!DOCTYPE rss [" + b"<!ELEMENT a (b)>" * 400_000 + b"]>" + rss(item())
    ),
    "deep nesting": lambda: rss(fill("<a>", 2 * MB)),
    "deep nesting, closed": lambda: rss(item(text="<a>" * 100_000 + "</a>" * 100_000)),
    "items in items": lambda: rss("<item><title>t</title>" * 100_000 + "</item>" * 100_000),
    "channels in channels": lambda: rss("<channel>" * 100_000),
    "languages and bases, deep": lambda: rss(
        numbered('<a xml:lang="l{n}" xml:base="http://a{n}.example/">', 50_000)
    ),
    "many attributes": lambda: rss("<item " + numbered("a{n}='' ", 500_000) + "/>"),
    "as many attributes as allowed": lambda: rss(
        fill("<item " + numbered("a{n}='' ", 190) + "><title>t</title></item>", 8 * MB)
    ),
    "one attribute, huge": lambda: rss('<item a="' + "x" * 8 * MB + '"/>'),
    "namespaces": lambda: rss(numbered('<x:a xmlns:x="urn:{n}"/>', 200_000)),
    "a tag's name, huge": lambda: rss("<" + "a" * 4 * MB + "/>"),
    "tags with long names": lambda: rss(fill("<" + "a" * 60_000 + "/>", 8 * MB)),
    "quotes that never close": lambda: rss(item(fill("&lt;a \"'", 4 * MB))),
    "openings of tags": lambda: rss(fill("<", 8 * MB)),
    "openings of tags, escaped": lambda: rss(item(fill("&lt;a ", 8 * MB))),
    "instructions": lambda: rss(fill("<?a ", 8 * MB)),
    "unclosed CDATA": lambda: rss("<item><title>" + fill("<![CDATA[", 8 * MB)),
    "CDATA in pieces": lambda: rss(item(fill("<![CDATA[a]]>", 8 * MB))),
    "broken, and long": lambda: rss(fill(item("a & b <b>c"), 8 * MB)),
    "scripts that never close": lambda: rss(item(text=fill("&lt;script>&lt;style>", 4 * MB))),
}
ITEMS: Mapping[str, Callable[[], bytes]] = {
    "100,000 items": lambda: rss(numbered("<item><guid>g{n}</guid></item>", 100_000)),
    "100,000 items of one guid": lambda: rss(
        numbered("<item><guid>g</guid><title>{n}</title></item>", 100_000)
    ),
    "2,000 items of 4 KB of HTML": lambda: rss(item(text=fill(ESCAPED, 3_900)) * 2_000),
    "empty items": lambda: rss(fill("<item/>", 8 * MB)),
    "Atom entries without a feed": lambda: b"<entry><title>t</title></entry>" * 100_000,
    "links": lambda: rss(
        "<item>" + numbered("<link>https://a.example/{n}</link>", 200_000) + "</item>"
    ),
    "Atom links": lambda: atom(numbered('<link href="/{n}"/>', 200_000)),
    "categories": lambda: rss("<item>" + numbered("<category>{n}</category>", 200_000) + "</item>"),
    "contents": lambda: rss(
        "<item>" + numbered("<content:encoded>{n}</content:encoded>", 150_000) + "</item>"
    ),
    "media": lambda: rss(
        "<item>" + numbered('<media:content url="http://a.example/{n}"/>', 150_000) + "</item>",
        head='<x xmlns:media="http://search.yahoo.com/mrss/"/>',
    ),
    "authors": lambda: rss("<item>" + numbered("<author>a{n}@b (c)</author>", 150_000) + "</item>"),
    "dates": lambda: rss(
        "<item>" + fill("<pubDate>" + "1 " * 500 + "</pubDate>", 4 * MB) + "</item>"
    ),
    "xhtml": lambda: atom(
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">'
        + fill("<b>x</b>", 4 * MB)
        + "</div></content>"
    ),
}
TEXTS: Mapping[str, Callable[[], bytes]] = {
    "a title of 8 MB": lambda: rss(item("word " * (8 * MB // 5))),
    "a title of one word": lambda: rss(item("x" * 8 * MB)),
    "an HTML bomb in a title": lambda: rss(item("&lt;div>" * (MB))),
    "escaped again and again": lambda: rss(item("&" + "amp;" * (2 * MB))),
    "combining marks": lambda: rss(item("a" + "\u0301\u0323" * MB)),
    "marks of direction": lambda: rss(item("\u202e\u2066" * MB + "gpj.exe")),
    "controls": lambda: rss(item("\x1b[31m\x07\x9b" * MB)),
    "NULs": lambda: rss(item("a\0b" * MB)),
    "a line of white space": lambda: rss(item(text=" \t\n" * (2 * MB) + "x")),
    "letters of four bytes": lambda: rss(item("\U0001f4a3" * (2 * MB))),
    "a guid of 8 MB": lambda: rss("<item><guid>" + "g" * 8 * MB + "</guid></item>"),
    "a link of 8 MB": lambda: rss(
        "<item><link>https://a.example/" + "l" * 8 * MB + "</link></item>"
    ),
    "escapes in a link": lambda: rss(
        "<item><link>https://a.example/?" + "%41&amp;" * MB + "</link></item>"
    ),
    "base64": lambda: atom(f'<content mode="base64">{"QUJD" * 2 * MB}</content>'),
}
ENCODINGS: Mapping[str, Callable[[], bytes]] = {
    "UTF-7": lambda: b'<?xml version="1.0" encoding="utf-7"?>' + rss("+ADw-item+AD4-"),
    "UTF-16, odd length": lambda: rss(item()).decode().encode("utf-16")[:-1],
    "UTF-16 of halves": lambda: b"\xff\xfe" + b"\x00\xd8" * (4 * MB),
    "UTF-16 without a mark": lambda: rss(item("t" * MB)).decode().encode("utf-16-le"),
    "UTF-32": lambda: rss(item("t" * MB)).decode().encode("utf-32"),
    "a lying declaration": lambda: (
        b'<?xml version="1.0" encoding="utf-16"?>' + rss(item("\u017c" * MB))
    ),
    "an unknown encoding": lambda: b'<?xml version="1.0" encoding="x-evil"?>' + rss(item()),
    "an encoding that is none": lambda: (
        b'<?xml version="1.0" encoding="zlib_codec"?>' + rss(item())
    ),
    "bytes that are no text": lambda: rss("") + bytes(range(256)) * 32_000,
    "gzip in the body": lambda: gzip.compress(rss(item()) * 1_000),
    "deflate in the body": lambda: zlib.compress(bytes(8 * MB)),
    "white space before it": lambda: b" \n" * (4 * MB) + rss(item()),
    "a comment and white space before it": lambda: b"<!---->" + b" \n" * (4 * MB) + rss(item()),
    "text before it": lambda: b"x" * (8 * MB) + rss(item()),
    "an HTML page": lambda: b"<!doctype html><html><body>" + b"<rss><item/></rss>" * 400_000,
    "nothing": lambda: b"",
    "nothing but NULs": lambda: bytes(8 * MB),
}
JSONS: Mapping[str, Callable[[], bytes]] = {
    "JSON, deep": lambda: json_feed("[" * 4 * MB),
    "JSON, deep objects": lambda: json_feed('{"a":' * MB),
    "JSON, a number": lambda: json_feed('{"id":' + "9" * 8 * MB + "}"),
    "JSON, a number of 4,000 digits": lambda: json_feed('{"id":' + "9" * 4_000 + "}"),
    "JSON, a fraction": lambda: json_feed('{"id":0.' + "9" * 8 * MB + "}"),
    "JSON, not a number": lambda: json_feed('{"id":NaN,"title":Infinity},{"id":-1e999}'),
    "JSON, one key again and again": lambda: json_feed("{" + '"id":"a",' * (MB - 1) + '"id":"b"}'),
    "JSON, many keys": lambda: json_feed("{" + numbered('"k{n}":1,', 500_000) + '"id":"b"}'),
    "JSON, wrong types": lambda: json_feed(
        ",".join(
            json.dumps(dict.fromkeys(("id", "url", "title", "content_html", "date_published"), one))
            for one in (None, True, [], {}, 1.5, ["a"], {"a": "b"}, -1)
        )
    ),
    "JSON, items of all kinds": lambda: json_feed("1,null,[],true,{}" + ",{}" * MB),
    "JSON, 200,000 items": lambda: json_feed(
        numbered('{{"id":"{n}","title":"t"}},', 200_000) + "{}"
    ),
    "JSON, halves of pairs": lambda: json_feed('{"id":"\\ud800","title":"' + "\\udfff" * MB + '"}'),
    "JSON, HTML": lambda: json_feed(json.dumps({"id": "1", "content_html": "<div>" * MB})),
    "JSON, a text without end": lambda: json_feed('{"title":"' + "\\" * 8 * MB),
}
HOSTILE: Mapping[str, Callable[[], bytes]] = {**MARKUP, **ITEMS, **TEXTS, **ENCODINGS, **JSONS}

# Lists of feeds; a person imports them.
LISTS: Mapping[str, Callable[[], bytes]] = {
    "OPML, deep": lambda: b"<opml><body>" + b"<outline text='a'>" * 200_000,
    "OPML, deep and closed": lambda: (
        b"<opml><body>" + b"<outline>" * 200 + b"</outline>" * 200 + b"</body></opml>"
    ),
    "OPML, many outlines": lambda: (
        b"<opml><body>" + b"<outline xmlUrl='http://a.example/'/>" * 100_000 + b"</body></opml>"
    ),
    "OPML, too long": lambda: b"<opml>" + b" " * 6 * MB + b"</opml>",
    "OPML, entities": lambda: laughs(10, 10).replace(b"rss", b"opml"),
    "OPML, a file": lambda: (
        b"<!DOCTYPE opml [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><opml>&x;</opml>"
    ),
    "OPML, an attribute": lambda: b"<opml><outline text='" + b"a" * 4 * MB + b"'/></opml>",
    "OPML, attributes": lambda: (
        b"<opml><outline " + numbered("a{n}='' ", 300_000).encode() + b"/></opml>"
    ),
}
