"""The real service as a process, and the other side of all that it sends.

with scene(tmp_path) as stage:
    stage.open_feed("wire", "rss", on_topic(0))
    stage.service.start()
    stage.news.publish("/wire", on_topic(1))
    stage.receivers.wait_until_told(on_topic(1).title)
    assert stage.service.stop() == 0

Nothing here sleeps for a fixed time: every wait has a condition and a deadline.
"""

from __future__ import annotations

import html
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from standardwebhooks.webhooks import Webhook

from tests.fakes.forks import run_forked
from tests.fakes.mail import MailServer
from tests.fakes.news import Form, NewsItem, NewsServer
from tests.fakes.web import RecordedRequest, Reply, WebServer

ROOT = Path(__file__).parents[2]
SEED = ROOT / "seeds" / "2021-11-08-poland-belarus-border.txt"
PROGRAM = Path(sys.executable).with_name("seedwatch")
TOPIC = "belarus-eu-border"
RECEIVER = "newsroom"
# Its destinations, by kind.
DESTINATIONS = {
    "webhook": f"{RECEIVER}/1-webhook",
    "email": f"{RECEIVER}/2-email-desk@example.org",
    "slack": f"{RECEIVER}/3-slack",
}

# Made up, and searched for in all that the service says.
WEBHOOK_TOKEN = "hook-token-3f9c1d77e2ab"
SLACK_TOKEN = "slack-token-5a7c99e10b42"
PASSWORD = "mail-password-9d2e41c6"
SIGNING_SECRET = "whsec_c2lnbmluZy1rZXktb2YtdGhpcnR5LXR3by1ieXRlcyEh"
SECRETS = (WEBHOOK_TOKEN, SLACK_TOKEN, PASSWORD, SIGNING_SECRET, SIGNING_SECRET[6:])

WEBHOOK = f"/alerts/{WEBHOOK_TOKEN}"
SLACK = f"/services/T0001/B0002/{SLACK_TOKEN}"

# How long a condition may take to come true: long, since the machine may be busy with others.
PATIENCE = 40.0
# What SIGTERM may take.
STOP_SECONDS = 10.0
# How a webhook's `reason` reads in the subject of the other kinds.
PREFIXES = {"catch_up": "catch-up: ", "update": "update: ", "test": "test: "}

Event = dict[str, Any]


def wait_until(
    condition: Callable[[], bool], what: Callable[[], str], seconds: float = PATIENCE
) -> None:
    """Wait for a condition; fails with words on what is there instead when the time is up."""
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, f"after {seconds:g} s: {what()}"
        time.sleep(0.05)


class Receivers:
    """A webhook endpoint, a Slack endpoint and a mail server that keep what they took."""

    def __init__(self) -> None:
        self.web = WebServer()
        self.mail = MailServer(login=("desk", PASSWORD))
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._taken: dict[str, list[RecordedRequest]] = {WEBHOOK: [], SLACK: []}
        self._replies: dict[str, list[Reply]] = {}

    def __enter__(self) -> Self:
        self._stack.enter_context(self.web)
        self._stack.enter_context(self.mail)
        self.script(WEBHOOK)
        self.script(SLACK)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def script(self, path: str, *replies: Reply) -> None:
        """Answer WEBHOOK or SLACK by these in order, and from then on take everything."""
        with self._lock:
            self._replies[path] = list(replies)
        self.web.route(path, self._answer)

    def _answer(self, request: RecordedRequest) -> Reply:
        path = request.path.partition("?")[0]
        with self._lock:
            replies = self._replies[path]
            reply = replies.pop(0) if replies else Reply(body=b"ok")
            if reply.status < 300 and not reply.drop:
                self._taken[path].append(request)
        return reply

    def configured(self) -> list[dict[str, Any]]:
        """Give the list of destinations for a receiver of the configuration."""
        smtp = {"host": "127.0.0.1", "port": self.mail.port, "security": "none"}
        login = {"username": "desk", "password": PASSWORD}
        return [
            {"webhook": {"url": self.web.url(WEBHOOK), "secret": SIGNING_SECRET}},
            {"email": {"to": "desk@example.org", "smtp": smtp | login}},
            {"slack": {"webhook_url": self.web.url(SLACK)}},
        ]

    def taken(self, path: str = WEBHOOK) -> list[RecordedRequest]:
        """Return the requests that were answered well, in order of arrival."""
        with self._lock:
            return list(self._taken[path])

    def payloads(self) -> list[dict[str, Any]]:
        """Return what the webhook took, its signatures verified."""
        return [payload_of(request) for request in self.taken()]

    def told(self) -> dict[str, Counter[str]]:
        """Count the subjects that each kind of receiver was told, for comparing totals."""
        slack = [json.loads(request.body)["text"] for request in self.taken(SLACK)]
        return {
            "webhook": Counter(map(subject_of, self.payloads())),
            "email": Counter(str(mail.message["Subject"]).strip() for mail in self.mail.mails),
            "slack": Counter(html.unescape(text) for text in slack),
        }

    def wait_until_told(self, *titles: str) -> None:
        """Wait until each kind has been told each of these titles as first of a message."""

        def missing() -> dict[str, list[str]]:
            told = self.told()
            return {
                kind: [title for title in titles if not any(one.endswith(title) for one in counts)]
                for kind, counts in told.items()
            }

        wait_until(lambda: not any(missing().values()), lambda: f"not told: {missing()}")


def payload_of(request: RecordedRequest) -> dict[str, Any]:
    """Verify a webhook's signature as its receiver would, and return its JSON."""
    Webhook(SIGNING_SECRET).verify(request.body, dict(request.headers))
    payload: dict[str, Any] = json.loads(request.body)
    return payload


def subject_of(payload: Mapping[str, Any]) -> str:
    """Give the subject that the other kinds show for a webhook's payload."""
    prefix = PREFIXES.get(payload["reason"], "")
    return f"[{payload['topic']}] {prefix}{payload['items'][0]['title']}"


def told_once(*subjects: str) -> dict[str, Counter[str]]:
    """Give the totals of receivers that were told each subject once, and nothing else."""
    return {kind: Counter(subjects) for kind in DESTINATIONS}


def subject(title: str, *, kind: str = "") -> str:
    """Give the subject of a message of the shipped topic, e.g. of kind `catch-up`."""
    return f"[{TOPIC}] {f'{kind}: ' if kind else ''}{title}"


class Process(Protocol):
    """What a test does with a process."""

    def poll(self) -> int | None:
        """Return its exit code, None if it runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code once it has ended."""
        ...

    def kill(self) -> None:
        """End it without a warning."""
        ...

    def send_signal(self, number: signal.Signals, /) -> None:
        """Send it a signal."""
        ...


# Starts a service on a configuration, with a log.
Launch = Callable[[Path, Path], Process]


def _installed(path: Path, log: Path) -> Process:
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(PROGRAM), "--config", str(path), "run"],
            cwd=path.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )


class Service:
    """`seedwatch run` and its siblings on one configuration in one folder."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self.folder = folder
        self.config = config
        self.path = folder / "seedwatch.yaml"
        self.log = folder / "log.jsonl"
        # A test of outages sets it: then an unusable database is no fault.
        self.has_outages = False
        self._process: Process | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    # -- files

    def write(self) -> None:
        """Write the configuration as it is now; JSON is YAML too."""
        self.path.write_text(json.dumps(self.config, indent=2), encoding="utf-8")

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.folder / "seedwatch.db"

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement on the database, beside the service."""
        with closing(sqlite3.connect(self.database, timeout=PATIENCE)) as connection, connection:
            return connection.execute(statement).fetchall()

    # -- the process

    @property
    def process(self) -> Process:
        """The process that was started last."""
        assert self._process is not None, "not started"
        return self._process

    def start(self, launch: Launch | None = None, *, wait: bool = True) -> None:
        """Start the service, by the installed command or another launch; wait until it is up."""
        assert self._process is None or self._process.poll() is not None, "it is running"
        self.write()
        seen = len(self.events("started"))
        self._process = (launch or _installed)(self.path, self.log)
        if wait:
            self.wait_for("started", seen + 1)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and return its exit code; fails if it takes more than 10 seconds."""
        self.send(number)
        return self.wait(STOP_SECONDS)

    def wait(self, seconds: float = PATIENCE) -> int:
        """Return its exit code once it has ended by itself."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running after {seconds:g} s") from None

    def kill(self) -> None:
        """End it without a warning, as `kill -9` or a power cut would."""
        self.process.kill()
        self.process.wait()

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the same configuration to its end."""
        words = ("--config", str(self.path), *words)
        return run_forked(*words, folder=self.folder, seconds=PATIENCE)

    def ask(self, *words: str) -> Any:
        """Run a command with `--json`, and return what it printed."""
        done = self.command(*words, "--json")
        assert done.returncode == 0, done.stderr
        assert not done.stderr
        return json.loads(done.stdout)

    # -- the log

    def events(self, name: str | None = None) -> list[Event]:
        """Return what it logged so far, of one event or all; other lines come as `raw`."""
        if not self.log.exists():
            return []
        # The last line may still be on its way.
        lines = self.log.read_bytes().decode("utf-8", "replace").split("\n")[:-1]
        found = [_event(line) for line in lines]
        return [event for event in found if name is None or event["event"] == name]

    def wait_for(self, name: str, count: int = 1, seconds: float = PATIENCE) -> list[Event]:
        """Return the events of a name once there are so many; fails if they do not come."""

        def ended_early() -> str:
            return "\n".join(map(str, self.events()[-15:]))

        wait_until(
            lambda: len(self.events(name)) >= count,
            lambda: f"{len(self.events(name))} of {count} {name!r}; the log ends:\n{ended_early()}",
            seconds,
        )
        return self.events(name)

    def wait_until_settled(self) -> None:
        """Wait until no delivery is due or under way."""

        def waiting() -> int:
            (row,) = self.sql("SELECT count(*) FROM deliveries WHERE settled_at IS NULL")
            return int(row[0])

        wait_until(lambda: waiting() == 0, lambda: f"{waiting()} deliveries wait")

    def assert_clean(self) -> None:
        """Fail if the log has a secret, a fault of the program itself or a line that is no JSON."""
        text = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        assert [secret for secret in SECRETS if secret in text] == []
        broken = ["raw", "job_broke", "fetch_broke", "delivery_broke", "outcome_not_stored"]
        if not self.has_outages:
            broken.append("store_unusable")
        found = [event for event in self.events() if event["event"] in broken]
        assert found == [], found


def run_command(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the installed command to its end."""
    return subprocess.run(
        [str(PROGRAM), *words],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "NO_COLOR": "1"},
        timeout=PATIENCE,
        check=False,
    )


def shown(done: subprocess.CompletedProcess[str]) -> str:
    """Give what a command printed as one line: it breaks lines at 80 columns."""
    return " ".join(done.stdout.split())


def _event(line: str) -> Event:
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    return event if isinstance(event, dict) and "event" in event else {"event": "raw", "line": line}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All actors of a test."""

    news: NewsServer
    receivers: Receivers
    service: Service

    def open_feed(self, name: str, form: Form, *items: NewsItem) -> None:
        """Open a feed at `/name`, and add it to the configuration that the service reads next."""
        url = self.news.open_feed(f"/{name}", form, *items)
        self.add_feed(name, url)

    def add_feed(self, name: str, url: str) -> None:
        """Add any address to the configuration as a feed."""
        self.service.config["feeds"].setdefault("world", []).append({"name": name, "url": url})

    def wait_until_read(self) -> None:
        """Wait until the service has stored every open feed as it is now."""

        def unread() -> list[str]:
            return [path for path in self.news.paths if not self.news.is_read(path)]

        wait_until(lambda: not unread(), lambda: f"not read: {unread()}")


def configuration(receivers: Receivers) -> dict[str, Any]:
    """Give a configuration without feeds: the shipped topic, polled each second."""
    return {
        "topics": {TOPIC: {"seeds": [str(SEED)], "receivers": [RECEIVER]}},
        "feeds": {},
        "receivers": {RECEIVER: receivers.configured()},
        # All feeds are on one host here.
        "polling": {
            "every": "1s",
            "at_least_every": "1s",
            "per_host": 16,
            "host_spacing": "0s",
            "timeout": "5s",
            # Its feeds are served on this machine.
            "allow_addresses": ["127.0.0.1"],
        },
        "delivery": {"timeout": "5s", "give_up_after": "1h", "group_wait": "0s"},
        "store": "sqlite:///seedwatch.db",
        "log": {"level": "debug", "format": "json"},
    }


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """Give a news server, receivers and a service that is not started yet.

    Whatever a test does, the service must have told no secret and must not have failed inside.
    """
    with ExitStack() as stack:
        news = stack.enter_context(NewsServer())
        receivers = stack.enter_context(Receivers())
        service = stack.enter_context(Service(folder, configuration(receivers)))
        yield Scene(news=news, receivers=receivers, service=service)
        service.assert_clean()
