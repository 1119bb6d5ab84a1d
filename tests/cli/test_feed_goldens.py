"""What the commands that change feeds show: goldens of 80 columns."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from monitor.cli.change import show_change
from monitor.cli.feed_changes import show_intake
from monitor.cli.feed_discover import Found
from monitor.cli.feed_discover import show as show_found
from monitor.cli.feed_lists import show_lists
from monitor.cli.feed_prune import Candidate
from monitor.cli.feed_prune import show as show_dead
from monitor.cli.screen import WIDTH
from monitor.config import without_file
from monitor.config.builtin import BuiltinList
from monitor.config.rewrite import Draft
from monitor.feeds.dead import Death
from monitor.feeds.intake import plan_intake
from monitor.feeds.opml import OpmlFeed
from tests.fakes import made
from tests.fakes.made import DAY, NOW

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = "[red]Not red[/red] \x1b[2J\u202e"


def feed(name: str, *groups: str, url: str = "") -> OpmlFeed:
    """Return a feed of a list."""
    return OpmlFeed(
        url=url or f"https://{len(name)}.example/rss", name=name, groups=groups, lang="en", line=7
    )


def intake(console: Console) -> None:
    """Show an import with all that may happen in one."""
    listed = [feed(name, "News", "Europe") for name in ("LRT", "ERR News", HOSTILE, "Le Monde")]
    again = feed("BBC", url="http://www.bbc.example/rss/")
    many = [feed(f"Feed number {number}" + "." * number) for number in range(12)]
    plan = plan_intake(
        [*listed, *listed, again, *many, *many], {"https://bbc.example/rss": "BBC in world"}, None
    )
    show_intake(console, plan)


def change(console: Console) -> None:
    """Show a change with a password in it, longer than a screen."""
    lines = [f"  - https://{number}.example/rss" for number in range(70)]
    was = ["feeds:", "  a:", "  - https://me:s3cret@old.example/", "  b: [x]"]
    new = [*was[:2], "  - https://me:s3cret@new.example/[red]", "  b: [x, y]", *lines]
    text = "\n".join(new) + "\n"
    body = ("\n".join(was) + "\n").encode()
    draft = Draft(path=Path("f"), was=body, body=b"", text=text, settings=without_file())
    show_change(console, draft)


def dead(console: Console) -> None:
    """Show a feed that goes, one that answers again and one that must stay."""
    gone = made.feed(HOSTILE, last_ok_at=NOW - 40 * DAY, failures=170, url="https://a.example/rss")
    never = made.feed("LRT", id=2, last_ok_at=None, failures=200, last_error="dns: no such name")
    death = Death(feed=gone, since=NOW - 40 * DAY, lasted=40 * DAY)
    other = Death(feed=never, since=NOW - 45 * DAY, lasted=45 * DAY)
    last = "is the last entry of group baltic: take that out by hand"
    found = [
        Candidate(death=death, error_now="HTTP 404 Not Found"),
        Candidate(death=other, error_now=None),
        Candidate(death=other, error_now="dns: no such name", stays=last),
    ]
    show_dead(console, found, 120, timedelta(days=30))


def discovered(console: Console) -> None:
    """Show the feeds of a site, of which one is there already."""
    found = [
        Found(url="https://lrt.example/rss?';reboot;'${HOME}", by="the page"),
        Found(url="https://lrt.example/en", by="builtin:lithuania", configured_as="LRT in baltic"),
    ]
    show_found(console, "https://lrt.example/", found)


def lists(console: Console) -> None:
    """Show two lists with their outlets."""
    feeds = tuple(feed(f"Outlet {number}") for number in range(12))
    names = ("bosnia-and-herzegovina", "kenya")
    found = tuple(BuiltinList(name=one, title=one, country=None, feeds=feeds) for one in names)
    show_lists(console, found, 93, with_feeds=True)


SCREENS = {
    "feeds-import": intake,
    "feeds-change": change,
    "feeds-prune": dead,
    "feeds-discover": discovered,
    "feeds-lists": lists,
}


@pytest.mark.parametrize("name", list(SCREENS))
def test_screens_are_what_their_goldens_say(name: str) -> None:
    """Each command's screen fits 80 columns, and what comes from outside does nothing to it."""
    show: Callable[[Console], None] = SCREENS[name]
    console = Console(file=io.StringIO(), width=WIDTH, highlight=False)
    show(console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= WIDTH
    assert not [sign for sign in text if sign != "\n" and not sign.isprintable()]
    assert "s3cret" not in text
    assert text == (GOLDEN / f"{name}.txt").read_text("utf-8")
