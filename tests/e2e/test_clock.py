"""Digests and quiet hours on the real service, through the nights in which clocks change.

Timelines: items are published at given times, and what each receiver was sent, all of it, is
compared with a table. The service is killed inside of windows, and comes back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.clocks import clock_of, set_clock
from tests.fakes.forks import Fork
from tests.fakes.news import off_topic, on_topic
from tests.fakes.service import TOPIC, Scene, scene, wait_until
from tests.fakes.web import Reply

quick = partial(Fork, "never")
WARSAW = {"zone": "Europe/Warsaw"}
# Each has a webhook of its own; companions of one poll are joined by nothing else here.
SCHEDULES: dict[str, dict[str, Any]] = {
    "at-once": {},
    "twice-a-day": {**WARSAW, "digest": {"at": ["02:30", "08:00"]}},
    "hourly": {**WARSAW, "digest": {"every": "1h"}},
    "not-at-night": {**WARSAW, "quiet": "22:00-07:00"},
}
# Why a message came, and the numbers of the items in it; an empty why: alone, at once.
Sent = tuple[str, list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What happens at which times (UTC), and what is to come of it."""

    # An item is published, None: nothing; then the service is let do all that is due.
    steps: Sequence[tuple[str, int | None]]
    # Before the steps of these numbers it is killed, and started again.
    killed_before: frozenset[int]
    sent: dict[str, list[Sent]]


AUTUMN = Night(
    steps=(
        ("2021-10-30 19:50", 0),  # 21:50 CEST
        ("2021-10-30 21:15", 4),  # 23:15 CEST
        ("2021-10-31 00:10", 12),  # 02:10 CEST
        ("2021-10-31 00:31", None),  # 02:31 CEST
        ("2021-10-31 01:10", 14),  # 02:10 CET
        ("2021-10-31 01:31", None),  # 02:31 CET: half past two for the second time
        ("2021-10-31 05:50", 16),  # 06:50 CET
        ("2021-10-31 06:01", None),
        ("2021-10-31 07:01", None),
    ),
    killed_before=frozenset({2, 5}),
    sent={
        "at-once": [("", [0]), ("", [4]), ("", [12]), ("", [14]), ("", [16])],
        "twice-a-day": [
            ("digest of 2021-10-30 08:00 to 2021-10-31 02:30 CEST", [0, 4, 12]),
            ("digest of 2021-10-31 02:30 CEST to 08:00 CET", [14, 16]),
        ],
        "hourly": [
            ("digest of 2021-10-30 21:00 to 22:00 CEST", [0]),
            ("digest of 2021-10-30 23:00 to 2021-10-31 00:00 CEST", [4]),
            ("digest of 2021-10-31 02:00 CEST to 02:00 CET", [12]),
            ("digest of 2021-10-31 02:00 to 03:00 CET", [14]),
            ("digest of 2021-10-31 06:00 to 07:00 CET", [16]),
        ],
        "not-at-night": [
            ("", [0]),
            ("held in quiet hours, 2021-10-30 22:00 CEST to 2021-10-31 07:00 CET", [4, 12, 14, 16]),
        ],
    },
)
SPRING = Night(
    steps=(
        ("2022-03-26 20:50", 0),  # 21:50 CET
        ("2022-03-26 22:15", 4),  # 23:15 CET
        ("2022-03-27 00:50", 12),  # 01:50 CET
        ("2022-03-27 01:10", 14),  # 03:10 CEST
        ("2022-03-27 01:31", None),  # 03:31 CEST: 02:30 was skipped, and is an hour late
        ("2022-03-27 04:50", 16),  # 06:50 CEST
        ("2022-03-27 05:01", None),
        ("2022-03-27 06:01", None),
    ),
    killed_before=frozenset({3, 6}),
    sent={
        "at-once": [("", [0]), ("", [4]), ("", [12]), ("", [14]), ("", [16])],
        "twice-a-day": [
            ("digest of 2022-03-26 08:00 CET to 2022-03-27 03:30 CEST", [0, 4, 12, 14]),
            ("digest of 2022-03-27 03:30 to 08:00 CEST", [16]),
        ],
        "hourly": [
            ("digest of 2022-03-26 21:00 to 22:00 CET", [0]),
            ("digest of 2022-03-26 23:00 to 2022-03-27 00:00 CET", [4]),
            ("digest of 2022-03-27 01:00 CET to 03:00 CEST", [12]),
            ("digest of 2022-03-27 03:00 to 04:00 CEST", [14]),
            ("digest of 2022-03-27 06:00 to 07:00 CEST", [16]),
        ],
        "not-at-night": [
            ("", [0]),
            ("held in quiet hours, 2022-03-26 22:00 CET to 2022-03-27 07:00 CEST", [4, 12, 14, 16]),
        ],
    },
)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Scene]:
    """Give a service that is not started yet, with a receiver of each schedule."""
    with scene(tmp_path) as made:
        web = made.receivers.web
        made.service.config["receivers"] = {
            name: {"to": [{"webhook": {"url": web.url(f"/{name}")}}], **schedule}
            for name, schedule in SCHEDULES.items()
        }
        for name in SCHEDULES:
            web.route(f"/{name}", Reply(body=b"ok"))
        made.service.config["topics"][TOPIC]["receivers"] = list(SCHEDULES)
        made.open_feed("wire", "rss", off_topic(0))
        yield made


def do_all_that_is_due(stage: Scene) -> None:
    """Wait until nothing is due by the clock of the service."""
    stage.wait_until_read()

    def due() -> int:
        now = clock_of(stage.service.folder)().strftime("%Y-%m-%d %H:%M:%S")
        waits = f"settled_at IS NULL AND due_at <= '{now}'"
        (row,) = stage.service.sql(f"SELECT count(*) FROM deliveries WHERE {waits}")  # noqa: S608
        return int(row[0])

    wait_until(lambda: due() == 0, lambda: f"{due()} deliveries are due")


def sent_to(stage: Scene, receiver: str) -> list[Sent]:
    """Give all that a receiver was sent, repeats and all: why, and which items in order."""
    numbers = {on_topic(number).title: number for number in range(40)}
    payloads = [json.loads(one.body) for one in stage.receivers.web.requests(f"/{receiver}")]
    return [
        (
            said["detail"].partition(": ")[0] if said["reason"] == "digest" else "",
            [numbers[item["title"]] for item in said["items"]],
        )
        for said in payloads
    ]


@pytest.mark.parametrize("night", [AUTUMN, SPRING], ids=["autumn", "spring"])
def test_each_window_is_one_digest(stage: Scene, night: Night) -> None:
    """Over a change of the clocks each window is one message that says which one, over kills too.

    Nothing is in two of them, nothing is in none, and nothing comes before its time.
    """
    folder = stage.service.folder
    begin = datetime.fromisoformat(night.steps[0][0]).replace(tzinfo=UTC)
    set_clock(folder, begin)
    stage.service.start(quick)
    stage.wait_until_read()
    for place, (when, number) in enumerate(night.steps):
        at = datetime.fromisoformat(when).replace(tzinfo=UTC)
        if place in night.killed_before:
            stage.service.kill()
            set_clock(folder, at)
            stage.service.start(quick)
        set_clock(folder, at)
        if number is not None:
            stage.news.publish("/wire", replace(on_topic(number), published_at=at))
        do_all_that_is_due(stage)
    stage.service.wait_until_settled()
    assert stage.service.stop() == 0
    assert {name: sent_to(stage, name) for name in SCHEDULES} == night.sent


def test_a_clock_that_jumps_loses_nothing_and_repeats_nothing(stage: Scene) -> None:
    """Set back an hour and ahead by two, it goes on reading and telling, each alert once."""
    folder = stage.service.folder
    begin = datetime(2021, 11, 8, 14, tzinfo=UTC)
    set_clock(folder, begin)
    stage.service.config["receivers"] = {"at-once": stage.service.config["receivers"]["at-once"]}
    stage.service.config["topics"][TOPIC]["receivers"] = ["at-once"]
    stage.service.start(quick)
    stage.wait_until_read()
    for number, hour in ((0, 14), (4, 13), (12, 15), (14, 14)):
        set_clock(folder, begin.replace(hour=hour))
        stage.news.publish("/wire", replace(on_topic(number), published_at=begin))
        stage.wait_until_read()
        stage.service.wait_until_settled()
    assert stage.service.stop() == 0
    assert sent_to(stage, "at-once") == [("", [0]), ("", [4]), ("", [12]), ("", [14])]
