"""The demo's outlets: a local web server whose feeds hold what was published by now."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape, quoteattr

from monitor.demo.stream import DemoItem, Outlet, Stream

# What a feed holds: the newest, as real ones do.
NEWEST = 25
ERROR_PAGE = (
    b"<!DOCTYPE html><html><head><title>Error 502</title></head><body>Bad gateway</body></html>"
)


@contextmanager
def serve(stream: Stream, clock: Callable[[], datetime]) -> Iterator[str]:
    """Serve the stream's feeds on loopback, as of the clock; give the server's address."""
    outlets = {outlet.path: outlet for outlet in stream.outlets}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            outlet = outlets.get(self.path)
            if outlet is None:
                self.send_error(404)
                return
            body = ERROR_PAGE if outlet.is_broken else feed_of(outlet, stream, clock())
            etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            is_same = self.headers.get("If-None-Match") == etag
            self.send_response(304 if is_same else 200)
            self.send_header("ETag", etag)
            if not is_same:
                kind = "text/html" if outlet.is_broken else "application/xml"
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if not is_same:
                self.wfile.write(body)

        def log_message(self, *_parts: object) -> None:
            """Keep quiet: the daemon says what it polls."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def feed_of(outlet: Outlet, stream: Stream, now: datetime) -> bytes:
    """Write an outlet's feed as it stands at a time, newest item first."""
    items = [
        item for item in stream.items if item.outlet == outlet.slug and item.published_at <= now
    ]
    form = {"rss": _rss, "rss1": _rss1, "atom": _atom}[outlet.form]
    newest = list(reversed(items))[:NEWEST]
    return f'<?xml version="1.0" encoding="utf-8"?>\n{form(outlet, newest)}'.encode()


def link_of(item: DemoItem) -> str:
    """Give the address of an item on its invented outlet."""
    number = hashlib.sha256(item.guid.encode()).hexdigest()[:8]
    return f"https://{item.outlet}.example/{item.published_at:%Y/%m/%d}/{number}"


def _rss(outlet: Outlet, items: list[DemoItem]) -> str:
    entries = "".join(
        f'<item><guid isPermaLink="false">{escape(item.guid)}</guid>'
        f"<title>{escape(item.title)}</title><link>{link_of(item)}</link>"
        f"<description>{escape(item.summary)}</description>"
        f"<pubDate>{format_datetime(item.published_at)}</pubDate></item>\n"
        for item in items
    )
    return (
        f'<rss version="2.0"><channel><title>{escape(outlet.name)}</title>'
        f"<link>https://{outlet.slug}.example/</link><description>News</description>"
        f"<language>en</language>\n{entries}</channel></rss>"
    )


def _rss1(outlet: Outlet, items: list[DemoItem]) -> str:
    entries = "".join(
        f"<item rdf:about={quoteattr(item.guid)}><title>{escape(item.title)}</title>"
        f"<link>{link_of(item)}</link><description>{escape(item.summary)}</description>"
        f"<dc:date>{item.published_at.isoformat()}</dc:date></item>\n"
        for item in items
    )
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<channel rdf:about="https://{outlet.slug}.example/"><title>{escape(outlet.name)}</title>'
        f"<link>https://{outlet.slug}.example/</link><description>News</description>"
        f"<dc:language>en</dc:language></channel>\n{entries}</rdf:RDF>"
    )


def _atom(outlet: Outlet, items: list[DemoItem]) -> str:
    entries = "".join(
        f"<entry><id>{escape(item.guid)}</id><title>{escape(item.title)}</title>"
        f"<link href={quoteattr(link_of(item))}/>"
        f'<summary type="html">{escape(item.summary)}</summary>'
        f"<published>{item.published_at.isoformat()}</published>"
        f"<updated>{item.published_at.isoformat()}</updated></entry>\n"
        for item in items
    )
    newest = items[0].published_at.isoformat() if items else "2021-11-01T00:00:00+00:00"
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
        f"<id>https://{outlet.slug}.example/</id><title>{escape(outlet.name)}</title>"
        f"<updated>{newest}</updated>\n{entries}</feed>"
    )
