"""The section `keep`: how long what is stored is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from monitor.config.part import Shape, as_written
from monitor.config.values import parse_duration

FOR_EVER = "forever"
# Thresholds are chosen from four weeks of items, and reports look back one.
LEAST = timedelta(days=30)
MOST = timedelta(days=36_500)


def parse_keep(value: object) -> timedelta | None:
    """Read `forever`, which is None, or a duration from 30 days on."""
    if isinstance(value, str) and value.strip().lower() == FOR_EVER:
        return None
    try:
        found = parse_duration(value)
    except ValueError as error:
        raise ValueError(f"{error}, or {FOR_EVER}") from None
    if not LEAST <= found <= MOST:
        raise ValueError("{} is not between 30d and 36500d, and not " + FOR_EVER)
    return found


KeepFor = Annotated[
    timedelta | None,
    BeforeValidator(parse_keep),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$|^forever$|\$\{",
        }
    ),
]


class KeepShape(Shape):
    """How long what is stored is kept."""

    items: KeepFor = as_written(
        "90d", "Items, from when their feed last listed them: 30d or longer, or `forever`."
    )
    alerts: KeepFor = as_written(
        FOR_EVER, "Alerts with their items and deliveries: as long as items, or longer."
    )
