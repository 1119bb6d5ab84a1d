"""Poll some feeds once, as politely as the daemon does: hosts of many feeds take their time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from monitor.feeds.turns import Turns, due_of
from monitor.reading import ReadResult
from monitor.records import Feed

if TYPE_CHECKING:
    from monitor.app import App

# How often to look whether a host may be asked again.
LOOK_SECONDS = 0.2


def ask(
    app: App,
    feeds: Sequence[Feed],
    take: Callable[[Feed, ReadResult], None],
    console: Console | None,
    within: timedelta | None = None,
) -> int:
    """Hand what each feed gives to `take`, as it comes; return how many had no turn in time.

    A terminal shows a bar. When the time of `within` is up, exchanges under way end as failures.
    """
    from monitor.rules import turn_rules

    turns = Turns(turn_rules(app.settings))
    waiting = {feed.id: (due_of(feed), feed) for feed in feeds}
    running = dict[Future[ReadResult], Feed]()
    ends = None if within is None else time.monotonic() + within.total_seconds()
    not_asked = 0
    hidden = console is None or not console.is_terminal
    with Progress(console=console, transient=True, disable=hidden) as progress:
        bar = progress.add_task("polling", total=len(feeds))
        while waiting or running:
            if ends is not None and time.monotonic() > ends:
                not_asked += len(waiting)
                waiting.clear()
                app.client.close()
            now = app.clock()
            for one in turns.choose([due for due, _ in waiting.values()], now):
                _, feed = waiting.pop(one.id)
                running[app.fetchers.submit(app.reader.read, feed)] = feed
                turns.begin(one, now)
            ended, _ = wait(running, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            if not running:
                time.sleep(LOOK_SECONDS)
            for future in ended:
                feed = running.pop(future)
                turns.end(feed.id)
                take(feed, future.result())
                progress.advance(bar)
    return not_asked
