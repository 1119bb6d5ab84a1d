"""GET a feed or a page, POST a message: each bounded in size and in total time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from monitor.errors import DeliveryError
from monitor.fetch.adapter import MOST_HEAD_BYTES, DialledAdapter, Line, tls_context
from monitor.fetch.addresses import Guard, Trust
from monitor.fetch.body import gather
from monitor.fetch.deadline import Deadline, Deadlines
from monitor.fetch.dial import Dialer
from monitor.fetch.hop import check_url, follow
from monitor.fetch.refused import Refused
from monitor.fetch.resolve import Resolver
from monitor.fetch.words import in_words, shown, status_in_words
from monitor.records import (
    Answer,
    Document,
    FetchFailure,
    FetchResult,
    NotModified,
    Stage,
)

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml,"
    " application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
MOST_REDIRECTS = 5
MOST_ANSWER_BYTES = 16_384
# A server may ask for more patience than this (88 hours were seen), but does not get it.
MOST_RETRY_AFTER = timedelta(hours=24)
CHUNK_BYTES = 65_536


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
        self, url: str, *, etag: str | None = None, last_modified: str | None = None
    ) -> FetchResult:
        """GET a document, conditionally if validators are given; never raises for the other side.

        The validators go out exactly as they came in (RFC 9110 section 13.1).
        """
        headers = {"Accept": ACCEPT, "Accept-Encoding": "gzip"}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        with self._exchange("GET") as deadline:
            try:
                result = self._follow(url, headers, deadline)
                deadline.check()
            except (RequestException, HTTPError, OSError, ValueError, Refused) as error:
                return self._broken_off(error, deadline)
            return result

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST a body and give the answer's status and text; redirects are not followed.

        The operator named who gets it, so it may be inside. Raises `DeliveryError` (temporary) if
        no whole answer came in time.
        """
        with self._exchange("POST") as deadline:
            try:
                check_url(url)
                with (
                    self._dialer.trusting(Trust.RECEIVER),
                    self._send("POST", url, headers, body) as response,
                ):
                    text = self._text(response)
                deadline.check()
            except (RequestException, HTTPError, OSError, ValueError, Refused) as error:
                cause = self._cause(error, deadline)
                raise DeliveryError(cause, permanent=False) from error
            return Answer(status=response.status_code, headers=dict(response.headers), text=text)

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

    def _follow(self, url: str, headers: dict[str, str], deadline: Deadline) -> FetchResult:
        check_url(url)
        trust = Trust.ASKED
        for _hop in range(MOST_REDIRECTS + 1):
            with self._dialer.trusting(trust), self._send("GET", url, headers) as response:
                where = response.headers.get("Location")
                if response.status_code not in {301, 302, 303, 307, 308} or not where:
                    return self._read(url, response)
                deadline.stage = Stage.REDIRECT
                url = follow(url, where)
                deadline.led_to = shown(urlsplit(url).hostname or "")
            # What is inside may send us on inside; what is outside may not send us in.
            trust = Trust.ASKED if self._dialer.is_inside else Trust.STRANGER
        raise Refused(f"more than {MOST_REDIRECTS} redirects")

    def _read(self, url: str, response: requests.Response) -> FetchResult:
        now = self._clock()
        etag = response.headers.get("ETag")
        last_modified = response.headers.get("Last-Modified")
        if response.status_code == 304:
            return NotModified(etag=etag, last_modified=last_modified, fetched_at=now)
        if response.status_code != 200:
            return self._failed(
                status_in_words(response.status_code, response.reason),
                status=response.status_code,
                retry_after=_retry_after(response.headers.get("Retry-After"), now),
            )
        return Document(
            url=url,
            body=gather(
                response.raw.stream(CHUNK_BYTES, decode_content=False),
                response.headers.get("Content-Encoding", ""),
                self._limits.max_bytes,
            ),
            content_type=response.headers.get("Content-Type", ""),
            content_language=response.headers.get("Content-Language"),
            etag=etag,
            last_modified=last_modified,
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

    def _failed(
        self, cause: str, *, status: int | None = None, retry_after: timedelta | None = None
    ) -> FetchFailure:
        return FetchFailure(
            cause=cause, status=status, retry_after=retry_after, fetched_at=self._clock()
        )

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


def _retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Read `Retry-After`: seconds or an HTTP date (RFC 9110 section 10.2.3), at most a day."""
    if not value:
        return None
    value = value.strip()
    if value.isdecimal() and value.isascii():
        wait = timedelta(seconds=min(int(value[:9]), MOST_RETRY_AFTER.total_seconds()))
    else:
        try:
            when = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        wait = (when if when.tzinfo else when.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta(0)), MOST_RETRY_AFTER)
