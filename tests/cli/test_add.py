"""What `add` takes, shows and writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli import main
from monitor.cli.add_article import topic_name
from monitor.cli.screen import WIDTH
from monitor.config import load
from tests.article.pages import FERRY, MENU
from tests.fakes.web import Reply, WebServer

TITLE = "Ferry runs aground off Mombasa with 214 on board"
OTHER = "Guards close a border. Migrants wait at the fence of Kuznica in the snow. " * 12
CONFIG = """\
# Mine.
topics:
  border: {seeds: [seed.txt], receivers: [me], feeds: [world]}   # first
feeds:
  world:  # all
    - URL/world.xml
receivers:
  me: [console]
  desk: [console]
polling: {allow_addresses: [127.0.0.1], host_spacing: 0s}
# The end.
"""
ITEMS = (
    (
        "Ferry aground off Mombasa: captain questioned",
        "Investigators in Likoni asked about engines.",
    ),
    (
        "Kenya Ferries Services warned of worn pumps",
        "The ferry ran aground off Mombasa in heavy seas.",
    ),
    ("Cup final ends in a draw", "A late goal saved the champions from defeat."),
    ("Kenya raises the price of maize", "The government spoke of a poor harvest."),
)


def feed(items: tuple[tuple[str, str], ...]) -> bytes:
    """Write a feed."""
    written = "".join(
        f"<item><title>{title}</title><guid>g{title}</guid><description>{text}</description></item>"
        for title, text in items
    )
    return f'<rss version="2.0"><channel><title>W</title>{written}</channel></rss>'.encode()


@pytest.fixture
def web() -> Iterator[WebServer]:
    """Serve an article, the feed that its page names, and one of the world."""
    with WebServer() as server:
        text = "".join(f"<p>{one}</p>" for one in FERRY)
        head = f"<title>{TITLE}</title><link rel=alternate type=application/rss+xml href=/own.xml>"
        body = f"{MENU}<article><h1>{TITLE}</h1>{text}</article>"
        page = f"<html lang=en><head>{head}</head><body>{body}</body></html>"
        server.route("/a", Reply(headers={"Content-Type": "text/html"}, body=page.encode()))
        server.route("/own.xml", Reply(body=feed(ITEMS)))
        server.route("/world.xml", Reply(body=feed(ITEMS[2:])))
        server.route("/none", Reply(headers={"Content-Type": "text/html"}, body=b"<p>Log in.</p>"))
        yield server


@pytest.fixture
def path(tmp_path: Path, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a configuration that may poll the server."""
    (tmp_path / "seed.txt").write_text(OTHER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "seedwatch.yaml"
    path.write_text(CONFIG.replace("URL", web.url("").rstrip("/")), encoding="utf-8")
    return path


def run(path: Path, *arguments: str, given: str | None = None) -> Result:
    """Run the command on a configuration."""
    return CliRunner().invoke(main, ["-c", str(path), "add", *arguments], input=given)


def test_an_article_becomes_a_topic(path: Path, web: WebServer) -> None:
    """From a page: its terms, its site's feed, what would have alerted; then seed and YAML."""
    own = web.url("/own.xml")
    done = run(path, web.url("/a"), "--name", "ferry", "--feed", own, "--yes")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert f"Article   {TITLE}" in lines
    assert "language  English (en)" in lines
    assert any(line.startswith("  Mombasa ") for line in lines)
    assert "  nothing speaks against it: long enough, one story, names to go by" in lines
    assert any("builtin:kenya" in line and "Kenya is named" in line for line in lines)
    told = lines[lines.index("These 2 would have alerted") :]
    assert {line.split(": ", 1)[1] for line in told[1:3]} == {ITEMS[0][0], ITEMS[1][0]}
    assert any("threshold 0.50" in line for line in lines)
    assert max(map(len, lines)) <= WIDTH
    text = path.read_text("utf-8")
    assert text.startswith(
        CONFIG.split("feeds:", maxsplit=1)[0].rstrip("\n")[: CONFIG.index("  border")]
    )
    assert text.endswith("# The end.\n")
    topic = load(path, {}).topics[1]
    assert (topic.name, topic.receivers, topic.groups) == ("ferry", ("me",), ("ferry",))
    seed = (path.parent / "seeds" / "ferry.txt").read_text("utf-8")
    assert seed == "\n\n".join((TITLE, *FERRY)) + "\n"
    assert topic.seeds[0].title == TITLE


def test_nothing_is_written_unasked(path: Path, web: WebServer) -> None:
    """Where nobody can be asked nothing is written, and the way to write it is told."""
    before = path.read_bytes()
    done = run(path, web.url("/a"), "--feed", web.url("/own.xml"), "--list", "malta", "--no-poll")
    assert done.exit_code == 1
    assert done.stderr.endswith("nothing was written: say --yes to write it\n")
    assert path.read_bytes() == before
    assert not (path.parent / "seeds").exists()


def test_json_says_the_same(path: Path, web: WebServer) -> None:
    """Machines get all of it, and nothing else on standard output."""
    done = run(path, web.url("/a"), "--list", "malta", "--feed", web.url("/own.xml"), "--json")
    facts = json.loads(done.stdout)
    assert facts["written"] is False
    assert facts["article"]["title"] == TITLE
    assert len(facts["terms"]) == 15
    assert len(facts["trial"]["scores"]) == facts["trial"]["items"] == len(ITEMS)
    assert {one["title"] for one in facts["would_have_alerted"]} == {ITEMS[0][0], ITEMS[1][0]}
    assert facts["news_search"].startswith("https://news.google.com/rss/search?q=")


def test_no_list_is_read_if_none_is_wanted(path: Path, web: WebServer) -> None:
    """`--list none` takes the feeds of the article's own site alone, and goes with no list."""
    options = ("--name", "ferry", "--no-poll", "--yes", "--list", "none")
    done = run(path, web.url("/a"), *options, "--list", "kenya")
    assert (done.exit_code, "goes with no other" in done.stderr) == (1, True)
    assert run(path, web.url("/a"), *options).exit_code == 0
    mine = [one.url for one in load(path, {}).feeds if "ferry" in one.groups]
    assert mine == [web.url("/own.xml")]


def test_a_second_article_becomes_a_seed(path: Path, web: WebServer) -> None:
    """Added to a topic, it shows which terms move and which items change sides."""
    done = run(path, web.url("/a"), "--topic", "border", "--yes", "--json")
    facts = json.loads(done.stdout)
    assert (facts["written"], facts["topic"]) == (True, "border")
    moves = {one["term"]: one["after"] - one["before"] for one in facts["terms_moved"]}
    assert moves["Mombasa"] > 0 > moves["Kuznica"]
    names = [seed.name for seed in load(path, {}).topics[0].seeds]
    assert names == ["seed.txt", "ferry-runs-aground-off-mombasa-with-214.txt"]
    shown = run(path, web.url("/a"), "--topic", "border")
    assert "What the seed changes: weight of terms before and after" in shown.stdout
    # It is that topic's own by now: nothing comes, rises or falls so far.
    assert "seeds/ferry-runs-aground-off-mombasa-with-214-2.txt" in shown.stdout.replace("\n", "")


def test_a_page_without_an_article_has_a_cure(path: Path, web: WebServer) -> None:
    """A page that shows its text to nobody says what to do instead."""
    done = run(path, web.url("/none"))
    assert done.exit_code == 1
    assert "no article text was found" in done.stderr
    assert "paste the article's text into a file" in done.stderr


def test_a_text_may_come_from_standard_input(path: Path) -> None:
    """A pasted text is an article; lines that are broken to fit are whole paragraphs."""
    pasted = f"{TITLE}\n\n" + "\n\n".join(one.replace(" and ", "\nand ") for one in FERRY)
    done = run(path, "-", "--list", "kenya", "--no-poll", "--yes", "--name", "f", given=pasted)
    assert done.exit_code == 0, done.output
    assert (path.parent / "seeds" / "f.txt").read_text() == "\n\n".join((TITLE, *FERRY)) + "\n"


def test_a_short_text_is_refused_with_a_cure(path: Path) -> None:
    """Of too few words no topic is made."""
    done = run(path, "-", given="Ferry aground.")
    assert done.exit_code == 1
    assert "only 2 words of an article were found in standard input" in done.stderr


def test_without_a_configuration_a_first_one_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an empty folder it writes what `init` does, with this topic in the starter's place."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    text = "\n\n".join((TITLE, *FERRY))
    done = CliRunner().invoke(
        main, ["add", "-", "--name", "ferry", "--no-poll", "--yes"], input=text
    )
    assert done.exit_code == 0, done.output
    settings = load(tmp_path / "config" / "seedwatch.yaml", {})
    assert [topic.name for topic in settings.topics] == ["ferry"]
    assert settings.topics[0].expected == ()
    assert {group for one in settings.feeds for group in one.groups} == {"ferry"}
    assert any("nation.africa" in one.url for one in settings.feeds)
    assert (tmp_path / "config" / "schema.json").exists()
    assert (tmp_path / "seeds" / "ferry.txt").exists()


def test_a_failure_leaves_all_as_it_was(path: Path, web: WebServer) -> None:
    """If the configuration cannot be added to, no seed stays behind."""
    shared = path.read_text("utf-8").replace("border: {", "base: &a {")
    path.write_text(shared.replace("feeds:\n", "  other: *a\nfeeds:\n", 1), encoding="utf-8")
    before = path.read_bytes()
    done = run(path, web.url("/a"), "--topic", "base", "--no-poll", "--yes")
    assert (done.exit_code, path.read_bytes() == before) == (0, False)
    path.write_bytes(before.replace(b"[seed.txt]", b"&s [seed.txt]").replace(b"*a", b"{<<: *a}"))
    before = path.read_bytes()
    seeds = sorted(one.name for one in (path.parent / "seeds").iterdir())
    done = run(path, web.url("/a"), "--topic", "other", "--no-poll", "--yes")
    assert done.exit_code != 0
    assert path.read_bytes() == before
    assert sorted(one.name for one in (path.parent / "seeds").iterdir()) == seeds


def test_faults_name_their_cure(path: Path) -> None:
    """Names that are taken, unknown, or none, are told with what there is."""
    text = "\n\n".join((TITLE, *FERRY))
    for arguments, words in (
        (("--name", "border"), "to add the article to it: --topic border"),
        (("--name", "a b"), "take letters, digits"),
        (("--topic", "bordr"), "there is no topic 'bordr'; the file has: border"),
        (("--list", "kenia"), "'kenia' is no list that comes with seedwatch"),
        (("--feed", "ftp://a.example/"), "http"),
        (("--receiver", "you"), "there is no receiver 'you'; the file has: me, desk"),
    ):
        done = run(path, "-", "--no-poll", *arguments, given=text)
        assert done.exit_code == 1
        assert words in done.stderr


def test_a_topic_gets_a_name_that_is_free() -> None:
    """A name is made of any title, and of none."""
    assert topic_name("国境の島", set()) == "topic"
    assert topic_name("国境の島", {"topic"}) == "topic-2"
    assert topic_name("A" * 80, set()) == "topic"
