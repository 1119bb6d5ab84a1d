"""The way out for HTTP of tests: plain, on loopback, no redirects."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

from monitor.errors import DeliveryError
from monitor.records import Answer


class PlainPost:
    """A `Post` over http.client; its errors carry the URL, as a careless one's would."""

    def __init__(self, seconds: float = 5.0) -> None:
        self._seconds = seconds

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send it."""
        parts = urlsplit(url)
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        connection = http.client.HTTPConnection(parts.netloc, timeout=self._seconds)
        try:
            connection.request("POST", target, body, dict(headers))
            with connection.getresponse() as response:
                # Whole, so that an answer that breaks off is noticed.
                text = response.read().decode("utf-8", "replace")[:8_192]
                return Answer(status=response.status, headers=dict(response.headers), text=text)
        except (OSError, http.client.HTTPException) as error:
            raise DeliveryError(f"POST {url}: {error!r}", permanent=False) from error
        finally:
            connection.close()
