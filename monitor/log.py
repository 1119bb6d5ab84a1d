"""Structured logs on standard error: key=value on a terminal, JSON lines otherwise."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import IO, Any, Literal

import structlog

from monitor.records import Alert
from monitor.text.markup import visible

Format = Literal["auto", "plain", "json"]

# How syslog counts what matters (RFC 5424 section 6.2.1), by the levels of `logging`.
PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.NOTSET, 7))


class ForJournal(logging.Formatter):
    """Puts before each line how much it matters, so that `journalctl -p warning` finds it.

    Source: sd-daemon(3).
    """

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Write a record, each of its lines with the priority."""
        number = next(one for level, one in PRIORITIES if record.levelno >= level)
        lines = self._inner.format(record).split("\n")
        return "\n".join(f"<{number}>{line}" for line in lines)


def goes_to_journal(environ: Mapping[str, str], stream: IO[str]) -> bool:
    """Say whether a stream is the one that systemd leads to its journal.

    It may have been led elsewhere since: then the marks would only disturb.

    Source: systemd.exec(5), `$JOURNAL_STREAM`.
    """
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def set_up(level: str, form: Format) -> None:
    """Send what structlog and the libraries log to standard error, from a level on."""
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _plain_times,
        _visible_facts,
    ]
    if as_json:
        last: list[Any] = [
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        last = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=16)]
    handler = logging.StreamHandler(sys.stderr)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
    is_journal = goes_to_journal(os.environ, sys.stderr)
    handler.setFormatter(ForJournal(formatter) if is_journal else formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # They log each request or run; apscheduler's warnings (a tick that took longer than its
    # interval) are our normal case under load.
    for chatty in ("urllib3", "apscheduler", "apprise", "alembic", "trafilatura", "htmldate"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _plain_times(_logger: object, _name: str, event: Any) -> Any:
    """Write times in facts as a person reads them; what and when come first."""
    first = {key: event[key] for key in ("timestamp", "level", "event") if key in event}
    return {
        key: f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else value
        for key, value in (first | event).items()
    }


def log_alerts(alerts: Iterable[Alert]) -> None:
    """Say of each alert what it tells, and why."""
    log = structlog.get_logger()
    for alert in alerts:
        told = alert.items[0]
        log.info(
            "alert",
            topic=alert.topic,
            reason=alert.reason.value,
            item=told.item_id,
            score=round(told.score, 3),
            title=told.title,
            source=told.source,
        )


def _visible_facts(_logger: object, _name: str, event: Any) -> Any:
    """Write out what would turn a terminal's colours or a line's direction."""
    return {
        key: visible(value) if isinstance(value, str) else value for key, value in event.items()
    }
