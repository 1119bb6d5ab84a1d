"""GET a feed or a page, POST a message: each bounded in size and in total time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import requests
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from monitor.errors import DeliveryError
from monitor.feeds.address import bare, host_of
from monitor.feeds.conditions import Conditions
from monitor.feeds.hints import fresh_for
from monitor.fetch import headers as said
from monitor.fetch.adapter import MOST_HEAD_BYTES, DialledAdapter, Line, sent_bytes, tls_context
from monitor.fetch.addresses import Guard, Trust
from monitor.fetch.body import gather
from monitor.fetch.deadline import Deadline, Deadlines
from monitor.fetch.dial import Dialer
from monitor.fetch.hop import check_url
from monitor.fetch.links import links_of
from monitor.fetch.refused import Refused
from monitor.fetch.resolve import Resolver
from monitor.fetch.way import REDIRECTS, Way, asked, is_conditional
from monitor.fetch.words import in_words, shown
from monitor.records import Answer, Document, FetchFailure, FetchResult, Hop, NotModified, Stage

MOST_REDIRECTS = 5
MOST_ANSWER_BYTES = 16_384
CHUNK_BYTES = 65_536
WITHOUT = Conditions()
OnHop = Callable[[Hop], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one exchange may cost."""

    # From the first byte of the request to the last of the answer.
    timeout: timedelta
    # The same for a POST; None: as for a GET.
    post_timeout: timedelta | None = None
    # Of a body, after decompression; as it is sent, in chunks, it may have twice as many.
    max_bytes: int

    def time_for(self, method: str) -> timedelta:
        """Give the time that an exchange may take."""
        return (method == "POST" and self.post_timeout) or self.timeout


def user_agent(version: str, contact: str | None) -> str:
    """Say who asks: name, version, and where to complain."""
    where = contact or "https://pypi.org/project/seedwatch/"
    return f"seedwatch/{version} (+{where})"


@contextmanager
def _told(url: str, response: requests.Response, on_hop: OnHop | None) -> Iterator[None]:
    """Tell of an answer once the block has read what it wants of it, or has given up."""
    try:
        yield
    finally:
        if on_hop is not None:
            on_hop(
                Hop(
                    url=url,
                    status=response.status_code,
                    coding=response.headers.get("Content-Encoding", "")[:40],
                    sent_bytes=sent_bytes(response.raw),
                    date=response.headers.get("Date", "")[:40],
                )
            )


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Leave redirects to us: requests would read all of their bodies, however long."""


class Client:
    """The way out. Threads may share it; each has a session of its own.

    What is not on the public internet is out of bounds for `get`, but for what the guard allows.
    """

    def __init__(
        self,
        *,
        agent: str,
        limits: Limits,
        clock: Callable[[], datetime],
        guard: Guard | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        self._agent = agent
        self._limits = limits
        self._clock = clock
        self._context = tls_context()
        self._deadlines = Deadlines()
        self._dialer = Dialer(guard or Guard(), resolver or Resolver(), self._deadlines)
        self._here = threading.local()

    def get(
        self, url: str, conditions: Conditions = WITHOUT, *, on_hop: OnHop | None = None
    ) -> FetchResult:
        """GET a document, on conditions if there are any; never raises for the other side.

        Validators go out exactly as they came in (RFC 9110 section 13.1), to the address that gave
        them and no other. A name and password in the address go to its own host only. `on_hop` is
        told of each answer on the way, the last one included, when it has been read.
        """
        with self._exchange("GET") as deadline:
            try:
                result = self._follow(url, conditions, deadline, on_hop)
                deadline.check()
            except (RequestException, HTTPError, OSError, ValueError, Refused) as error:
                return self._broken_off(error, deadline)
            return result

    def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        trust: Trust = Trust.RECEIVER,
    ) -> Answer:
        """POST a body and give the answer's status and text; redirects are not followed.

        `trust` says who named the address, and so whether it may be inside. Raises `DeliveryError`
        (temporary) if no whole answer came in time; it is `unsure` once a connection stood.
        """
        with self._exchange("POST") as deadline:
            try:
                check_url(url)
                with (
                    self._dialer.trusting(trust),
                    self._send("POST", url, headers, body) as response,
                ):
                    text = self._text(response)
                deadline.check()
            except (RequestException, HTTPError, OSError, ValueError, Refused) as error:
                cause = self._cause(error, deadline)
                unsure = deadline.stage in {Stage.HEADERS, Stage.BODY}
                raise DeliveryError(cause, permanent=False, unsure=unsure) from error
            return Answer(status=response.status_code, headers=dict(response.headers), text=text)

    def reach(self, url: str, *, trust: Trust = Trust.RECEIVER) -> FetchFailure | None:
        """Connect to where an address leads, with TLS if it says so, and hang up: nothing is sent.

        Gives what is in the way; None: it can be reached.
        """
        with self._exchange("POST") as deadline:
            try:
                check_url(url)
                parts = urlsplit(url)
                is_tls = parts.scheme == "https"
                host = (parts.hostname or "").encode("idna").decode("ascii")
                port = parts.port or (443 if is_tls else 80)
                with self._dialer.trusting(trust), self._dialer.connect(host, port) as connection:
                    if is_tls:
                        # The dialer's deadline watches what lies below, so it ends this, too.
                        deadline.stage = Stage.TLS
                        self._context.wrap_socket(connection, server_hostname=host).close()
                deadline.check()
            except (OSError, ValueError, Refused) as error:
                return self._broken_off(error, deadline)
            return None

    def close(self) -> None:
        """End what is under way: each caller gets its failure at once."""
        self._deadlines.expire_all()

    # -- how

    @contextmanager
    def _exchange(self, method: str) -> Iterator[Deadline]:
        """Bound what one call does; its connections end with it."""
        with self._deadlines.within(self._limits.time_for(method)) as deadline:
            try:
                yield deadline
            finally:
                # A connection that is kept for the next exchange would be under no deadline there.
                self._session().close()

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._here, "session", None)
        if session is None:
            session = _Session()
            # No proxies, netrc or bundles from the environment: they would bypass our rules.
            session.trust_env = False
            session.headers.clear()
            session.headers["User-Agent"] = self._agent
            line = Line(
                connect=self._dialer.connect,
                at=self._deadlines.come_to,
                most_bytes=MOST_HEAD_BYTES + 2 * self._limits.max_bytes,
            )
            adapter = DialledAdapter(self._context, line)
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            self._here.session = session
        return session

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> requests.Response:
        session = self._session()
        session.cookies.clear()
        return session.request(
            method,
            url,
            data=body,
            headers=dict(headers),
            allow_redirects=False,
            stream=True,
            # The deadline comes first, so that running out of time has one name.
            timeout=self._limits.time_for(method).total_seconds() + 1,
        )

    def _follow(
        self, url: str, conditions: Conditions, deadline: Deadline, on_hop: OnHop | None
    ) -> FetchResult:
        # Whole: what can be read in two ways may look harmless without its name and password.
        check_url(url)
        way = Way(url=bare(url))
        trust = Trust.ASKED
        for _hop in range(MOST_REDIRECTS + 1):
            headers = asked(url, way.url, conditions)
            with (
                self._dialer.trusting(trust),
                self._send("GET", way.url, headers) as response,
                _told(way.url, response, on_hop),
            ):
                where = response.headers.get("Location")
                if response.status_code not in REDIRECTS or not where:
                    return self._read(way, response, is_conditional=is_conditional(headers))
                deadline.stage = Stage.REDIRECT
                way = way.on(response.status_code, where)
                deadline.led_to = shown(host_of(way.url))
            # What is inside may send us on inside; what is outside may not send us in.
            trust = Trust.ASKED if self._dialer.is_inside else Trust.STRANGER
        raise Refused(f"more than {MOST_REDIRECTS} redirects")

    def _read(self, way: Way, response: requests.Response, *, is_conditional: bool) -> FetchResult:
        now, status, headers = self._clock(), response.status_code, response.headers
        # Something "not modified" since nothing was asked about is no feed that is read.
        if status == 304 and is_conditional:
            return NotModified(
                etag=said.validator(headers.get("ETag")),
                last_modified=said.validator(headers.get("Last-Modified")),
                fresh_for=fresh_for(headers, now),
                moved_to=way.moved_to,
                fetched_at=now,
            )
        if status != 200 and not (status == 226 and said.is_delta(headers)):
            return FetchFailure(
                cause=said.refusal(status, response.reason, headers),
                status=status,
                host=host_of(way.url),
                retry_after=said.retry_after(headers.get("Retry-After"), now),
                fetched_at=now,
            )
        return Document(
            url=way.url,
            body=gather(
                response.raw.stream(CHUNK_BYTES, decode_content=False),
                headers.get("Content-Encoding", ""),
                self._limits.max_bytes,
            ),
            content_type=headers.get("Content-Type", ""),
            content_language=headers.get("Content-Language"),
            etag=said.validator(headers.get("ETag")),
            last_modified=said.validator(headers.get("Last-Modified")),
            fresh_for=fresh_for(headers, now),
            moved_to=way.moved_to,
            is_partial=status == 226,
            offers_deltas=said.offers_deltas(headers),
            links=links_of(headers.get("Link", "")),
            fetched_at=self._clock(),
        )

    def _text(self, response: requests.Response) -> str:
        """Read an answer's text; one that is too long is cut, since its status says enough."""
        seen = b""
        for chunk in response.raw.stream(MOST_ANSWER_BYTES, decode_content=False):
            seen += chunk
            if len(seen) >= MOST_ANSWER_BYTES:
                break
        return seen[:MOST_ANSWER_BYTES].decode("utf-8", "replace")

    def _broken_off(self, error: Exception, deadline: Deadline) -> FetchFailure:
        stage = (isinstance(error, Refused) and error.stage) or deadline.stage
        cause = self._cause(error, deadline)
        if deadline.led_to and stage in {Stage.DNS, Stage.ADDRESS, Stage.CONNECT, Stage.TLS}:
            # It is not the host that the feed's address shows.
            cause = f"{cause} (redirected to {deadline.led_to})"
        return FetchFailure(cause=cause, stage=stage, fetched_at=self._clock())

    def _cause(self, error: Exception, deadline: Deadline) -> str:
        if self._deadlines.are_closed:
            return "cut off, since seedwatch stops"
        if deadline.is_over:
            return f"no complete answer within {deadline.time.total_seconds():g} s"
        return str(error) if isinstance(error, Refused) else in_words(error)
