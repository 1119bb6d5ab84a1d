"""The kinds of values that keys take: how each is read, and what an editor checks of it."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from monitor.alerts.schedule import Quiet
from monitor.config.push import check_callback, parse_listen
from monitor.config.reports import WeekTime, parse_week_time
from monitor.config.settings import Listen, LogFormat, LogLevel, SmtpSecurity
from monitor.config.times import parse_days, parse_quiet, parse_time, parse_zone
from monitor.config.values import (
    GROUP_PATTERN,
    NAME_PATTERN,
    Rate,
    check_address,
    check_bare_kind,
    check_channel,
    check_contact,
    check_language,
    check_phrase,
    check_url,
    duration_between,
    one_of,
    parse_allowed,
    parse_flag,
    parse_threshold,
    size_between,
    whole_between,
)

Name = Annotated[str, Field(pattern=NAME_PATTERN)]
GroupName = Annotated[str, Field(pattern=GROUP_PATTERN)]
Phrase = Annotated[str, AfterValidator(check_phrase)]
Url = Annotated[str, AfterValidator(check_url)]
Address = Annotated[str, AfterValidator(check_address)]
Names = Annotated[list[str], Field(min_length=1)]

# What an editor checks. Any value may also come from the environment, where it cannot follow.
_VARIABLE = {"type": "string", "pattern": r"\$\{"}
_DURATION = WithJsonSchema(
    {"type": "string", "pattern": r"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$|\$\{"}
)
_SIZE = WithJsonSchema({"type": "string", "pattern": r"^\d+ ?([kKmMgG]i?)?[bB]$|\$\{"})
_THRESHOLD = WithJsonSchema(
    {
        "anyOf": [
            {"const": "auto"},
            {"type": "number", "minimum": 0, "maximum": 1},
            {"type": "string", "pattern": r"^\d{1,4}(\.\d+)? (per|a) (day|week|month)$"},
            _VARIABLE,
        ]
    }
)


def _whole(low: int, high: int) -> WithJsonSchema:
    number = {"type": "integer", "minimum": low, "maximum": high}
    return WithJsonSchema({"anyOf": [number, _VARIABLE]})


# Lower bounds of a second are for trials; nobody polls a stranger that often for long.
Every = Annotated[timedelta, BeforeValidator(duration_between("1s", "24h")), _DURATION]
AtLeastEvery = Annotated[timedelta, BeforeValidator(duration_between("1s", "7d")), _DURATION]
Spacing = Annotated[timedelta, BeforeValidator(duration_between("0s", "5m")), _DURATION]
Timeout = Annotated[timedelta, BeforeValidator(duration_between("1s", "5m")), _DURATION]
GiveUpAfter = Annotated[timedelta, BeforeValidator(duration_between("1s", "30d")), _DURATION]
MaxBytes = Annotated[int, BeforeValidator(size_between("10kB", "100MB")), _SIZE]
PerHost = Annotated[int, BeforeValidator(whole_between(1, 16)), _whole(1, 16)]
BeatEvery = Annotated[timedelta, BeforeValidator(duration_between("10s", "24h")), _DURATION]
FailuresTold = Annotated[int, BeforeValidator(whole_between(1, 1000)), _whole(1, 1000)]
Workers = Annotated[int, BeforeValidator(whole_between(1, 128)), _whole(1, 128)]
Port = Annotated[int, BeforeValidator(whole_between(1, 65535)), _whole(1, 65535)]
Threshold = Annotated[float | Rate | None, BeforeValidator(parse_threshold), _THRESHOLD]
Level = Annotated[LogLevel, BeforeValidator(one_of("debug", "info", "warning", "error"))]
Format = Annotated[LogFormat, BeforeValidator(one_of("auto", "plain", "json"))]
Security = Annotated[SmtpSecurity, BeforeValidator(one_of("starttls", "tls", "none"))]
Flag = Annotated[
    bool, BeforeValidator(parse_flag), WithJsonSchema({"anyOf": [{"type": "boolean"}, _VARIABLE]})
]
Channel = Annotated[str, AfterValidator(check_channel)]
Entries = Annotated[int, BeforeValidator(whole_between(1, 1000)), _whole(1, 1000)]
FileBytes = Annotated[int, BeforeValidator(size_between("100kB", "1GB")), _SIZE]
Lasts = Annotated[timedelta, BeforeValidator(duration_between("1m", "30d")), _DURATION]
Language = Annotated[str, AfterValidator(check_language)]


ReportTime = Annotated[
    WeekTime,
    BeforeValidator(parse_week_time),
    WithJsonSchema(
        {"type": "string", "pattern": r"^((mon|tue|wed|thu|fri|sat|sun)[a-z]* )?\d\d:\d\d$|\$\{"}
    ),
]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_ADDRESS_OR_LIST = WithJsonSchema(
    {
        "anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
        ]
    }
)
Addresses = Annotated[
    list[Address], Field(min_length=1), BeforeValidator(_as_list), _ADDRESS_OR_LIST
]
AllowedAddress = Annotated[
    IPv4Network | IPv6Network | str,
    BeforeValidator(parse_allowed),
    WithJsonSchema({"type": "string"}),
]
Callback = Annotated[str, AfterValidator(check_callback)]
ListenAt = Annotated[Listen, BeforeValidator(parse_listen), WithJsonSchema({"type": "string"})]
Contact = Annotated[str, AfterValidator(check_contact)]
BareKind = Annotated[str, AfterValidator(check_bare_kind), WithJsonSchema({"const": "console"})]

# How receivers want to be told.
GroupWait = Annotated[timedelta, BeforeValidator(duration_between("0s", "10m")), _DURATION]
DigestEvery = Annotated[timedelta, BeforeValidator(duration_between("1m", "24h")), _DURATION]
Burst = Annotated[int, BeforeValidator(whole_between(1, 1000)), _whole(1, 1000)]
Zone = Annotated[ZoneInfo, BeforeValidator(parse_zone), WithJsonSchema({"type": "string"})]
Days = Annotated[
    frozenset[int],
    BeforeValidator(parse_days),
    WithJsonSchema({"type": "string", "pattern": r"^(mon|tue|wed|thu|fri|sat|sun)|\$\{"}),
]
_TIME = {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$|\$\{"}
_QUIET = {"type": "string", "pattern": r"^([a-z, -]+ )?\d\d:\d\d-\d\d:\d\d$|\$\{"}


def _one_or_list(one: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]})


Times = Annotated[
    list[Annotated[int, BeforeValidator(parse_time)]],
    Field(min_length=1, max_length=48),
    BeforeValidator(_as_list),
    _one_or_list(_TIME),
]
QuietHours = Annotated[
    list[Annotated[Quiet, BeforeValidator(parse_quiet)]],
    Field(min_length=1, max_length=14),
    BeforeValidator(_as_list),
    _one_or_list(_QUIET),
]
