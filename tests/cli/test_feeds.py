"""What `feeds test` and `feeds list` ask, and what they show: goldens of 80 columns."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from monitor.cli import main
from monitor.cli.feed_screen import show_healths, show_report
from monitor.cli.feeds import ask_again, find_feed, look_at, read
from monitor.cli.place import settings_or_defaults
from monitor.cli.screen import WIDTH
from monitor.config import Settings, load, without_file
from monitor.errors import SeedwatchError
from monitor.feeds.contents import contents_of
from monitor.feeds.examine import Again, Look, examine
from monitor.feeds.health import Activity, health_of
from monitor.fetch import Client, Guard, Limits
from monitor.records import Document, FetchFailure, Hop, NotModified, Stage
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND
from tests.fakes.web import RecordedRequest, Reply, WebServer

LOOPBACK = Guard.allowing([ip_network("127.0.0.0/8")])
GOLDEN = Path(__file__).parent / "golden"
# What fits on a terminal of the usual size, with the prompt.
MOST_LINES = 40
HOSTILE = "[red]Not red[/red] \x1b[2J\u202e &lt;script&gt;alert(1)&lt;/script&gt;"
URL = "https://lrt.example/rss"
NEW = "https://news.lrt.example/rss"


def console() -> Console:
    """Give a console as a pipe is one: 80 columns, no colour."""
    return Console(file=io.StringIO(), width=WIDTH, highlight=False)


def printed(of: Console) -> str:
    """Return what was printed."""
    assert isinstance(of.file, io.StringIO)
    return of.file.getvalue()


def listed(number: int, **changes: str) -> str:
    """Return an item of an RSS document, an hour older than the one before."""
    told = {
        "title": f"Lithuania builds part {number} of the fence at its border with Belarus",
        "link": f"https://lrt.example/news/{number}",
        "guid": f"lrt-{number}",
        "pubDate": f"Mon, 08 Nov 2021 {13 - number:02d}:30:00 GMT",
    } | changes
    return "<item>" + "".join(f"<{tag}>{text}</{tag}>" for tag, text in told.items()) + "</item>"


def rss(*items: str, head: str = "") -> bytes:
    """Return an RSS document."""
    start = '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
    return f"{start}<title>LRT English</title>{head}{''.join(items)}</channel></rss>".encode()


def hop(status: int = 200, url: str = URL, **changes: Any) -> Hop:
    """Return a hop."""
    return Hop(url=url, status=status, **changes)


def well() -> Look:
    """Return a look at a feed that has all that a feed can have."""
    head = (
        "<language>en</language><ttl>60</ttl><skipHours><hour>1</hour></skipHours>"
        '<atom:link rel="hub" href="https://hub.example/"/>'
        f'<atom:link rel="self" href="{URL}"/>'
    )
    document = made.document(
        rss(*map(listed, range(8)), head=head),
        url=NEW,
        content_type="application/rss+xml; charset=utf-8",
        etag='W/"61891a2c"',
        last_modified="Mon, 08 Nov 2021 13:31:00 GMT",
        fresh_for=5 * MINUTE,
        moved_to=NEW,
    )
    return Look(
        spec=made.spec(),
        result=document,
        hops=(hop(301), hop(url=NEW, coding="gzip", sent_bytes=612)),
        took=timedelta(milliseconds=312),
        again=Again(after=5 * SECOND, result=NotModified(fetched_at=NOW)),
    )


def sloppy() -> Look:
    """Return a look at a feed that can be read, and has all faults that it may have."""
    items = (
        listed(0, title=HOSTILE),
        listed(1, guid="lrt-0"),
        listed(3, pubDate="Mon, 08 Nov 2021 20:00:00 GMT"),
        listed(2, pubDate="Thu, 01 Jan 1970 00:00:00 GMT", link="javascript:alert(1)"),
        "<item><title>Without &nope; anything else</title></item>",
    )
    document = made.document(
        rss(*items, head="<language>en-us</language>"), content_type="text/html\x9b2J"
    )
    return Look(
        spec=made.spec(url=URL, every=12 * HOUR, name="LRT [bold]\x1b[31m"),
        result=document,
        hops=(hop(302), hop(301, NEW), hop(sent_bytes=len(document.body))),
        took=4 * SECOND,
    )


def refused() -> Look:
    """Return a look at a feed that is asked too often."""
    failure = FetchFailure(
        cause="HTTP 429 Too Many Requests", status=429, retry_after=2 * HOUR, fetched_at=NOW
    )
    return Look(spec=made.spec(), result=failure, hops=(hop(429),), took=SECOND)


def unreachable() -> Look:
    """Return a look at a feed that cannot be reached."""
    failure = FetchFailure(
        cause="its host name cannot be resolved", stage=Stage.DNS, fetched_at=NOW
    )
    return Look(spec=made.spec(), result=failure, hops=(), took=2 * SECOND)


def page() -> Look:
    """Return a look at a web page."""
    link = '<link rel="alternate" type="application/rss+xml" href="/rss">'
    body = f"<!doctype html><html><head>{link}</head><body>News</body></html>".encode()
    document = made.document(body, url="https://lrt.example/", content_type="text/html")
    where = hop(url="https://lrt.example/", sent_bytes=len(body))
    spec = made.spec(url="https://lrt.example/")
    return Look(spec=spec, result=document, hops=(where,), took=SECOND)


LOOKS = {one.__name__: one for one in (well, sloppy, refused, unreachable, page)}


@pytest.mark.parametrize("name", list(LOOKS))
def test_a_report_on_one_screen(name: str) -> None:
    """A report is what its golden says, fits a screen of 80 columns, and does nothing to it."""
    look = LOOKS[name]()
    shown = console()
    show_report(shown, examine(look, read(look, contents_of), 6 * HOUR))
    text = printed(shown)
    lines = text.splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert len(lines) <= MOST_LINES
    assert not [sign for sign in text if sign != "\n" and not sign.isprintable()]
    assert text == (GOLDEN / f"feeds-test-{name}.txt").read_text("utf-8")


def test_every_feed_has_its_line() -> None:
    """The list is what its golden says: the worst first, hostile names as they stand."""
    long_ago = NOW - 30 * DAY
    feeds = [
        made.feed("BBC"),
        made.feed("LRT", id=2, gone_at=NOW - DAY, failures=2, due_at=NOW + 6 * DAY),
        made.feed("[red]\x1b[2J", id=3, failures=3, last_error="HTTP 503 Service Unavailable"),
        made.feed("Delfi", id=4, moved_to=NEW, due_at=NOW + 9 * MINUTE),
        made.feed("Quiet", id=5, baseline_at=long_ago, due_at=NOW + 3 * HOUR),
        made.feed("New", id=6, last_polled_at=None, baseline_at=None, last_ok_at=None),
    ]
    brought = {
        1: Activity(last_item_at=NOW, recent=31),
        5: Activity(last_item_at=long_ago, recent=0),
    }
    healths = [health_of(feed, brought.get(feed.id), NOW) for feed in feeds]
    shown = console()
    show_healths(shown, healths, healths, NOW)
    text = printed(shown)
    assert max(map(len, text.splitlines())) <= WIDTH
    assert text == (GOLDEN / "feeds-list.txt").read_text("utf-8")


# ------------------------------------------------------------------------------- what it asks


@pytest.fixture
def web() -> Iterator[WebServer]:
    """Give a web server."""
    with WebServer() as server:
        yield server


def client() -> Client:
    """Make a client."""
    limits = Limits(timeout=timedelta(seconds=10), max_bytes=1_000_000)
    return Client(agent="seedwatch/1.0", limits=limits, clock=lambda: NOW, guard=LOOPBACK)


def answering(request: RecordedRequest) -> Reply:
    """Answer as a server that knows validators."""
    if request.headers.get("If-None-Match") == '"1"':
        return Reply(status=304)
    return Reply(headers={"ETag": '"1"'}, body=rss(listed(0)))


def test_it_is_asked_again_after_a_pause_on_conditions(web: WebServer) -> None:
    """The second request waits for the pause and carries the validators, also over a redirect."""
    web.route("/rss", answering)
    web.route("/old", Reply(status=301, headers={"Location": "/rss"}))
    slept: list[float] = []
    look = look_at(client(), made.spec(url=web.url("/old")))
    again = ask_again(client(), look, 5 * SECOND, sleep=slept.append)
    assert isinstance(look.result, Document)
    assert isinstance(again.result, NotModified)
    assert slept == [5.0]
    assert [one.headers.get("If-None-Match") for one in web.requests("/rss")] == [None, '"1"']


def test_a_document_that_cannot_be_read_says_why() -> None:
    """What is no feed gives the parser's words instead of contents."""
    assert read(page(), contents_of) == "an HTML page, not a feed"
    assert read(refused(), contents_of) is None


# ------------------------------------------------------------------------------ which feed it is

CONFIG = """\
topics:
  border: {seeds: [seed.txt], receivers: [desk]}
feeds:
  all:
    - {url: "https://reader:s3cret@lrt.example/rss", name: LRT English, every: 5m, lang: lt}
    - {url: "https://a.example/1", name: Twice}
    - {url: "https://a.example/2", name: Twice}
receivers:
  desk: [console]
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Give a configuration with three feeds."""
    (tmp_path / "seed.txt").write_text("Migrants at the border. " * 20, encoding="utf-8")
    path = tmp_path / "seedwatch.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return load(path, {})


@pytest.mark.parametrize("what", ["LRT English", "lrt english", "https://LRT.example/rss#top"])
def test_a_feed_of_the_configuration_is_found(settings: Settings, what: str) -> None:
    """By name or address a feed keeps its own interval, language and password."""
    found = find_feed(what, settings)
    assert (found.every, found.lang) == (5 * MINUTE, "lt")
    assert found.url == "https://reader:s3cret@lrt.example/rss"


def test_any_address_is_a_feed(settings: Settings) -> None:
    """An address that is not configured is polled as one that gives nothing but its URL."""
    found = find_feed("https://b.example/rss", settings)
    assert (found.name, found.every, found.lang) == ("b.example", 15 * MINUTE, None)


@pytest.mark.parametrize(
    "what,said",
    [
        ("LRT Englsh", "is it one of these: LRT English?"),
        ("english", "is it one of these: LRT English?"),
        ("zzz", "`seedwatch feeds list` has their names"),
        ("Twice", "2 feeds are named 'Twice': give one's address; https://a.example/1, https"),
        ("ftp://a.example/", "must begin with http:// or https://"),
        ("https://me:s3cret@a b/", "'https://a b/' has white space in it"),
    ],
)
def test_what_is_no_feed_is_refused_with_the_cure(settings: Settings, what: str, said: str) -> None:
    """What is neither a name nor an address is refused with what was meant, without a password."""
    with pytest.raises(SeedwatchError) as caught:
        find_feed(what, settings)
    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_names_need_a_configuration() -> None:
    """Without a configuration there are no names, and that is said."""
    with pytest.raises(SeedwatchError, match="without a configuration no feed has a name"):
        find_feed("LRT", without_file())


def test_without_a_configuration_all_is_at_its_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no configuration the shipped defaults hold; one that is named must exist."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert settings_or_defaults(None).polling.host_spacing == 5 * SECOND
    done = CliRunner().invoke(main, ["-c", "none.yaml", "feeds", "test", "https://a.example/"])
    assert done.exit_code == 78


@pytest.mark.parametrize("command", ["list", "test"])
def test_help_has_examples(command: str) -> None:
    """The help of each command fits 80 columns and shows how it is called."""
    done = CliRunner().invoke(main, ["feeds", command, "--help"], terminal_width=WIDTH)
    assert max(map(len, done.output.splitlines())) <= WIDTH
    assert f"\n    seedwatch feeds {command} " in done.output


def run(arguments: Sequence[str], exit_code: int) -> str:
    """Run a command and give what it prints."""
    done = CliRunner().invoke(main, list(arguments))
    assert done.exit_code == exit_code, done.output
    return done.stdout


def test_a_failure_is_an_exit_code(settings: Settings) -> None:
    """A feed that fails is reported in full, as JSON too, and ends the command with 1."""
    start = ["-c", str(settings.path), "feeds", "test"]
    # The name is reserved, so that no network can resolve it (RFC 6761 section 6.4).
    report = json.loads(run([*start, "http://feed.invalid/", "--json"], 1))
    assert report["url"] == "http://feed.invalid/"
    assert report["trouble"]["cause"]
    assert run([*start, "http://feed.invalid/"], 1).startswith("failed: feed.invalid\n")
