"""`once`: one round of polls and deliveries, for cron and for a first look."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.alerts.schedule import TICK
from monitor.cli.asking import ask
from monitor.cli.place import opened, settings_of
from monitor.cli.screen import minute, plain, print_json, screen, table
from monitor.config import Settings
from monitor.log import set_up
from monitor.records import (
    Alert,
    Batch,
    DeliveryState,
    Feed,
    Outcome,
    Reason,
    SeenItem,
    Verdict,
)

if TYPE_CHECKING:
    from monitor.app import App


@dataclass(slots=True)
class Round:
    """What one round of polls brought."""

    feeds: int = 0
    # Feed name -> why it failed.
    failing: dict[str, str] = field(default_factory=dict)
    items: int = 0
    alerts: list[Alert] = field(default_factory=list)
    # On-topic items that were left to the catch-up: what its message would choose from.
    waiting: list[tuple[SeenItem, Verdict]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    # Deliveries that wait for a digest, or for the end of quiet hours.
    held: int = 0

    def add(self, feed: Feed, batch: Batch) -> None:
        """Count one poll."""
        self.feeds += 1
        if batch.poll is not None and batch.poll.error is not None:
            self.failing[feed.name] = batch.poll.error
        self.items += len(batch.items)
        self.alerts += batch.alerts
        self.waiting += [
            (judged.seen, verdict)
            for judged in (*batch.items, *batch.rejudged)
            for verdict in judged.verdicts
            if verdict.decision.reason in {Reason.BASELINE, Reason.HELD}
        ]


def once(named: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Poll what is due once; deliver and end, or only say what would happen."""
    from monitor.start import start_up
    from monitor.store import sole_daemon

    settings = without_wait(settings_of(named))
    set_up("warning", settings.log.format)
    with opened(settings, must_exist=False) as app:
        app.gap.in_one_round()
        if dry_run:
            done = _poll(app, _wanted(app), store=False)
        else:
            with sole_daemon(app.engine):
                start_up(app)
                app.store.release(app.clock())
                done = _poll(app, app.store.due_feeds(app.clock(), len(settings.feeds)), store=True)
                for topic in settings.topics:
                    alert = app.ingest.catch_up(topic, app.clock())
                    done.alerts += [alert] if alert else []
                app.reporter.tick(app.clock())
                done.outcomes = _deliver(app)
                now = app.clock()
                done.held = sum(one.delivery.due_at > now for one in app.slots.waiting())
        if as_json:
            print_json({"dry_run": dry_run, **_facts(done)})
        else:
            _show(done, dry_run=dry_run)


def without_wait(settings: Settings) -> Settings:
    """Give the settings with companions still together, but nobody waiting for them.

    All polls of a round are over before the first message is sent.
    """
    return replace(
        settings,
        receivers=tuple(
            replace(
                receiver,
                schedule=replace(
                    receiver.schedule, group_wait=min(receiver.schedule.group_wait, TICK)
                ),
            )
            for receiver in settings.receivers
        ),
    )


def _wanted(app: App) -> list[Feed]:
    """Give what is due now, as if the configuration had been taken over, changing nothing."""
    now = app.clock()
    known = {feed.url: feed for feed in app.store.feeds()}
    wanted = []
    for number, spec in enumerate(app.settings.feeds, start=1):
        feed = known.get(spec.url)
        if feed is None:
            # A negative id is no feed's: nothing of it can be known.
            feed = Feed(
                id=-number,
                url=spec.url,
                name=spec.name,
                groups=spec.groups,
                every=spec.every,
                lang=spec.lang,
                has_own_interval=spec.has_own_interval,
                due_at=now,
            )
        if feed.due_at <= now:
            wanted.append(feed)
    return wanted


def _poll(app: App, feeds: list[Feed], *, store: bool) -> Round:
    done = Round()
    judge = app.ingest.take if store else app.ingest.judge
    ask(app, feeds, lambda feed, result: done.add(feed, judge(feed, result)), screen())
    return done


def _deliver(app: App) -> list[Outcome]:
    """Send what is due, each delivery at most once; what fails waits for the next time."""
    return [outcome for batch in _sends(app) for outcome in batch]


def _sends(app: App) -> Iterator[list[Outcome]]:
    from monitor import app as wiring

    started = time.monotonic()
    # A destination gets one message at a time: go round until nothing is due.
    while time.monotonic() - started < 300:
        futures = app.deliver.deliver_due(app.senders, wiring.SENDERS)
        if not futures:
            return
        wait(futures)
        yield [outcome for future in futures for outcome in future.result()]


def _facts(done: Round) -> dict[str, object]:
    return {
        "feeds": done.feeds,
        "failing": done.failing,
        "new_items": done.items,
        "alerts": done.alerts,
        "waiting": [
            {"item": seen, "score": verdict.score, "topic": verdict.score.topic}
            for seen, verdict in done.waiting
        ],
        "deliveries": done.outcomes,
        "held": done.held,
    }


def _show(done: Round, *, dry_run: bool) -> None:
    console = screen()
    well = done.feeds - len(done.failing)
    console.print(f"{well} of {done.feeds} feeds answered; {done.items} new items.")
    for name, cause in list(done.failing.items())[:5]:
        console.print(plain(f"  {name}: {cause}"))
    if len(done.failing) > 5:
        console.print(f"  … and {len(done.failing) - 5} more (`seedwatch status` lists them)")
    if dry_run and done.waiting:
        best = sorted(done.waiting, key=lambda found: -found[1].score.value)
        console.print(f"{len(best)} on-topic items were there already; the catch-up would list:")
        rows = table("score", "source", "published", "title")
        for seen, verdict in best[:5]:
            published = minute(seen.item.published_at)
            rows.add_row(f"{verdict.score.value:.2f}", seen.source, published, seen.item.title)
        console.print(rows)
    would = "would be sent" if dry_run else "made"
    console.print(f"{len(done.alerts)} alerts {would}.")
    for alert in done.alerts:
        for item in alert.items:
            console.print(plain(f"  {item.score:.2f} {item.source}: {item.title}"))
    sent = sum(outcome.state is DeliveryState.DELIVERED for outcome in done.outcomes)
    if done.outcomes:
        console.print(f"{sent} of {len(done.outcomes)} deliveries arrived.")
    if done.held:
        console.print(f"{done.held} wait, as their receivers' schedules say (`seedwatch status`).")
