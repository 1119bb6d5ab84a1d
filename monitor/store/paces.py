"""What is known of a feed's pace, as small JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from monitor.records import Pace
from monitor.store.schema import feeds

# What a start needs of every feed that shares the budget: the database reads the one number out of
# the JSON.
_shares = (feeds.c.active, ~feeds.c.has_own_interval)
_floor = feeds.c.pace["floor"].as_float()
DEMANDS = select(feeds.c.id, feeds.c.pace["demand"].as_float().label("demand")).where(*_shares)
FLOORS = select(feeds.c.id, _floor.label("floor")).where(*_shares, _floor.is_not(None))


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
        "floor": pace.floor.total_seconds() if pace.floor is not None else None,
        "is_held": pace.is_held,
    }


def pace_of(fields: Mapping[str, Any] | None) -> Pace | None:
    """Read what `pace_json` wrote."""
    if fields is None:
        return None
    lost_at, turnover = fields["lost_at"], fields["turnover"]
    interval, floor = fields["interval"], fields["floor"]
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
        floor=timedelta(seconds=floor) if floor is not None else None,
        is_held=fields["is_held"],
    )
