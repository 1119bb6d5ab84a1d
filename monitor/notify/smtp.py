"""SMTP connections that end in time and remember what was said last."""

from __future__ import annotations

import smtplib
import time


class Smtp(smtplib.SMTP):
    """Bounds the whole talk, where smtplib bounds each answer, and keeps the answer to DATA."""

    # What the server said when it took the mail; often the id in its queue.
    said: bytes = b""
    # The whole mail is on its way, and the server has not said yet whether it takes it.
    is_unsure = False
    _until: float | None = None
    # None until DATA is sent.
    _answers_to_data: int | None = None

    def getreply(self) -> tuple[int, bytes]:
        """Wait for an answer, all answers together no longer than twice the timeout."""
        if self._until is None:
            self._until = time.monotonic() + 2 * self.timeout
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the server is too slow")
        if self.sock is not None:
            self.sock.settimeout(left)
        # The first answer to DATA is "go on", the second is about the mail.
        if self._answers_to_data is not None:
            self._answers_to_data += 1
            self.is_unsure = self._answers_to_data == 2
        answer = super().getreply()
        self.is_unsure = False
        return answer

    def data(self, msg: str | bytes) -> tuple[int, bytes]:  # type: ignore[override]
        """Send the mail itself."""
        self._answers_to_data = 0
        answer = super().data(msg)
        self.said = answer[1]
        return answer


class SmtpOverTls(Smtp, smtplib.SMTP_SSL):
    """The same, under TLS from the first byte."""
