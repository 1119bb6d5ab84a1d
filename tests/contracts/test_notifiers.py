"""What every kind of notifier promises; a new kind adds one row to `CHANNELS`."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.errors import DeliveryError
from monitor.notify import KINDS, build
from monitor.records import Message, Notifier
from monitor.targets import (
    AlertmanagerTarget,
    AppriseTarget,
    ConsoleTarget,
    EmailTarget,
    FileTarget,
    Secret,
    SlackBotTarget,
    SlackTarget,
    Target,
    WebhookTarget,
)
from tests.fakes.alerts import ITEM, message
from tests.fakes.mail import MailServer
from tests.fakes.post import PlainPost
from tests.fakes.web import Reply, WebServer

PATH = "/hooks/T0SECRET/B0SECRET"
PASSWORD = "correct-horse-battery"
TOKEN = "xoxb-47110815-letmein"
SECRETS = ("T0SECRET", "B0SECRET", PASSWORD, TOKEN)
NOW = datetime(2021, 11, 8, 14, 10, tzinfo=UTC)

# Kinds that send nothing over a network.
HERE = {"console", "file"}
# What a server is asked for, where the target's URL is only its beginning.
ENDS = {"slack-bot": "/chat.postMessage", "alertmanager": "/api/v2/alerts"}
TAKEN = {"slack-bot": b'{"ok":true,"channel":"C1","ts":"1636380600.000100"}'}

HOSTILE = [
    "<!channel> all of you",
    "<https://evil.example|Bank> asks",
    "<script>alert(1)</script>",
    "{{7*7}} and ${7*7} and {% raw %}",
    "line\r\nBcc: victim@example.org\r\n\r\nbody",
    "right\u202eto left\u2066 and\u200b hidden\ufeff",
    "bell\x07 escape\x1b[31m null\x00 c1\x9b2J separators\u2028\u2029",
    "*bold* _it_ ~no~ `code` @here @everyone <@U123> &amp; &lt;",
    "lone \ud800 surrogate",
    "m" * 1_000_000,
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A kind with a fake at its other end."""

    kind: str
    notifier: Notifier
    # What came out at the other end so far, as text for people to read.
    shown: Callable[[], list[str]]


def make(target: Target, seconds: float = 5.0) -> Notifier:
    """Build a notifier as the program does."""
    timeout = timedelta(seconds=seconds)
    return build(target, post=PlainPost(seconds), timeout=timeout, clock=lambda: NOW)


def target_of(kind: str, port: int) -> Target:
    """Return a target of the kind at a port of this machine."""
    url = f"127.0.0.1:{port}{PATH}"
    targets: dict[str, Target] = {
        "slack": SlackTarget(webhook_url=Secret(f"http://{url}")),
        "slack-bot": SlackBotTarget(token=Secret(TOKEN), channel="C1", api_url=f"http://{url}"),
        "alertmanager": AlertmanagerTarget(url=Secret(f"http://{url}"), token=Secret(TOKEN)),
        "webhook": WebhookTarget(
            url=Secret(f"http://{url}"), secret=Secret("whsec_c2VjcmV0LWtleQ==")
        ),
        "apprise": AppriseTarget(url=Secret(f"json://user:{PASSWORD}@{url}")),
        "email": EmailTarget(
            to="desk@example.org",
            sender="seedwatch@example.org",
            host="127.0.0.1",
            port=port,
            security="none",
            username="seedwatch",
            password=Secret(PASSWORD),
        ),
    }
    return targets[kind]


@pytest.fixture(params=sorted(KINDS))
def channel(request: pytest.FixtureRequest) -> Iterator[Channel]:
    """Give every kind in turn."""
    kind = str(request.param)
    with ExitStack() as stack:
        if kind == "console":
            capsys: pytest.CaptureFixture[str] = request.getfixturevalue("capsys")
            shown = lambda: capsys.readouterr().out.split("-" * 78)[1:]  # noqa: E731 - one line says it
            yield Channel(kind=kind, notifier=make(ConsoleTarget()), shown=shown)
        elif kind == "email":
            mail = stack.enter_context(MailServer(login=("seedwatch", PASSWORD)))
            notifier = make(target_of(kind, mail.port))
            shown = lambda: [f"{one.message['Subject']}\n{one.part('plain')}" for one in mail.mails]  # noqa: E731
            yield Channel(kind=kind, notifier=notifier, shown=shown)
        elif kind == "file":
            folder: Path = request.getfixturevalue("tmp_path")
            lines, feed = folder / "alerts.jsonl", folder / "alerts.xml"
            notifier = make(FileTarget(atom=str(feed), jsonl=str(lines)))
            shown = lambda: lines.read_text(encoding="utf-8").splitlines()  # noqa: E731
            yield Channel(kind=kind, notifier=notifier, shown=shown)
        else:
            web = stack.enter_context(WebServer())
            web.route(PATH + ENDS.get(kind, ""), Reply(body=TAKEN.get(kind, b"ok")))
            notifier = make(target_of(kind, web.port))
            shown = lambda: [one.body.decode() for one in web.requests()]  # noqa: E731
            yield Channel(kind=kind, notifier=notifier, shown=shown)


def test_a_message_arrives_and_the_answer_is_told(channel: Channel) -> None:
    """Every kind takes a message, shows its title, and says in a few words what came of it."""
    sent = channel.notifier.send(message())
    assert 0 < len(sent.answer) <= 210
    assert "\n" not in sent.answer
    (shown,) = channel.shown()
    for words in ITEM.title.split():
        assert words in shown


@pytest.mark.parametrize("title", HOSTILE, ids=lambda title: title[:12])
def test_a_hostile_title_is_only_text(channel: Channel, title: str) -> None:
    """Whatever a feed puts into a title arrives as text: nothing of it acts, hides or overflows."""
    channel.notifier.send(message(title=title, summary=title, source=title[:500]))
    (shown,) = channel.shown()
    assert len(shown) < 20_000
    assert "\nBcc:" not in shown
    assert "49" not in shown.replace("459206685", "")
    for char in "\u202e\u2066\ufeff\x07\x1b\x00\x9b\u2028\ud800":
        assert char not in shown
    if channel.kind in {"slack", "slack-bot"}:
        assert_inert_in_slack(shown)
    if channel.kind == "apprise":
        assert "@everyone" not in shown
        assert "<!channel>" not in shown


def assert_inert_in_slack(shown: str) -> None:
    """Assert that only our own link is in angle brackets."""
    body = json.loads(shown)
    for bracket in ("<!", "<@", "<#", "<https://evil"):
        assert bracket not in body["text"]
        assert bracket not in json.dumps(body["blocks"])


def test_nothing_listens(channel: Channel) -> None:
    """A refused connection is a temporary failure, told without secrets."""
    if channel.kind in HERE:
        pytest.skip("it has no connection")
    with socket.socket() as taken:
        # Bound but not listening: connections are refused, and nobody else gets the port.
        taken.bind(("127.0.0.1", 0))
        notifier = make(target_of(channel.kind, taken.getsockname()[1]))
        assert_temporary(notifier, message())


def test_nobody_answers(channel: Channel) -> None:
    """A connection without an answer ends after the timeout as a temporary failure."""
    if channel.kind in HERE:
        pytest.skip("it has no connection")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        notifier = make(target_of(channel.kind, silent.getsockname()[1]), seconds=0.3)
        assert_temporary(notifier, message())


def assert_temporary(notifier: Notifier, sent: Message) -> None:
    """Assert that sending fails for now, and says so in a short line without secrets."""
    with pytest.raises(DeliveryError) as caught:
        notifier.send(sent)
    assert not caught.value.permanent
    assert_clean(caught.value)


def assert_clean(error: DeliveryError) -> None:
    """Assert that an error says something short, and nowhere a secret."""
    assert 0 < len(str(error)) <= 200
    seen: BaseException | None = error
    while seen is not None:
        assert not any(secret in f"{seen!s}{seen!r}" for secret in SECRETS)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - HERE - {"email"}))
@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 403, 404, 410, 429, 500, 503])
def test_an_answer_that_repeats_our_secrets(kind: str, status: int) -> None:
    """An error page that quotes our URL back does not get it into the error."""
    with WebServer() as web:
        path = PATH + ENDS.get(kind, "")
        token = TOKEN if kind in ENDS else ""
        page = f"Cannot POST {path}, {web.url(path)} {PASSWORD} {token}\r\n" * 50
        web.route(path, Reply(status=status, body=page.encode(), headers={"Location": "/landed"}))
        with pytest.raises(DeliveryError) as caught:
            make(target_of(kind, web.port)).send(message())
        assert caught.value.code == status
        assert_clean(DeliveryError(str(caught.value).replace(PASSWORD, ""), permanent=True))
        assert "T0SECRET" not in str(caught.value)
        assert [one.path for one in web.requests()] == [path]


def test_sending_twice_keeps_the_id(channel: Channel) -> None:
    """A message sent again is the same message: the other side can tell by its id."""
    sent = message("0190d1f0-7a6b-7c31-9a55-3f2f1f9b8a10")
    for _ in range(2):
        channel.notifier.send(sent)
    first, *others = channel.shown()
    # A file can be looked into: what is there is not added again.
    assert others == ([] if channel.kind == "file" else [first])


def test_every_kind_has_its_row() -> None:
    """Each kind of target has one notifier."""
    described = [described for described, _ in KINDS.values()]
    assert set(described) == set(Target.__args__)
    assert len(described) == len(set(described))
