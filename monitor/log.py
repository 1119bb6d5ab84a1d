"""Structured logs on standard error: key=value on a terminal, JSON lines otherwise."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import structlog

from monitor.records import Alert
from monitor.text.markup import visible

Format = Literal["auto", "plain", "json"]


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
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
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
