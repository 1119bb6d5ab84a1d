"""A newcomer's first session, typed on a terminal; `docs/tour.md` is what then stood there.

`SEEDWATCH_TOUR=write make test` (or this file alone) writes that page anew.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.fakes.own_net import SITE
from tests.fakes.paper import ARTICLE, NEWS, RACE, Paper
from tests.fakes.service import ROOT
from tests.fakes.terminal import Terminal

PAGE = ROOT / "docs" / "tour.md"
TOPIC = "orsa-dam"
# What differs from one session to the next, and what the page has in its place.
EVENED = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?", "2026-03-02 09:00"),
    (r"\b\d+(\.\d+)? (s|min) ago {2,}", "42 s ago    "),
    (r"last poll .* ago", "last poll 2 s ago"),
    (r"next: poll, .*", "next: poll, in 3 s"),
    (r"next: reports on topics, .*", "next: reports on topics, in 5 d"),
    (r"\d{4}-\d\d-\d\d\b", "2026-03-02"),
    (r"feedback undo [0-9a-f]{8}", "feedback undo 9519234c"),
    (r"feed once, \d+ s", "feed once, 1 s"),
    (r"disk: .*", "disk: database 300 kB, write-ahead log 540 kB, 74 GB of 270 GB free"),
    (r"\d+(\.\d+)? s, \d+ items a second", "1.0 s, 100 items a second"),
)
INTRODUCTION = """\
# A tour

From an article to a tuned topic, as a newcomer types it. A test types all of this on a terminal of
80 columns, and this page is what then stood there; only times and sizes are evened out. The Harbour
Daily is made up: it is served on the machine of the test, and no other paper is reached from there.
"""


class Tour:
    """Writes the page while it types."""

    def __init__(self, desk: Terminal, service: Terminal) -> None:
        self.desk = desk
        self.service = service
        self.page = INTRODUCTION
        # Characters of each screen that are on the page, or are not to come there.
        self._shown = {id(desk): 0, id(service): 0}
        self._seen_prompt = False

    def say(self, words: str) -> None:
        """Write a paragraph, or a heading."""
        self.page += f"\n{words}\n"

    def run(self, command: str, *answers: str) -> str:
        """Type a command at the desk, answer what it asks, show what it prints, and give that."""
        self.desk.type(command)
        for answer in answers:
            self.desk.wait(until=r"\[Y/n\]:$")
            self.desk.type(answer)
        self.desk.wait()
        return self.show(self.desk)

    def watch(self, holds: Callable[[str], bool]) -> str:
        """Wait until the service has printed something, and show what is new."""
        self.service.wait_for(holds)
        return self.show(self.service)

    def show(self, terminal: Terminal) -> str:
        """Put what is new on a screen on the page."""
        text = terminal.text
        new = text[self._shown[id(terminal)] :]
        new = new.removesuffix("\n$").strip("\n")
        self._shown[id(terminal)] = len(text) - (1 if text.endswith("\n$") else 0)
        self.page += f"\n```\n{new}\n```\n"
        return new


def evened(page: str) -> str:
    """Even out what differs from one session to the next."""
    for pattern, instead in EVENED:
        page = re.sub(pattern, instead, page)
    return "\n".join(line.rstrip() for line in page.splitlines()) + "\n"


def environment(folder: Path, port: int) -> dict[str, str]:
    """Make a virtual environment in which the libraries are, but not seedwatch."""
    subprocess.run([sys.executable, "-m", "venv", str(folder / "env")], check=True)
    (packages,) = (folder / "env" / "lib").glob("python3*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    (packages / "sitecustomize.py").write_text(SITE, encoding="utf-8")
    (folder / "seedwatch").symlink_to(ROOT)
    return {
        "PATH": f"{folder / 'env' / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "OWN_NET_PORT": str(port),
        # The libraries are there already.
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def item_of(text: str) -> str:
    """Give the id in a message."""
    found = re.search(r"seedwatch why ([0-9a-f]+)", text)
    assert found, text
    return found[1][:8]


def play(tour: Tour, paper: Paper) -> None:
    """Type it all."""
    tour.say(
        "## Install\n\nFrom a checkout, into an environment of its own ([more ways](install.md))."
    )
    tour.run("pip install --quiet ./seedwatch")
    tour.run("seedwatch --version")

    tour.say(
        "## One article\n\nAn empty folder, and one article. `--list none`, as only its own paper"
        " is here: without it,\nlists of feeds of the countries that it names are asked, too."
    )
    tour.run("mkdir watch && cd watch")
    tour.run(f"seedwatch add {ARTICLE} --name {TOPIC} --list none", "y")
    tour.say("Menu, cookies and byline are gone; what is left is the seed:")
    tour.run(f"head -n 5 seeds/{TOPIC}.txt")

    tour.say(
        "## The service\n\nThis tour does not wait a quarter of an hour for the next poll, nor half"
        " a minute for\ncompanions of an alert."
    )
    tour.run("sed -i -E 's/^( +(at_most_|at_least_)?every): .*/\\1: 5s/' config/seedwatch.yaml")
    tour.run("sed -i -E 's/^( +group_wait): .*/\\1: 0s/' config/seedwatch.yaml")
    tour.say("In a second terminal; in earnest it is `seedwatch install-service`, or a container.")
    tour.service.type("cd watch && seedwatch run 2> run.log")
    first = tour.watch(lambda text: is_told(text, "Velm valley farmers"))
    assert "catch-up" in first

    tour.say("What the feed held already came as one message. Now the story moves:")
    paper.print(*NEWS)
    alert = tour.watch(lambda text: is_told(text, NEWS[0]))

    tour.say("## Why?\n\nBack at the first terminal.")
    tour.run(f"seedwatch why {item_of(alert)}")

    tour.say("## Too much\n\nAnother item comes, which is not what was meant.")
    paper.print(*RACE)
    race = tour.watch(lambda text: is_told(text, RACE[0]))
    tour.run(f"seedwatch feedback no {item_of(race)}", "y")

    tour.say(
        "A word moves a topic by a step, not around: an item with all of its names still belongs"
        " to it.\nWhat is never meant can be named. What would that have done?"
    )
    tour.say("## What if?")
    tour.run(f"seedwatch backtest --set 'topics.{TOPIC}.never_mention=[race]'")
    tour.say("And an article that never came?")
    tour.run('seedwatch why-not "Harbour wins the derby in the last minute"')

    tour.say("## How is it?")
    tour.run("seedwatch status")
    tour.service.press("c")
    tour.service.wait(until=r"\$$")


def is_told(text: str, title: str) -> bool:
    """Say whether the last message on a screen is whole, and has a title."""
    message = text.rpartition("-" * 70)[2]
    return title in message and re.search(r"seedwatch why [0-9a-f]{16}$", message) is not None


def test_the_tour_is_what_a_newcomer_sees(tmp_path: Path) -> None:
    """From `pip install` to a backtest, all that a newcomer types gives what the page shows."""
    with ExitStack() as stack:
        paper = stack.enter_context(Paper())
        given = environment(tmp_path, paper.port)
        desk = stack.enter_context(Terminal(tmp_path, given))
        service = stack.enter_context(Terminal(tmp_path, given))
        tour = Tour(desk, service)
        play(tour, paper)
    page = evened(tour.page)
    if os.environ.get("SEEDWATCH_TOUR") == "write":
        PAGE.write_text(page, encoding="utf-8")
    assert page == PAGE.read_text(encoding="utf-8")
