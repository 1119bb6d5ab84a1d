"""Rendering: the same alert in five forms, each within its limits, whatever a feed wrote."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings

from monitor.alerts.render import render
from monitor.alerts.wording import COLUMNS, MAX_SUBJECT
from monitor.records import Alert, AlertedItem, Message, Reason, TermShare
from tests.fakes.alerts import ALERTS, ITEM, alert, catch_up

FIRST_STORY = """\
[belarus-eu-border] first item of a story

Poland deploys 12,000 troops as hundreds of migrants mass at its border with
Belarus

Warsaw says that Minsk directs the attempts to cross; hundreds camp near
Kuźnica.

score 0.71, threshold 0.50
source: BBC World, published 2021-11-08 14:05 UTC
https://www.bbc.co.uk/news/world-europe-59206685
terms: border 34%, Belarus 21%, migrants 13%
sources: 3 (BBC World, LRT English, Euronews)
why: seedwatch why 4f1c9a7e2b3d
"""

CATCH_UP = """\
[belarus-eu-border] catch-up
already in the feeds when they were first polled: 5 best matches, 12 more left
out

1. Poland deploys 12,000 troops as hundreds of migrants mass at its border
   with Belarus
   score 0.71, threshold 0.50
   source: BBC World, published 2021-11-08 14:05 UTC
   https://www.bbc.co.uk/news/world-europe-59206685
   terms: border 34%, Belarus 21%, migrants 13%
   sources: 3 (BBC World, LRT English, Euronews)
   why: seedwatch why 4f1c9a7e2b3d

2. Item number 2
   score 0.67, threshold 0.50
   source: BBC World, published 2021-11-08 14:05 UTC
   https://www.bbc.co.uk/news/world-europe-59206685
   terms: border 36%
   sources: 1 (LRT)
   why: seedwatch why 000000000002

3. Item number 3
   score 0.63, threshold 0.50
   source: BBC World, published 2021-11-08 14:05 UTC
   https://www.bbc.co.uk/news/world-europe-59206685
   terms: border 38%
   sources: 1 (LRT)
   why: seedwatch why 000000000003

4. Item number 4
   score 0.59, threshold 0.50
   source: BBC World, published 2021-11-08 14:05 UTC
   https://www.bbc.co.uk/news/world-europe-59206685
   terms: border 41%
   sources: 1 (LRT)
   why: seedwatch why 000000000004

5. Item number 5
   score 0.55, threshold 0.50
   source: BBC World, published 2021-11-08 14:05 UTC
   https://www.bbc.co.uk/news/world-europe-59206685
   terms: border 44%
   sources: 1 (LRT)
   why: seedwatch why 000000000005
"""

BARE = """\
[belarus-eu-border] update of a story already alerted

(no title)

score 0.71, threshold 0.50
source: BBC World, undated, seen 2021-11-08 14:09 UTC
no link
sources: 9 (Feed 0, Feed 1, Feed 2, Feed 3, Feed 4, +4 more)
why: seedwatch why 4f1c9a7e2b3d
"""


def show(shown: Alert | AlertedItem) -> Message:
    """Render an alert, or the first story of an item."""
    return render(shown if isinstance(shown, Alert) else alert(shown), message_id="d-1")


def test_a_first_story() -> None:
    """A first story shows title, summary, score, source, time, link, terms, sources and why."""
    message = show(alert())
    assert message.text == FIRST_STORY
    assert message.subject == f"[belarus-eu-border] {ITEM.title}"
    assert message.id == "d-1"
    assert message.created_at == alert().created_at


def test_a_catch_up() -> None:
    """A catch-up says that it is one, shows its best five and counts what it leaves out."""
    message = show(catch_up())
    assert message.text == CATCH_UP
    assert message.subject == f"[belarus-eu-border] catch-up: {ITEM.title}"
    for form in (message.html, json.dumps(message.blocks)):
        assert "5 best matches, 12 more left out" in form
        assert form.count("score 0.") == 5


def test_undated_without_link_and_title() -> None:
    """What a feed does not give is said to be absent: date, link, title."""
    sources = tuple(f"Feed {number}" for number in range(9))
    bare = replace(
        ITEM,
        title="\u200b",
        summary="",
        url=None,
        published_at=None,
        terms=(),
        sources=sources,
    )
    message = show(alert(bare, reason=Reason.UPDATE))
    assert message.text == BARE
    assert message.subject == "[belarus-eu-border] update: (no title)"
    assert "<a " not in message.html
    assert "no link" in json.dumps(message.blocks)


@pytest.mark.parametrize(
    "count,left_out,lead",
    [
        (1, 0, "1 best match, none left out"),
        (5, 0, "5 best matches, none left out"),
        (7, 3, "5 best matches, 5 more left out"),
    ],
)
def test_what_a_catch_up_counts(count: int, left_out: int, lead: str) -> None:
    """More than five items are counted as left out, in every form, never cut in silence."""
    message = show(alert(*[ITEM] * count, reason=Reason.CATCH_UP, left_out=left_out))
    assert lead in message.text.replace("\n", " ")
    assert lead in message.html
    assert message.payload["left_out"] == left_out + max(0, count - 5)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words(reason: Reason) -> None:
    """No reason breaks rendering, and each says what kind of message it is."""
    message = show(alert(reason=reason))
    assert len(message.text.splitlines()[0]) > len("[belarus-eu-border] ")
    assert message.payload["type"] == f"alert.{reason.value}"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://x.test/",
        "//x.test/",
        "https://",
        "https://x.test/\x1b[2J",
        "https://x.test/a b",
        "https://x.test/\u202egpj",
        "https://x.test/" + "y" * 2_000,
        "",
    ],
)
def test_a_link_that_is_none(url: str) -> None:
    """A link that is not http(s), not clean or endless is left out of every form."""
    message = show(replace(ITEM, url=url))
    assert "\nno link\n" in message.text
    assert "<a " not in message.html
    assert "|open>" not in json.dumps(message.blocks)
    assert message.payload["items"][0]["url"] is None


def test_a_link_cannot_leave_its_brackets() -> None:
    """In Slack, what could end or split a link is percent-escaped; in HTML, quoted."""
    url = 'https://x.test/a|b>c<!channel>?q=1&r="2"\''
    message = show(replace(ITEM, url=url))
    assert "<https://x.test/a%7Cb%3Ec%3C!channel%3E?q=1&amp;r=%222%22'|open>" in json.dumps(
        message.blocks
    )
    assert "q=1&amp;r=&#34;2&#34;&#39;" in message.html
    assert f"\n{url}\n" in message.text


def test_a_link_that_grows_too_long_for_slack() -> None:
    """A link whose escapes would break the limit of Slack is said to be too long there."""
    message = show(replace(ITEM, url="https://x.test/" + "🇵🇱" * 240))
    assert "link too long for Slack" in json.dumps(message.blocks)
    assert_blocks(message.blocks)
    assert 'href="https://x.test/' in message.html


def test_a_long_title_is_whole_in_slack() -> None:
    """A title longer than a header of Slack is cut there and whole below it."""
    title = "word " * 50 + "end"
    blocks = show(replace(ITEM, title=title)).blocks
    assert len(blocks[0]["text"]["text"]) <= 150
    assert blocks[0]["text"]["text"].endswith("…")
    assert blocks[2]["text"] == {"type": "plain_text", "text": title, "emoji": False}


def test_templates_do_not_run_titles() -> None:
    """Template marks in a title stay as they are in every form."""
    title = "{{7*7}} {% for x in y %} ${7*7} {{ alert.__class__ }} {# c #}"
    message = show(replace(ITEM, title=title))
    for form in (message.text, message.html, json.dumps(message.blocks), message.subject):
        assert title in form


def test_a_summary_that_repeats_the_title() -> None:
    """A summary that says no more than the title is not shown twice."""
    assert show(replace(ITEM, summary=ITEM.title)).text.count("12,000") == 1
    assert show(replace(ITEM, summary=ITEM.title[:40] + "…")).text.count("Poland") == 1


def test_times_are_utc() -> None:
    """A time in any zone is shown in UTC."""
    at = datetime.fromisoformat("2021-11-09T01:05:00+11:00")
    assert "published 2021-11-08 14:05 UTC" in show(replace(ITEM, published_at=at)).text


@pytest.mark.parametrize("share,shown", [(0.7, "99%"), (0.0001, "<1%"), (0.0, "<1%")])
def test_shares_are_percent_of_the_score(share: float, shown: str) -> None:
    """A term's share is told in percent of the score, at most six terms."""
    terms = (TermShare(term="t", surface="Term", share=share),) * 9
    text = show(replace(ITEM, terms=terms)).text
    assert text.count(f"Term {shown}") == 6
    assert "Term <1%" in show(replace(ITEM, score=0.0, terms=terms)).text


# ---------------------------------------------------------------------------- any text at all


class Tags(HTMLParser):
    """Collects what a browser would see as markup."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag with its attributes."""
        self.seen.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def texts(block: Any) -> Iterator[dict[str, Any]]:
    """Yield every text object of some blocks."""
    if isinstance(block, dict):
        if block.get("type") in ("mrkdwn", "plain_text"):
            yield block
        for value in block.values():
            yield from texts(value)
    elif isinstance(block, list | tuple):
        for value in block:
            yield from texts(value)


@settings(max_examples=60, deadline=timedelta(seconds=5))
@given(ALERTS)
def test_no_text_breaks_a_limit(shown: Alert) -> None:
    """Whatever a feed wrote, no form leaves its limits or its markup, and all can be encoded."""
    message = show(shown)
    assert_one_line(message.subject)
    assert_text(message.text)
    assert_html(message.html)
    assert_blocks(message.blocks)


def assert_one_line(subject: str) -> None:
    """Assert that a subject is one short line."""
    assert len(subject) <= MAX_SUBJECT
    assert len(subject.splitlines()) == 1


def assert_text(text: str) -> None:
    """Assert that only a URL is wider than the columns, and that nothing steers a terminal."""
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert text.encode()
    assert text.endswith("\n")
    for line in text.splitlines():
        wide = [char for char in line if unicodedata.category(char) not in ("Mn", "Me", "Cf")]
        assert len(wide) <= COLUMNS or "://" in line


def assert_html(page: str) -> None:
    """Assert that the page has no markup but ours, and no link but to the web."""
    tags = Tags()
    tags.feed(page)
    ours = {"html", "head", "meta", "title", "body", "p", "b", "br", "div", "a", "code"}
    assert tags.seen <= ours
    assert tags.attributes <= {"lang", "charset", "name", "content", "style", "dir", "href", "rel"}
    assert all(re.match("(?i)https?://", link) for link in tags.links)


def assert_blocks(blocks: Any) -> None:
    """Assert the limits of Block Kit, and that only our own marks act."""
    assert 0 < len(blocks) <= 50
    assert len(json.dumps(blocks).encode()) < 60_000
    for block in blocks:
        assert len(block.get("elements", ())) <= 10
    for text in texts(blocks):
        limit = 150 if text is blocks[0]["text"] else 3_000
        assert 0 < len(text["text"].encode("utf-16-le")) // 2 <= limit
        assert not re.search("<[!@#]", text["text"])
        if text["type"] == "mrkdwn":
            without_links = re.sub(r"(?i)<https?://[^\s<>|]+\|open>", "", text["text"], count=1)
            assert "<" not in without_links
            assert ">" not in without_links
            assert without_links.count("*") in (0, 2)
            assert without_links.count("`") in (0, 2)
            assert "_" not in without_links
            assert "~" not in without_links
