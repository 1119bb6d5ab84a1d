"""Good configurations and the settings they give."""

from __future__ import annotations

import base64
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

import pytest

from monitor.config import DeliveryPolicy, Log, Polling, Settings, load
from monitor.config.topics import make_seed
from monitor.errors import ConfigError
from monitor.records import FeedSpec
from monitor.targets import (
    AppriseTarget,
    ConsoleTarget,
    EmailTarget,
    Secret,
    SlackTarget,
    WebhookTarget,
)

ARTICLE = "Border closed\n\n" + "Poland shut its border with Belarus on Monday. " * 5
MINIMAL = """\
topics:
  border: {seeds: [border.txt], receivers: [me]}
feeds:
  world: ["https://www.example.org/rss"]
receivers:
  me: [console]
"""
KEY = base64.b64encode(b"k" * 32).decode()


def load_text(folder: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    """Load a text as the configuration of a folder that has an article."""
    (folder / "border.txt").write_text(ARTICLE)
    (folder / "seedwatch.yaml").write_text(text)
    return load(folder / "seedwatch.yaml", environ or {})


def targets(folder: Path, destinations: str, environ: dict[str, str] | None = None) -> list[object]:
    """Load a list of destinations and return their targets."""
    settings = load_text(folder, MINIMAL.replace("[console]", destinations), environ)
    return [one.target for one in settings.receivers[0].destinations]


def test_smallest_file_gets_all_defaults(tmp_path: Path) -> None:
    """Three sections are enough: every other key has its documented default."""
    settings = load_text(tmp_path, MINIMAL)
    assert settings.polling == Polling(
        every=timedelta(minutes=15),
        at_most_every=timedelta(minutes=5),
        at_least_every=timedelta(hours=6),
        per_host=1,
        host_spacing=timedelta(seconds=5),
        workers=16,
        timeout=timedelta(seconds=30),
        max_bytes=8_000_000,
        contact=None,
    )
    assert settings.delivery == DeliveryPolicy(
        timeout=timedelta(seconds=15),
        give_up_after=timedelta(days=3),
        group_wait=timedelta(seconds=30),
    )
    assert settings.log == Log(level="info", format="auto")
    assert settings.path == tmp_path / "seedwatch.yaml"
    topic = settings.topics[0]
    assert (topic.name, topic.groups, topic.threshold) == ("border", (), None)
    assert (topic.must_mention, topic.expected) == ((), ())
    assert settings.feeds == (
        FeedSpec(
            url="https://www.example.org/rss",
            name="example.org",
            groups=("world",),
            every=timedelta(minutes=15),
        ),
    )


@pytest.mark.parametrize(
    "polling, least",
    [("{every: 1m}", 1), ("{every: 1h}", 5), ("{every: 1h, at_most_every: 1h}", 60)],
    ids=["no more than every itself", "five minutes where nothing is said", "what is said"],
)
def test_the_least_interval(tmp_path: Path, polling: str, least: int) -> None:
    """The least interval that learning may come to never exceeds the average one."""
    settings = load_text(tmp_path, f"{MINIMAL}polling: {polling}\n")
    assert settings.polling.at_most_every == timedelta(minutes=least)


def test_an_interval_of_its_own_goes_before_the_common_one(tmp_path: Path) -> None:
    """A feed in two groups that names its interval in one of them keeps that, though longer."""
    groups = "{world: ['https://a.example/1'], eu: [{url: 'https://a.example/1', every: 2h}]}"
    text = MINIMAL.replace('\n  world: ["https://www.example.org/rss"]', f" {groups}")
    (feed,) = load_text(tmp_path, text).feeds
    assert (feed.every, feed.has_own_interval) == (timedelta(hours=2), True)


def test_all_keys_of_a_topic(tmp_path: Path) -> None:
    """Every key of a topic reaches its record."""
    keys = (
        "feeds: [world], threshold: 0.4, must_mention: [Belarus], never_mention: [football], "
        "receivers: [me], expect: {match: [Border shut], ignore: [Cup won]}"
    )
    topic = load_text(tmp_path, MINIMAL.replace("receivers: [me]", keys)).topics[0]
    assert (topic.groups, topic.threshold, topic.receivers) == (("world",), 0.4, ("me",))
    assert (topic.must_mention, topic.never_mention) == (("Belarus",), ("football",))
    assert [(one.title, one.wanted) for one in topic.expected] == [
        ("Border shut", True),
        ("Cup won", False),
    ]


def test_sections_of_settings(tmp_path: Path) -> None:
    """Polling, delivery and log take what the file says."""
    more = (
        "polling: {every: 1s, at_least_every: 1h30m, per_host: 2, workers: 4, timeout: 90s, "
        "host_spacing: 0s, "
        "max_bytes: 500kB, contact: desk@example.org}\n"
        "delivery: {timeout: 5s, give_up_after: 7d}\nlog: {level: debug, format: json}\n"
    )
    settings = load_text(tmp_path, MINIMAL + more)
    assert settings.polling.every == settings.feeds[0].every == timedelta(seconds=1)
    assert settings.polling.at_least_every == timedelta(hours=1, minutes=30)
    assert (settings.polling.per_host, settings.polling.workers) == (2, 4)
    assert settings.polling.host_spacing == timedelta(0)
    assert settings.polling.max_bytes == 500_000
    assert settings.polling.contact == "desk@example.org"
    assert settings.delivery.give_up_after == timedelta(days=7)
    assert settings.log == Log(level="debug", format="json")


# --------------------------------------------------------------------------------------- seeds


def test_folder_means_all_its_texts(tmp_path: Path) -> None:
    """A folder gives each *.txt and *.md in it as a seed, by name, and no other file."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    for name in ("b.md", "a.txt", "c.html"):
        (folder / name).write_text(ARTICLE)
    settings = load_text(tmp_path, MINIMAL.replace("border.txt", "border.txt, seeds"))
    assert [seed.name for seed in settings.topics[0].seeds] == ["border.txt", "a.txt", "b.md"]


@pytest.mark.parametrize(
    "text, title",
    [
        ("Border closed\n\nPoland shut it.", "Border closed"),
        ("# Border closed\nPoland shut it.", "Border closed"),
        ("\n\n  Border closed  \nPoland shut it.", "Border closed"),
        ("Poland shut a border. Guards came.", "Poland shut a border."),
        ("The U.S. reacted to it. Guards came.", "The U.S. reacted to it."),
        (" date 2021-11-08 Poland shut a border. Guards came.", "Poland shut a border."),
        ("no full stop", "no full stop"),
    ],
)
def test_title_of_a_seed(text: str, title: str) -> None:
    """A seed's title is its first line if it looks like one, else its first sentence."""
    assert make_seed("a.txt", text).title == title


def test_long_first_line_is_no_title() -> None:
    """A first line that is a paragraph gives its first sentence as title."""
    text = "Poland shut a border. " + "Guards came to it. " * 20 + "\nMore."
    assert make_seed("a.txt", text).title == "Poland shut a border."


def test_date_mark_is_no_part_of_the_text() -> None:
    """The date that some archives put before a text is not scored."""
    assert make_seed("a.txt", " date 2021-11-08 Poland shut it.\nMore.").text.startswith("Poland")


# --------------------------------------------------------------------------------------- feeds


def test_feed_of_two_groups_is_one_feed(tmp_path: Path) -> None:
    """A URL in two groups is polled once: groups united, shortest interval, first name."""
    groups = (
        "{world: [{url: 'https://a.example/1', every: 30m, name: First}], "
        "eu: [{url: 'https://A.example/1', every: 5m, name: Second, lang: pl}]}"
    )
    text = MINIMAL.replace('\n  world: ["https://www.example.org/rss"]', f" {groups}")
    assert load_text(tmp_path, text).feeds == (
        FeedSpec(
            url="https://a.example/1",
            name="First",
            groups=("world", "eu"),
            every=timedelta(minutes=5),
            lang="pl",
            has_own_interval=True,
        ),
    )


def test_feeds_of_a_list(tmp_path: Path) -> None:
    """An OPML list gives its feeds with their names and languages, a repeated one once."""
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "a.opml").write_text(
        "<opml><body><outline text='Baltic'>"
        "<outline text='LRT' language='lt-LT' xmlUrl='https://a.example/1'/></outline>"
        "<outline xmlUrl='https://a.example/1'/><outline xmlUrl='https://www.b.example/'/>"
        "</body></opml>"
    )
    text = MINIMAL.replace('"https://www.example.org/rss"', "opml: lists/a.opml")
    feeds = load_text(tmp_path, text).feeds
    assert [(feed.url, feed.name, feed.lang) for feed in feeds] == [
        ("https://a.example/1", "LRT", "lt"),
        ("https://www.b.example/", "b.example", None),
    ]


def test_credentials_in_the_url_of_a_feed(tmp_path: Path) -> None:
    """A feed may have user and password in its URL, and the password in a variable."""
    text = MINIMAL.replace("https://www.", "https://me:${PASSWORD}@www.")
    feed = load_text(tmp_path, text, {"PASSWORD": "pw"}).feeds[0]
    assert (feed.url, feed.name) == ("https://me:pw@www.example.org/rss", "example.org")


# --------------------------------------------------------------------------------------- secrets


def test_secret_from_the_environment(tmp_path: Path) -> None:
    """A variable gives a secret, which no dump of the settings shows."""
    text = MINIMAL.replace("console", '{slack: {webhook_url: "${HOOK}"}}')
    text += "store: postgresql://me:${HOOK}@localhost/seedwatch\n"
    settings = load_text(tmp_path, text, {"HOOK": "https://hooks.example/T0"})
    target = settings.receivers[0].destinations[0].target
    assert target == SlackTarget(webhook_url=Secret("https://hooks.example/T0"))
    assert settings.store_url == "postgresql://me:https://hooks.example/T0@localhost/seedwatch"
    assert "hooks.example" not in repr(settings)


def test_secret_from_a_file(tmp_path: Path) -> None:
    """A file beside the configuration gives a secret, without the newline at its end."""
    (tmp_path / "hook.key").write_text(f"whsec_{KEY}\n")
    entry = '[{webhook: {url: "https://example.org/hook", secret_file: hook.key}}]'
    assert targets(tmp_path, entry) == [
        WebhookTarget(url=Secret("https://example.org/hook"), secret=Secret(f"whsec_{KEY}"))
    ]


def test_secret_from_the_credentials_of_systemd(tmp_path: Path) -> None:
    """Credentials of systemd come before the configuration's folder, which has the others."""
    given = tmp_path / "credentials"
    given.mkdir()
    (given / "a.key").write_text("ntfy://given/a\n")
    (tmp_path / "a.key").write_text("ntfy://beside/a\n")
    (tmp_path / "b.key").write_text("ntfy://beside/b\n")
    entries = "[{apprise: {url_file: a.key}}, {apprise: {url_file: b.key}}]"
    assert targets(tmp_path, entries, {"CREDENTIALS_DIRECTORY": str(given)}) == [
        AppriseTarget(url=Secret("ntfy://given/a")),
        AppriseTarget(url=Secret("ntfy://beside/b")),
    ]


def test_secret_that_a_unit_hands_over(tmp_path: Path) -> None:
    """The same name finds a secret for who may read its folder and for who is given it."""
    given = tmp_path / "given"
    given.mkdir()
    (given / "seedwatch_hook").write_text("ntfy://given/hook\n")
    entries = "[{apprise: {url_file: credentials/hook}}]"
    environ = {"CREDENTIALS_DIRECTORY": str(given)}
    assert targets(tmp_path, entries, environ) == [AppriseTarget(url=Secret("ntfy://given/hook"))]
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "hook").write_text("ntfy://beside/hook\n")
    assert targets(tmp_path, entries) == [AppriseTarget(url=Secret("ntfy://beside/hook"))]


@pytest.mark.parametrize("console", ["[console]", "[{console: {}}]", "[{console: }]"])
def test_ways_to_write_the_console(tmp_path: Path, console: str) -> None:
    """The console may be written as a bare word or as a key."""
    assert targets(tmp_path, console) == [ConsoleTarget()]


def test_one_destination_for_each_mailbox(tmp_path: Path) -> None:
    """Each address is a destination of its own, named after its place, kind and address."""
    entries = (
        "[console, {email: {to: [a@example.org, b@example.org], from: watch@example.org, "
        "smtp: {host: mail.example.org, username: me, password: pw}}}]"
    )
    receiver = load_text(tmp_path, MINIMAL.replace("[console]", entries)).receivers[0]
    assert [(one.name, one.receiver, one.kind) for one in receiver.destinations] == [
        ("me/1-console", "me", "console"),
        ("me/2-email-a@example.org", "me", "email"),
        ("me/2-email-b@example.org", "me", "email"),
    ]
    assert receiver.destinations[2].target == EmailTarget(
        to="b@example.org",
        sender="watch@example.org",
        host="mail.example.org",
        port=587,
        security="starttls",
        username="me",
        password=Secret("pw"),
    )


@pytest.mark.parametrize(
    "smtp, security, port",
    [
        ("host: localhost", "none", 25),
        ('host: "::1"', "none", 25),
        ("host: a.example", "starttls", 587),
        ("host: a.example, security: tls", "tls", 465),
        ("host: a.example, port: 465", "tls", 465),
        ("host: a.example, security: none, port: 2525", "none", 2525),
        ("host: localhost, security: starttls", "starttls", 587),
        ('host: localhost, port: "${PORT}"', "none", 1025),
    ],
)
def test_security_and_port_fit(tmp_path: Path, smtp: str, security: str, port: int) -> None:
    """Security and port of a mail server have defaults that fit each other and the host."""
    entry = f"[{{email: {{to: a@example.org, smtp: {{{smtp}}}}}}}]"
    (target,) = targets(tmp_path, entry, {"PORT": "1025"})
    assert isinstance(target, EmailTarget)
    assert (target.security, target.port) == (security, port)
    assert target.sender == "seedwatch@localhost"


# --------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    "store, expected",
    [
        ("sqlite:///seedwatch.db", "sqlite:///{}/seedwatch.db"),
        ("sqlite:///data/a.db?timeout=5", "sqlite:///{}/data/a.db?timeout=5"),
        ("sqlite:////var/lib/a.db", "sqlite:////var/lib/a.db"),
        ("postgresql://me@db/watch", "postgresql://me@db/watch"),
        ("postgresql+psycopg://me@db/watch", "postgresql+psycopg://me@db/watch"),
    ],
)
def test_store_is_relative_to_the_file(tmp_path: Path, store: str, expected: str) -> None:
    """A relative SQLite file lies beside the configuration, wherever the service starts."""
    settings = load_text(tmp_path, f"{MINIMAL}store: {store}\n")
    assert settings.store_url == expected.format(tmp_path)


def test_environment_is_only_what_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process's own environment is not looked at."""
    monkeypatch.setenv("TOKEN", "t")
    with pytest.raises(ConfigError, match=r"\$\{TOKEN\} is not set"):
        load_text(tmp_path, MINIMAL.replace("/rss", "/${TOKEN}"))


@pytest.mark.parametrize(
    "written, read",
    [
        ("10.0.0.0/8", ip_network("10.0.0.0/8")),
        ("127.0.0.1", ip_network("127.0.0.1/32")),
        ('"::1"', ip_network("::1/128")),
        ("fd00::/8", ip_network("fd00::/8")),
        ("localhost", "localhost"),
        ("Feeds_1.Internal.", "feeds_1.internal"),
        ('"${INSIDE}"', ip_network("192.168.7.0/24")),
    ],
)
def test_what_may_be_polled_inside(
    tmp_path: Path, written: str, read: IPv4Network | IPv6Network | str
) -> None:
    """Addresses, networks and names inside are told apart, and reach the client as such."""
    text = f"{MINIMAL}polling: {{allow_addresses: [{written}]}}\n"
    environ = {"INSIDE": "192.168.7.0/24"}
    assert load_text(tmp_path, text, environ).polling.allow_addresses == (read,)


def test_nothing_listens_by_default(tmp_path: Path) -> None:
    """Without `websub`, or with none, no hub is asked and no port opened."""
    assert load_text(tmp_path, MINIMAL).websub is None
    assert load_text(tmp_path, MINIMAL + "websub: null\n").websub is None


@pytest.mark.parametrize(
    "written, expected",
    [
        (
            '{callback_url: "https://alerts.example.org/websub"}',
            ("https://alerts.example.org/websub", "127.0.0.1", 8787),
        ),
        (
            '{callback_url: "http://alerts.example.org:8080/a/", listen: "[::1]:80"}',
            ("http://alerts.example.org:8080/a", "::1", 80),
        ),
        (
            '{callback_url: "https://93.184.216.34", listen: "0.0.0.0:65535"}',
            ("https://93.184.216.34", "0.0.0.0", 65535),
        ),
    ],
)
def test_websub(tmp_path: Path, written: str, expected: tuple[str, str, int]) -> None:
    """A public address, with a path or without, and an address of this machine."""
    websub = load_text(tmp_path, f"{MINIMAL}websub: {written}\n").websub
    assert websub is not None
    assert (websub.callback_url, websub.listen.host, websub.listen.port) == expected


# ----------------------------------------------------------------- lists of ours, nested groups


def test_a_list_of_ours(tmp_path: Path) -> None:
    """`builtin:` names a list that comes with seedwatch, wherever the configuration lies."""
    text = MINIMAL.replace('"https://www.example.org/rss"', 'opml: "builtin:kenya"')
    feeds = load_text(tmp_path, text).feeds
    assert ("Nation", "en") in {(feed.name, feed.lang) for feed in feeds}
    assert {feed.groups for feed in feeds} == {("world",)}


def test_feeds_left_out_of_a_list(tmp_path: Path) -> None:
    """`without` keeps feeds of a list from being polled; what a list of ours lost is no fault."""
    nation = "https://nation.africa/kenya/rss.xml"
    lost = "https://lost.example/rss"
    entry = f'{{opml: "builtin:kenya", without: ["{nation}", "{lost}"]}}'
    text = MINIMAL.replace('"https://www.example.org/rss"', entry)
    feeds = load_text(tmp_path, text).feeds
    assert len(feeds) > 5
    assert nation not in {feed.url for feed in feeds}


def test_a_list_of_which_all_is_left_out(tmp_path: Path) -> None:
    """A list may be left out whole: the group's other feeds remain."""
    (tmp_path / "a.opml").write_text(
        "<opml><body><outline xmlUrl='https://a.example/1'/></body></opml>"
    )
    entry = '"https://www.example.org/rss", {opml: a.opml, without: ["https://a.example/1"]}'
    text = MINIMAL.replace('"https://www.example.org/rss"', entry)
    assert [feed.name for feed in load_text(tmp_path, text).feeds] == ["example.org"]


def test_a_topic_reads_the_groups_inside_its_groups(tmp_path: Path) -> None:
    """`europe` stands for itself and all that lies in it, and for nothing named alike."""
    text = MINIMAL.replace("receivers: [me]", "feeds: [europe], receivers: [me]", 1).replace(
        "  world:",
        '  europe/baltic: ["https://a.example/1"]\n'
        '  european: ["https://b.example/1"]\n'
        '  europe: ["https://c.example/1"]\n'
        '  europe/baltic/latvia: ["https://d.example/1"]\n  world:',
    )
    settings = load_text(tmp_path, text)
    assert settings.topics[0].groups == ("europe/baltic", "europe", "europe/baltic/latvia")
