"""Text from outside neither colours a terminal nor begins a line of a log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from rich.console import Console

from monitor.article import read_article
from monitor.cli.screen import plain, print_json
from monitor.feeds.opml import read_opml
from monitor.log import Format, set_up
from tests.fakes import made

HOSTILE = "a\x1b[31mb\u202ec\nlevel=error \x9b\u200bd"
ACTING = "\x1b\x9b\u202e\u200b"


@pytest.fixture
def logged() -> Iterator[None]:
    """Leave logging as it was."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize("form", ["plain", "json"])
def test_a_line_of_the_log_stays_one(form: Format, capsys: pytest.CaptureFixture[str]) -> None:
    """What feeds and servers say is one fact in one line, with nothing that acts."""
    set_up("info", form)
    structlog.get_logger().warning("poll_failed", feed=HOSTILE, cause=HOSTILE)
    line = capsys.readouterr().err
    assert not set(ACTING) & set(line)
    assert line.count("\n") == 1


def test_json_for_machines_writes_it_out(capsys: pytest.CaptureFixture[str]) -> None:
    """A machine reads the very text; who looks at the file is not fooled by it."""
    print_json({"guid": HOSTILE})
    out = capsys.readouterr().out
    assert not set(ACTING) & set(out)
    assert json.loads(out) == {"guid": HOSTILE}


def test_a_terminal_shows_it() -> None:
    """On the screen it is shown as what it is."""
    console = Console(width=200)
    with console.capture() as shown:
        console.print(plain(HOSTILE))
    assert not set(ACTING) & set(shown.get())


def test_names_in_lists_are_clean() -> None:
    """A list of feeds is somebody else's file: the names in it become names of sources."""
    text = "A&#x202e;B &lt;b&gt;C&lt;/b&gt;&#10;D"
    (feed,) = read_opml(
        f'<opml><body><outline text="{text}" xmlUrl="https://a.example/"/></body></opml>'.encode()
    )
    assert feed.name == "AB C D"


def test_a_page_is_clean() -> None:
    """Title and text of a page that no feed brought hold nothing that acts."""
    words = "Word \u202eword\x9b. " * 60
    page = f"<html><head><title>T\u202eT\x9bt</title></head><body><p>{words}</p></body></html>"
    article = read_article(made.document(page.encode()))
    assert not set(ACTING) & set(article.title + article.text)
    assert article.title == "TTt"
