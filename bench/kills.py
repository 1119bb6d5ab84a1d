"""`kill -9` at random moments of the real service: alerts, lost, repeated, and under which id.

    .venv/bin/python -m bench.kills [KILLS] [--seed NUMBER]

Rounds of at most 20 lives, each round on a database of its own. In each life an item of a new story
is published, and the process is killed: in a quarter of the lives while it comes up, else in the
midst of its work; a fifth of them is told to reload before. What it sends goes to scripted servers
on loopback, which are slow, say "later" and hang up on some requests after they have read them:
four destinations, of which one waits a second for companions. The seed decides all but what the
machine makes of it.

A repeat is a request too many for an alert at a destination that read it before. All of them must
have the id, and the bytes, of the first one.
"""

from __future__ import annotations

import argparse
import logging
import random
import signal
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from monitor.alerts.wording import MAX_LISTED
from tests.fakes.forks import Fork, forked
from tests.fakes.mail import OK
from tests.fakes.news import off_topic, on_topic
from tests.fakes.service import (
    DESTINATIONS,
    RECEIVER,
    SLACK,
    TOPIC,
    WEBHOOK,
    Scene,
    scene,
    wait_until,
)
from tests.fakes.web import RecordedRequest, Reply

# As many as one message lists at most: then each of them is read by its title.
ROUND = MAX_LISTED
BUNDLES = "/bundles"
# How long a life is at most: from the moment when it is up, or from its first import.
LIFE_SECONDS = 2.5
START_SECONDS = 1.5
# What may be left after the last kill.
DRAIN_SECONDS = 240.0
TITLES = tuple(on_topic(number).title for number in range(ROUND))
quick = partial(Fork, "never")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One message at one destination."""

    destination: str
    id: str
    body: bytes
    titles: tuple[str, ...]
    # Whether the other side said yes; else it hung up after it had read all.
    is_taken: bool


@dataclass(slots=True)
class Tally:
    """What came of some rounds."""

    kills: int = 0
    alerts: int = 0
    due: int = 0
    lost: int = 0
    # Requests that were read and not answered.
    unanswered: int = 0
    repeats: Counter[str] = field(default_factory=Counter)
    # Repeats under another id or with other bytes, and alerts in two messages.
    strange: int = 0
    bundles: int = 0

    def add(self, arrivals: list[Arrival], titles: set[str]) -> None:
        """Count one round."""
        self.alerts += len(titles)
        found: defaultdict[tuple[str, str], list[Arrival]] = defaultdict(list)
        for one in arrivals:
            for title in one.titles:
                found[one.destination, title].append(one)
        places = [*DESTINATIONS, "bundles"]
        self.due += len(places) * len(titles)
        for place in places:
            for title in sorted(titles):
                if not any(one.is_taken for one in found[place, title]):
                    self.lost += 1
                    print(f"lost: {place}, {title}")
        messages: defaultdict[tuple[str, str], list[Arrival]] = defaultdict(list)
        for one in arrivals:
            messages[one.destination, one.id].append(one)
        for (place, _), tries in messages.items():
            self.repeats[place] += len(tries) - 1
            self.unanswered += sum(not one.is_taken for one in tries)
            self.strange += len({one.body for one in tries}) - 1
            self.bundles += len(tries[0].titles) > 1
        self.strange += sum(len({one.id for one in tries}) - 1 for tries in found.values())
        self.strange += len({title for _, title in found} - titles)


class Sinks:
    """The other side of all four destinations, with a will of its own."""

    def __init__(self, stage: Scene, chance: random.Random) -> None:
        self._stage = stage
        self._chance = chance
        self._is_kind = False
        self._arrivals: list[Arrival] = []
        for path, place in ((WEBHOOK, "webhook"), (SLACK, "slack"), (BUNDLES, "bundles")):
            stage.receivers.web.route(path, partial(self._answer, place))

    def be_kind(self) -> None:
        """Take everything at once from now on."""
        self._is_kind = True
        self._stage.receivers.mail.script("RCPT", OK)

    def _answer(self, place: str, request: RecordedRequest) -> Reply:
        reply = self._reply()
        if reply.status == 200:
            self._arrivals.append(_arrival(place, request, is_taken=not reply.drop))
        return reply

    def _reply(self) -> Reply:
        if self._is_kind:
            return Reply(body=b"ok")
        fate = self._chance.random()
        if fate < 0.1:
            return Reply(status=503)
        if fate < 0.15:
            return Reply(status=429, headers={"Retry-After": "1"})
        if fate < 0.2:
            return Reply(drop=True)
        return Reply(body=b"ok", delay=self._chance.uniform(0, 0.4))

    def arrivals(self) -> list[Arrival]:
        """Give all that came, mails included."""
        return [*self._arrivals, *self._mails()]

    def _mails(self) -> Iterator[Arrival]:
        for mail in self._stage.receivers.mail.mails:
            # Not all bytes: the boundary between the two forms is made anew for each try.
            text = mail.part("plain")
            yield Arrival(
                destination="email",
                id=str(mail.message["Message-ID"]),
                body=text.encode(),
                titles=_titles_in(text),
                is_taken=True,
            )


def _arrival(place: str, request: RecordedRequest, *, is_taken: bool) -> Arrival:
    text = request.body.decode()
    # No id leaves us for Slack: the same message is the same bytes.
    name = text if place == "slack" else request.headers["webhook-id"]
    return Arrival(
        destination=place,
        id=name,
        body=request.body,
        titles=_titles_in(text),
        is_taken=is_taken,
    )


def _titles_in(text: str) -> tuple[str, ...]:
    """Give the titles that a message tells, a digest of a deep mailbox too."""
    text = " ".join(text.split())
    return tuple(title for title in TITLES if title in text)


def live(stage: Scene, number: int, chance: random.Random) -> None:
    """Let one life begin, publish into it, and end it."""
    launch = chance.choice([None, *[forked] * 4, *[quick] * 5])
    # A quarter of the lives end while they come up, however long that takes on this machine.
    is_up = chance.random() < 0.75
    ups = len(stage.service.events("started"))
    stage.service.start(launch, wait=False)
    if is_up:
        # The machine may be busy with others.
        stage.service.wait_for("started", ups + 1, DRAIN_SECONDS)
    life = chance.uniform(0.1, LIFE_SECONDS if is_up else START_SECONDS)
    moments = sorted((chance.uniform(0, life), what) for what in ("publish", "reload"))
    passed = 0.0
    reloads = chance.random() < 0.2
    for at, what in moments:
        time.sleep(at - passed)
        passed = at
        if what == "publish":
            path = chance.choice(("/wire", "/east"))
            stage.news.publish(path, on_topic(number), off_topic(10 + number % 30))
        elif reloads and is_up:
            _reload(stage)
    time.sleep(life - passed)
    stage.service.kill()


def _reload(stage: Scene) -> None:
    topic = stage.service.config["topics"][TOPIC]
    # Another threshold's hair: a configuration that is wired anew.
    topic["threshold"] = 0.5 if topic.get("threshold") == 0.499 else 0.499
    stage.service.write()
    stage.service.send(signal.SIGHUP)


def play(tally: Tally, kills: int, chance: random.Random) -> None:
    """Play one round, and count what came of it."""
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder)) as stage:
        config = stage.service.config
        sinks = Sinks(stage, chance)
        bundles = {"webhook": {"url": stage.receivers.web.url(BUNDLES)}}
        config["receivers"]["bundles"] = {"to": [bundles], "group_wait": "1s"}
        config["topics"][TOPIC]["receivers"] = [RECEIVER, "bundles"]
        stage.open_feed("wire", "rss", *map(off_topic, range(5)))
        stage.open_feed("east", "atom", *map(off_topic, range(5, 10)))
        stage.service.start(quick)
        stage.wait_until_read()
        stage.service.kill()
        stage.receivers.mail.slow_down(0.02)
        for number in range(kills):
            answers = ("451 4.7.1 later", OK) if chance.random() < 0.2 else (OK,)
            stage.receivers.mail.script("RCPT", *answers)
            live(stage, number, chance)
        _drain(stage, sinks)
        tally.kills += kills + 1
        tally.add(sinks.arrivals(), set(TITLES[:kills]))


def _drain(stage: Scene, sinks: Sinks) -> None:
    """Let a service do what is left, at destinations that are well again."""
    sinks.be_kind()
    stage.service.start(quick)
    stage.wait_until_read()
    for destination in (*DESTINATIONS.values(), "bundles/1-webhook"):
        stage.service.command("redeliver", destination)

    def waiting() -> int:
        (row,) = stage.service.sql("SELECT count(*) FROM deliveries WHERE settled_at IS NULL")
        return int(row[0])

    wait_until(lambda: waiting() == 0, lambda: f"{waiting()} deliveries wait", DRAIN_SECONDS)
    assert stage.service.stop() == 0
    assert stage.service.sql("PRAGMA integrity_check") == [("ok",)]


def main() -> None:
    """Kill, and print a table."""
    # aiosmtpd warns of a name of its own.
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description="kill the service at random moments")
    parser.add_argument("kills", nargs="?", type=int, default=200)
    parser.add_argument("--seed", type=int, default=2021)
    wanted = parser.parse_args()
    # The same kills each time, as far as the machine lets them be.
    chance = random.Random(wanted.seed)  # noqa: S311 - no secret
    tally = Tally()
    started = time.monotonic()
    left = wanted.kills
    while left:
        kills = min(left, ROUND)
        play(tally, kills, chance)
        left -= kills
        print(f"{wanted.kills - left} of {wanted.kills} kills, {tally.lost} lost", flush=True)
    seconds = time.monotonic() - started
    by_place = ", ".join(f"{place} {count}" for place, count in sorted(tally.repeats.items()))
    print(f"\nseed {wanted.seed}, {seconds:.0f} s\n")
    print("| kills | alerts | deliveries | lost | repeats | under another id | unanswered |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    print(
        f"| {tally.kills} | {tally.alerts} | {tally.due} | {tally.lost}"
        f" | {sum(tally.repeats.values())} | {tally.strange} | {tally.unanswered} |"
    )
    print(f"\nrepeats by destination: {by_place}; messages of several alerts: {tally.bundles}")
    assert not tally.lost
    assert not tally.strange
    assert sum(tally.repeats.values()) <= len(DESTINATIONS) * tally.kills + tally.unanswered


if __name__ == "__main__":
    main()
