"""What `feeds import`, `export` and `discover` do, and what they show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli import main
from monitor.cli.screen import WIDTH
from monitor.config import load
from monitor.feeds.opml import read_opml
from tests.fakes.web import Reply, WebServer

CONFIG = """\
# Mine.
topics:
  border: {seeds: [seed.txt], receivers: [me], feeds: [world]}
feeds:
  world:  # all
    - https://reader:s3cret@a.example/1   # the first
  europe/baltic:
    - {url: "https://b.example/2", name: B & B, lang: lt}
receivers:
  me: [console]
polling: {allow_addresses: [127.0.0.1]}
"""
LIST = """\
<opml version="2.0"><body>
<outline text="Europe"><outline text="Baltic">
<outline text="New &#x1b;[2J [red]" language="lt" xmlUrl="https://c.example/3"/>
<outline text="Known" xmlUrl="http://www.b.example/2/"/>
</outline></outline>
<outline text="Bad" xmlUrl="feed://d.example/4"/>
</body></opml>
"""
ADDED = '    - {url: "https://c.example/3", name: "New [2J [red]", lang: lt}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a configuration with two feeds, and a list beside it."""
    (tmp_path / "seed.txt").write_text("Migrants at the border. " * 20, encoding="utf-8")
    # A lone control character would be no XML: the list says it in two signs.
    listed = LIST.replace("&#x1b;", "")
    (tmp_path / "list.opml").write_text(listed, encoding="utf-8")
    path = tmp_path / "seedwatch.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def run(path: Path, *arguments: str, given: str | None = None) -> Result:
    """Run a command on a configuration."""
    return CliRunner().invoke(main, ["-c", str(path), "feeds", *arguments], input=given)


def test_an_import_shows_and_writes(path: Path) -> None:
    """New feeds come into their groups, all else stays as it is, and what is left out is named."""
    done = run(path, "import", str(path.parent / "list.opml"), "--yes")
    assert done.exit_code == 0, done.output
    marked = '    - {url: "https://b.example/2", name: B & B, lang: lt}\n'
    assert path.read_text("utf-8") == CONFIG.replace(marked, marked + ADDED)
    lines = done.stdout.splitlines()
    assert "not taken: Known: is there already: B & B in europe/baltic" in lines
    assert any(line.startswith("not taken: Bad: its address is not a web add") for line in lines)
    assert "new feeds: 1; groups: 1; not taken: 2" in lines
    assert "no topic reads europe/baltic: add it to the feeds of one" in lines
    assert max(map(len, lines[:-1])) <= WIDTH
    again = run(path, "import", str(path.parent / "list.opml"), "--yes")
    assert (again.exit_code, "new feeds: 0;" in again.stdout) == (0, True)


def test_nothing_is_written_unasked(path: Path) -> None:
    """Where nobody can be asked the change is shown, not made, and the way to make it told."""
    done = run(path, "import", str(path.parent / "list.opml"))
    assert done.exit_code == 1
    assert "+" + ADDED.rstrip() in done.stdout.splitlines()
    assert "say --yes to write it" in done.stderr
    assert path.read_text("utf-8") == CONFIG


def test_a_list_comes_from_a_pipe(path: Path) -> None:
    """`-` reads standard input; a group may lie around all; JSON says what was done."""
    given = (path.parent / "list.opml").read_text("utf-8")
    done = run(path, "import", "-", "--group", "desk", "--yes", "--json", given=given)
    report = json.loads(done.stdout)
    assert report["written"]
    assert {group: len(feeds) for group, feeds in report["added"].items()} == {
        "desk/europe/baltic": 1
    }
    assert len(report["refused"]) == 2
    (feed,) = (one for one in load(path, {}).feeds if "desk/europe/baltic" in one.groups)
    assert (feed.url, feed.lang) == ("https://c.example/3", "lt")


@pytest.mark.parametrize(
    "given, group, said",
    [
        ("<opml><body/></opml>", "desk", "- has no feeds: no outline with an xmlUrl"),
        ("<html/>", "desk", "-: not OPML: its outermost element is <html>"),
        (LIST, "a b", "'a b' is no name of a group"),
    ],
)
def test_what_cannot_be_imported_says_why(path: Path, given: str, group: str, said: str) -> None:
    """A list that is none, and a group that cannot be, are refused and change nothing."""
    done = run(path, "import", "-", "--yes", "--group", group, given=given)
    assert done.exit_code == 1
    assert said in done.stderr
    assert path.read_text("utf-8") == CONFIG


def test_anchors_are_not_torn_apart(path: Path) -> None:
    """Where one list of feeds is two groups by an alias, adding to one of them is refused."""
    text = CONFIG.replace("  europe/baltic:\n", "  europe/baltic: &both\n").replace(
        "receivers:\n  me", "  other: *both\nreceivers:\n  me"
    )
    path.write_text(text, encoding="utf-8")
    done = run(path, "import", str(path.parent / "list.opml"), "--yes")
    assert (done.exit_code, path.read_text("utf-8")) == (1, text)
    assert "nothing was written" in done.stderr


def test_an_export_can_be_imported(path: Path) -> None:
    """Groups are nested again, and a password never leaves the configuration."""
    done = run(path, "export")
    assert [(one.url, one.name, one.groups, one.lang) for one in read_opml(done.stdout_bytes)] == [
        ("https://a.example/1", "a.example", ("world",), None),
        ("https://b.example/2", "B & B", ("europe", "baltic"), "lt"),
    ]
    assert "left out name and password of 1 addresses" in done.stderr
    assert "s3cret" not in done.output


def test_an_export_replaces_nothing_unasked(path: Path) -> None:
    """A file that is there stays, unless one says otherwise."""
    file = path.parent / "mine.opml"
    assert run(path, "export", str(file)).exit_code == 0
    body = file.read_bytes()
    assert len(read_opml(body)) == 2
    file.write_text("mine")
    done = run(path, "export", str(file))
    assert (done.exit_code, file.read_text()) == (1, "mine")
    assert "--force replaces it" in done.stderr
    assert run(path, "export", str(file), "--force").exit_code == 0


# ------------------------------------------------------------------------------------ discover


@pytest.fixture
def web() -> Iterator[WebServer]:
    """Give a web server."""
    with WebServer() as server:
        yield server


PAGE = (
    b'<html><head><link rel="alternate" type="application/rss+xml" href="/rss">'
    b'<link rel="alternate" type="application/atom+xml" href="/atom"></head></html>'
)


def test_a_page_tells_its_feeds(path: Path, web: WebServer) -> None:
    """One request finds the feeds that a page names; those of the configuration are marked."""
    web.route("/", Reply(headers={"Content-Type": "text/html"}, body=PAGE))
    path.write_text(CONFIG.replace("https://b.example/2", web.url("/atom")), encoding="utf-8")
    found = json.loads(run(path, "discover", web.url("/"), "--json").stdout)
    assert [(one["url"], one["by"], one["configured_as"]) for one in found] == [
        (web.url("/rss"), "the page", None),
        (web.url("/atom"), "the page", "B & B in europe/baltic"),
    ]
    assert [one.path for one in web.requests()] == ["/"]
    lines = run(path, "discover", web.url("/")).stdout.splitlines()
    assert lines[:2] == [web.url("/rss"), "  new; by the page"]
    assert lines[-1] == f'Into a group: - "{web.url("/rss")}"'


def test_a_feed_is_found_to_be_one(path: Path, web: WebServer) -> None:
    """An address that is a feed is what was looked for."""
    body = b"<rss version='2.0'><channel><item><title>A</title></item></channel></rss>"
    web.route("/rss", Reply(body=body))
    (found,) = json.loads(run(path, "discover", web.url("/rss"), "--json").stdout)
    assert (found["url"], found["by"]) == (web.url("/rss"), "the address, which is a feed")


def test_a_page_without_feeds_is_a_failure(path: Path, web: WebServer) -> None:
    """No feed at all ends with 1, and so does a page that cannot be had, with the cause."""
    web.route("/", Reply(headers={"Content-Type": "text/html"}, body=b"<html></html>"))
    done = run(path, "discover", web.url("/"))
    assert (done.exit_code, "names no feeds" in done.stdout) == (1, True)
    done = run(path, "discover", web.url("/none"))
    assert (done.exit_code, "HTTP 404" in done.stderr) == (1, True)
    done = run(path, "discover", "ftp://a.example/")
    assert "must begin with http:// or https://" in done.stderr


@pytest.mark.parametrize("command", ["lists", "import", "export", "discover", "prune"])
def test_help_has_examples(command: str) -> None:
    """The help of each command fits 80 columns and shows how it is called."""
    done = CliRunner().invoke(main, ["feeds", command, "--help"], terminal_width=WIDTH)
    assert max(map(len, done.output.splitlines())) <= WIDTH
    assert f"\n    seedwatch feeds {command}" in done.output
