"""Play the stream to the real daemon and show what it makes of it."""

from __future__ import annotations

import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console

from monitor.app import App, open_database, wire
from monitor.cli.screen import minute, plain, screen, table
from monitor.cli.starter import starter_folder
from monitor.config import load
from monitor.daemon import Daemon
from monitor.demo.clock import QuickClock, conduct
from monitor.demo.server import serve
from monitor.demo.stream import DemoItem, Stream, read_stream
from monitor.log import set_up
from monitor.records import DeliveryState, Message, Reason, SeenItem, Sent, Verdict
from monitor.store import Store

TICK = timedelta(seconds=0.05)
# How long the last messages are waited for; there is no other side that could be slow.
LAST_MESSAGES_SECONDS = 30.0
SEED = "2021-11-08-poland-belarus-border.txt"
TOPIC = "belarus-eu-border"

CONFIGURATION = """\
topics:
  {topic}:
    seeds: [{seed}]
    receivers: [terminal]
feeds:
  demo:
{feeds}
receivers:
  terminal:
    - console
polling:
  every: 6h
  at_most_every: 6h
  at_least_every: 24h
  per_host: 12
  host_spacing: 0s
  timeout: 5s
  allow_addresses: [127.0.0.1]
delivery:
  group_wait: 0s
reports: null
store: sqlite:///demo.db
log: {{level: error}}
"""


class Stage:
    """A notifier that shows each alert in a few lines; the first one whole, as it would be sent."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._is_first = True

    def send(self, message: Message) -> Sent:
        """Show it."""
        if self._is_first:
            self._is_first = False
            self._console.rule("the first message, as a receiver gets it", style="dim")
            self._console.print(plain(message.text))
            self._console.rule("from here on in short", style="dim")
            return Sent(answer="shown")
        for item in message.payload["items"]:
            terms = ", ".join(
                f"{term['surface']} {term['share'] / item['score']:.0%}"
                for term in item["terms"][:5]
            )
            when = minute(datetime.fromisoformat(item["published_at"]))
            self._console.print(plain(item["title"]), style="bold")
            self._console.print(
                plain(f"    {when}, {item['source']}, score {item['score']:.2f}: {terms}"),
                style="dim",
            )
        return Sent(answer="shown")


def demo(keep: Path | None) -> None:
    """Serve the stream, run the daemon on it, and sum up."""
    stream = read_stream()
    console = screen()
    clock = QuickClock()
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = stack.enter_context(serve(stream, clock))
        path = _write_configuration(folder, stream, address)
        settings = load(path, {})
        set_up(settings.log.level, settings.log.format)
        app = wire(settings, open_database(settings), clock=clock)
        app = _on_stage(app, console)
        daemon = Daemon(app, lambda: load(path, {}), tick=TICK)
        _introduce(console, stream)
        ended = threading.Event()
        conductor = threading.Thread(target=_conduct, args=(app, daemon, clock, ended))
        conductor.start()
        try:
            daemon.run()
        finally:
            ended.set()
            conductor.join()
        reopened = open_database(settings)
        _sum_up(console, stream, Store(reopened), settings.path.parent if keep else None)
        reopened.dispose()


def _write_configuration(folder: Path, stream: Stream, address: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    seed = (starter_folder() / "seeds" / SEED).read_text(encoding="utf-8")
    (folder / SEED).write_text(seed, encoding="utf-8")
    feeds = "\n".join(
        f'    - {{url: "{address}{outlet.path}", name: "{outlet.name}"}}'
        for outlet in stream.outlets
    )
    path = folder / "seedwatch.yaml"
    path.write_text(CONFIGURATION.format(topic=TOPIC, seed=SEED, feeds=feeds), encoding="utf-8")
    return path


def _on_stage(app: App, console: Console) -> App:
    destination = app.settings.receivers[0].destinations[0].name
    on_stage = app.deliver.with_notifiers({destination: Stage(console)})
    return replace(app, deliver=on_stage)


def _introduce(console: Console, stream: Stream) -> None:
    console.print(
        f"{len(stream.items)} items of {len(stream.outlets)} invented outlets, November 2021 to"
        " April 2022,\nplayed to the real daemon. The seed: an article of 8 November 2021 on the"
        "\nborder of Poland and Belarus.\n"
    )


def _conduct(app: App, daemon: Daemon, clock: QuickClock, ended: threading.Event) -> None:
    """Play the stream; stop the daemon when its last item is read and its last message shown."""
    conduct(clock, app.store.feeds, ended)
    until = time.monotonic() + LAST_MESSAGES_SECONDS
    while time.monotonic() < until and not ended.wait(TICK.total_seconds()):
        counts = app.reports.counts()
        if not counts[DeliveryState.PENDING] + counts[DeliveryState.SENDING]:
            break
    daemon.stop()


# ----------------------------------------------------------------------------------- summing up


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What became of one item of the stream."""

    truth: DemoItem
    seen: SeenItem
    verdict: Verdict

    @property
    def is_told(self) -> bool:
        """Whether a reader learned of it: by an alert, a catch-up, or as a story's further item."""
        return self.verdict.decision.reason in {
            Reason.FIRST_STORY,
            Reason.UPDATE,
            Reason.CATCH_UP,
            Reason.LEFT_OUT,
            Reason.COPY,
            Reason.FOLLOW_UP,
        }


def _sum_up(console: Console, stream: Stream, store: Store, kept: Path | None) -> None:
    truths = {item.guid: item for item in stream.items}
    found = [
        Found(truth=truths[seen.item.guid or ""], seen=seen, verdict=verdict)
        for seen, verdict in store.verdicts_of(TOPIC)
    ]
    told = [one for one in found if one.is_told]
    right = [one for one in told if one.truth.on_topic]
    missed = [one for one in found if one.truth.on_topic and not one.is_told]
    wrong = [one for one in told if not one.truth.on_topic]
    reasons = [one.verdict.decision.reason for one in right]
    console.print()
    console.rule("what it made of the stream", style="dim")
    rows = table("", "items")
    on_topic = sum(item.on_topic for item in stream.items)
    rows.add_row("on the story, by the stream's own labels", str(on_topic))
    rows.add_row("  told", str(len(right)))
    rows.add_row("    as an alert of its own", str(reasons.count(Reason.FIRST_STORY)))
    rows.add_row("    as an update", str(reasons.count(Reason.UPDATE)))
    rows.add_row("    in the catch-up message", str(reasons.count(Reason.CATCH_UP)))
    rows.add_row("    counted in it", str(reasons.count(Reason.LEFT_OUT)))
    attached = reasons.count(Reason.COPY) + reasons.count(Reason.FOLLOW_UP)
    rows.add_row("    attached to a story already told", str(attached))
    rows.add_row("  missed", str(len(missed)))
    off_topic = len(found) - on_topic
    rows.add_row("off the story", str(off_topic))
    rows.add_row("  left out in silence", str(off_topic - len(wrong)))
    rows.add_row("  told all the same (false alarms)", str(len(wrong)))
    console.print(rows)
    for title, some in (("missed", missed), ("false alarms", wrong)):
        if some:
            console.print(f"\n{title}:")
        for one in some:
            line = f"  {one.verdict.score.value:.2f}  {one.truth.title}"
            console.print(plain(line), no_wrap=True, overflow="ellipsis")
    failing = [feed for feed in store.feeds() if feed.failures]
    for feed in failing:
        console.print(f"\nbroken feed: {feed.name}: {feed.last_error} ({feed.failures} tries)")
    if kept:
        console.print(f"\nkept in {kept}: try `seedwatch -c {kept}/seedwatch.yaml status`")
    console.print("\nYour own: `make run`, or `seedwatch init` and then `seedwatch run`.")
