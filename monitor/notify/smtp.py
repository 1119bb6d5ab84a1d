"""SMTP connections that end in time and remember what was said last."""

from __future__ import annotations

import smtplib
import time


class Smtp(smtplib.SMTP):
    """Bounds the whole talk, where smtplib bounds each answer, and keeps the answer to DATA."""

    # What the server said when it took the mail; often the id in its queue.
    said: bytes = b""
    _until: float | None = None

    def getreply(self) -> tuple[int, bytes]:
        """Wait for an answer, all answers together no longer than twice the timeout."""
        if self._until is None:
            self._until = time.monotonic() + 2 * self.timeout
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the server is too slow")
        if self.sock is not None:
            self.sock.settimeout(left)
        return super().getreply()

    def data(self, msg: str | bytes) -> tuple[int, bytes]:  # type: ignore[override]
        """Send the mail itself."""
        answer = super().data(msg)
        self.said = answer[1]
        return answer


class SmtpOverTls(Smtp, smtplib.SMTP_SSL):
    """The same, under TLS from the first byte."""
