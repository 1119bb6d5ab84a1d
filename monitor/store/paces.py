"""What is known of a feed's pace, as small JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from monitor.records import Pace


def pace_json(pace: Pace) -> dict[str, Any]:
    """Write a pace as small JSON: spans in seconds."""
    return {
        "observed_at": pace.observed_at.isoformat(),
        "items": pace.items,
        "days": pace.days,
        "hours": list(pace.hours),
        "weekdays": list(pace.weekdays),
        "turnover": pace.turnover.total_seconds() if pace.turnover is not None else None,
        "strange": pace.strange,
        "lost": pace.lost,
        "lost_at": pace.lost_at.isoformat() if pace.lost_at else None,
        "demand": pace.demand,
        "interval": pace.interval.total_seconds() if pace.interval is not None else None,
    }


def pace_of(fields: Mapping[str, Any] | None) -> Pace | None:
    """Read what `pace_json` wrote."""
    if fields is None:
        return None
    lost_at, turnover, interval = (fields[name] for name in ("lost_at", "turnover", "interval"))
    return Pace(
        observed_at=datetime.fromisoformat(fields["observed_at"]),
        items=fields["items"],
        days=fields["days"],
        hours=tuple(fields["hours"]),
        weekdays=tuple(fields["weekdays"]),
        turnover=timedelta(seconds=turnover) if turnover is not None else None,
        strange=fields["strange"],
        lost=fields["lost"],
        lost_at=datetime.fromisoformat(lost_at) if lost_at else None,
        demand=fields["demand"],
        interval=timedelta(seconds=interval) if interval is not None else None,
    )
