"""What the client itself will not do or take."""

from __future__ import annotations

from monitor.records import Stage


class Refused(Exception):  # noqa: N818 - an answer, not a fault of ours
    """A request or an answer that is turned down, and why in a few words.

    `stage` is None where it is the one that the exchange is at. Neither an `OSError` nor a
    `ValueError`: urllib3 and requests would wrap it, and their words would hide ours.
    """

    def __init__(self, cause: str, stage: Stage | None = None) -> None:
        super().__init__(cause)
        self.stage = stage
