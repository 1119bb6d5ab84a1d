"""Answers those who watch the service: is it alive, does it do its work, how much of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from monitor.metrics import CONTENT_TYPE
from monitor.subscription import Reply, Visit

log = structlog.get_logger()

PATHS = ("/healthz", "/readyz", "/metrics")
_NOT_FOUND = Reply(status=404, text=f"not found; there are {', '.join(PATHS)}\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How the service is, as far as whoever starts and watches it has to know."""

    # What a new start may mend: jobs and workers that do not get anywhere.
    stuck: tuple[str, ...] = ()
    # Why it does not do its work, whatever may mend that; `stuck` is a part of it.
    unready: tuple[str, ...] = ()


class ProbeDesk:
    """Answers visits; a `Desk`. Reads no body and changes nothing."""

    def __init__(self, condition: Callable[[], Condition], metrics: Callable[[], str]) -> None:
        self._condition = condition
        self._metrics = metrics

    def refuse(self, visit: Visit) -> Reply | None:
        """Refuse what asks for nothing that is here."""
        if visit.method != "GET":
            return Reply(status=405, text="only GET is of use here\n")
        return None if visit.path in PATHS else _NOT_FOUND

    def answer(self, visit: Visit) -> Reply:
        """Answer; a fault of ours is a 500."""
        try:
            if visit.path == "/metrics":
                return Reply(status=200, text=self._metrics(), content_type=CONTENT_TYPE)
            found = self._condition()
        except Exception:
            log.exception("visit_broke")
            return Reply(status=500, text="internal error, see the log\n")
        wrong = found.stuck if visit.path == "/healthz" else found.unready
        if wrong:
            return Reply(status=503, text="\n".join(wrong) + "\n")
        return Reply(status=200, text="ok\n")
