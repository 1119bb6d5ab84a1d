"""Templates of the user's own: what they may say, that they end, and that nothing acts in them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.alerts.own import PARTS, OwnTemplates, Part, check_template, render_own
from monitor.alerts.places import Place, after
from monitor.alerts.proof import MAX_WORK
from monitor.alerts.render import render
from monitor.alerts.view import ALERT, ITEM, AlertView, ItemView, Text, Url, view_of
from monitor.alerts.wording import MAX_SUBJECT, word
from monitor.errors import BadTemplateError
from monitor.records import Alert, Reason, TermShare
from tests.alerts.test_render import assert_blocks, assert_html, assert_one_line
from tests.fakes.alerts import ALERTS, alert, catch_up
from tests.fakes.alerts import ITEM as SHOWN

TABLE = Path(__file__).parent / "table" / "templates.txt"

PAGE = """\
<!doctype html>
<title>{{ alert.subject }}</title>
<!-- for phones -->
<style>p > a { color: teal }</style>
{% for item in alert.items %}
<p dir="auto">{{ item.summary }}
{% if item.url %}<a href="{{ item.url }}" rel="noopener">{{ item.title }}</a>{% endif %}
{{ item.url | link("open") }} 1 < 2</p>
{% else %}
<p>{{ alert.lead }}</p>
{% endfor %}
"""
LINES = """\
{% set name = alert.topic | upper %}
{{ name }}{% if alert.reason in ["update", "catch_up"] %}: {{ alert.lead }}{% endif %}


{% for item in alert.items if item.title %}
{{ loop.index }}. {{ item.title | truncate(30) }}
{{ item.url | default("no link") }}
{% endfor %}
{% if alert.left_out > 0 %}
and {{ alert.left_out }} more
{% endif %}
"""
SLACK = """\
*{{ alert.topic }}* <!here> {{ alert.kind }}
{% for item in alert.items %}
{{ item.title }} {{ item.url }} {{ item.url | link("open") }}
{% endfor %}
"""
OWN = OwnTemplates(
    receiver="newsroom",
    sources={"subject": "{{ alert.title }}", "text": LINES, "html": PAGE, "slack": SLACK},
)


def cases() -> list[tuple[str, Part, str, str]]:
    """Read the table: what is wrong, in which part, the template, and what is said of it."""
    found = []
    for block in TABLE.read_text(encoding="utf-8").split("=== ")[1:]:
        head, _, rest = block.partition("\n")
        name, _, title = head.partition(": ")
        source, _, says = rest.partition("--- says ")
        part = next(part for part in PARTS if part == name)
        found.append((title, part, source, says.strip()))
    return found


def own(part: Part, source: str) -> OwnTemplates:
    """Give a receiver's one template, which is checked."""
    check_template(part, source)
    return OwnTemplates(receiver="newsroom", sources={part: source})


def seen(shown: Alert) -> AlertView:
    """View an alert as templates do."""
    return view_of(shown, word(shown), shown.left_out)


@pytest.mark.parametrize("title,part,source,says", cases(), ids=[case[0] for case in cases()])
def test_what_a_template_may_not_do(title: str, part: Part, source: str, says: str) -> None:
    """A template that could reach, hang, fill or inject is refused with its line and a reason."""
    with pytest.raises(BadTemplateError) as caught:
        check_template(part, source)
    assert f"{caught.value.line}: {caught.value.what}" == says, title


@pytest.mark.parametrize(
    "source",
    ["{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}", "{{ " + "not " * 3_000 + "1 }}"],
)
def test_a_template_nested_for_the_stack(source: str) -> None:
    """What would overflow the stack of the parser is refused, not raised."""
    with pytest.raises(BadTemplateError, match="nested"):
        check_template("text", source)


def test_a_template_of_a_huge_number_and_a_huge_template() -> None:
    """More digits than Python reads, and more text than anybody writes, are refused."""
    with pytest.raises(BadTemplateError, match="number that is too large"):
        check_template("text", "{{ " + "9" * 5_000 + " }}")
    with pytest.raises(BadTemplateError, match="longer than 16000 characters"):
        check_template("text", "x" * 16_001)


@pytest.mark.parametrize("part", PARTS)
def test_good_templates_are_taken(part: Part) -> None:
    """Loops, conditions, filters and links are there, well within what is allowed."""
    assert 0 < check_template(part, OWN.sources[part]) < MAX_WORK


def test_a_text_of_ones_own() -> None:
    """A receiver's text says what its template says."""
    message = render(catch_up(), message_id="d-1", own=OWN)
    assert message.text.splitlines()[:6] == [
        f"BELARUS-EU-BORDER: {word(catch_up()).lead}",
        "",
        "1. Poland deploys 12,000 troops…",
        "https://www.bbc.co.uk/news/world-europe-59206685",
        "2. Item number 2",
        "https://www.bbc.co.uk/news/world-europe-59206685",
    ]
    assert message.text.endswith("\nand 12 more\n")
    assert message.subject == SHOWN.title
    assert message.template_faults == {}


def test_the_other_parts_stay_as_they_are() -> None:
    """A receiver with a template for one part keeps the usual form of the others."""
    usual = render(alert(), message_id="d-1")
    message = render(alert(), message_id="d-1", own=own("text", "{{ alert.title }}"))
    assert message.text == f"{SHOWN.title}\n"
    assert (message.subject, message.html, message.blocks, message.payload) == (
        usual.subject,
        usual.html,
        usual.blocks,
        usual.payload,
    )


def test_a_template_that_makes_nothing() -> None:
    """A template that leaves an alert out is not obeyed: the usual form goes out and says so."""
    only_updates = own("text", "{% if alert.reason == 'update' %}{{ alert.title }}{% endif %}")
    message = render(alert(), message_id="d-1", own=only_updates)
    assert message.text.startswith("[belarus-eu-border] first item of a story\n")
    assert message.text.endswith(
        "\nTemplate `text` of newsroom failed, so this is the usual form: it made nothing\n"
        "of this alert (first_story)\n"
    )
    note = "it made nothing of this alert (first_story)"
    assert message.template_faults == {"text": note}
    assert note in message.html
    assert note.replace("_", "\u02cd") in json.dumps(message.blocks, ensure_ascii=False)
    assert_blocks(message.blocks)


def test_a_template_that_breaks() -> None:
    """A template that fails at the moment of sending costs its form, not the alert."""
    broken = OwnTemplates(receiver="newsroom", sources={"html": "{{ alert.gone.deeper() }}"})
    message = render(alert(), message_id="d-1", own=broken)
    assert list(message.template_faults) == ["html"]
    assert message.template_faults["html"].startswith("UndefinedError: ")
    assert SHOWN.title in message.html
    assert "Template `html` of newsroom failed" in message.html


def test_what_is_not_there_is_empty() -> None:
    """An element that a list does not have is empty, and no failure."""
    made = render_own(seen(alert()), own("text", "[{{ alert.items[4].title }}]"))
    assert made.text == "[]\n"


def test_a_set_in_a_loop_does_not_pile_up() -> None:
    """What a loop sets is set anew in each round, as the proof takes it to be."""
    piling = "{% set x = '-' %}{% for item in alert.items %}{% set x = x ~ x %}{{ x }}{% endfor %}"
    assert render_own(seen(catch_up()), own("text", piling)).text == "--" * 5 + "\n"


def test_slack_escapes_values_and_not_the_template() -> None:
    """In Slack the template may format and mention, a title may not; links are made on purpose."""
    hostile = replace(SHOWN, title="<!channel> *bold* <https://evil.test|Bank> @here")
    made = render_own(seen(alert(hostile)), own("slack", SLACK))
    assert made.blocks
    text = made.blocks[0]["text"]["text"]
    assert text.startswith("*belarus-eu-border* <!here> first item of a story\n")
    assert (
        "&lt;!channel&gt; \u2217bold\u2217 &lt;https:\u200b//evil.test|Bank&gt; @\u200bhere" in text
    )
    assert text.endswith(f" <{SHOWN.url}> <{SHOWN.url}|open>")


def test_a_long_text_in_slack_is_cut_into_blocks() -> None:
    """A long text takes several blocks, broken between words, and loses none."""
    lines = "\n".join(["word " * 40] * 800)
    made = render_own(seen(alert()), own("slack", lines[:16_000]))
    assert made.blocks
    assert len(made.blocks) == 6
    joined = " ".join(block["text"]["text"] for block in made.blocks)
    assert joined.count("word") == lines[:16_000].count("word")


@settings(max_examples=60, deadline=timedelta(seconds=5))
@given(ALERTS)
def test_no_title_acts_in_own_templates(shown: Alert) -> None:
    """Whatever a feed wrote, it is text in every part that a user's template makes."""
    made = render_own(seen(shown), OWN)
    assert_one_line(made.subject or "")
    assert len(made.subject or "") <= MAX_SUBJECT
    if made.html:
        assert_html(re.sub("<style>.*</style>", "", made.html))
    for block in made.blocks or ():
        text = block["text"]["text"].replace("<!here>", "", 1)
        text = re.sub(r"(?i)<https?://[^\s<>|]+(\|open)?>", "", text)
        assert "<" not in text
        assert ">" not in text
        assert len(text) <= 3_000


# ------------------------------------------------------------------------------- it always ends

FULL_ITEM = ItemView(
    **{
        name: "W" * kind.size
        for name, kind in ITEM.fields.items()
        if isinstance(kind, Text) and name != "url"
    },
    url=Url("https://x.test/" + "y" * 1_985),
)
FULL = AlertView(
    **{
        name: "W" * kind.size
        for name, kind in ALERT.fields.items()
        if isinstance(kind, Text) and name != "url"
    },
    url=FULL_ITEM.url,
    is_list=True,
    left_out=10**19,
    items=(FULL_ITEM,) * 5,
)

TEXTS = st.sampled_from(
    ["alert.title", "alert.url", "x", "item.title", "item.url", "'ab'", "alert.lead", "item.terms"]
)
EXPRESSIONS = st.recursive(
    TEXTS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: f"({two[0]} ~ {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} or {two[1]})"),
        st.tuples(inner, inner, inner).map(lambda it: f"({it[0]} if {it[1]} else {it[2]})"),
        st.tuples(
            inner,
            st.sampled_from(
                [
                    "upper",
                    "lower",
                    "capitalize",
                    "wrap",
                    "urlencode",
                    "truncate(9)",
                    "default('none')",
                    "replace('W', 'www')",
                    "link('open')",
                ]
            ),
        ).map(lambda both: f"({both[0]} | {both[1]})"),
    ),
    max_leaves=6,
)
STATEMENTS = st.recursive(
    st.one_of(
        st.sampled_from(["text ", "\n", "{{ loop.index }}", "{{ alert.left_out }}"]),
        EXPRESSIONS.map(lambda it: f"{{{{ {it} }}}}"),
        EXPRESSIONS.map(lambda it: f"{{% set x = {it} %}}"),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map("".join),
        inner.map(lambda it: f"{{% for item in alert.items %}}{it}{{% endfor %}}"),
        inner.map(lambda it: f"{{% for x in ['a', 'bcd'] %}}{it}{{% endfor %}}"),
        st.tuples(EXPRESSIONS, inner, inner).map(
            lambda it: f"{{% if {it[0]} %}}{it[1]}{{% else %}}{it[2]}{{% endif %}}"
        ),
    ),
    max_leaves=12,
)


@settings(
    max_examples=300,
    deadline=timedelta(seconds=5),
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(STATEMENTS)
def test_no_template_makes_more_than_was_proved(body: str) -> None:
    """A template that is taken makes, of the longest alert there is, no more than its work."""
    source = "{% set x = 'abc' %}{% for item in alert.items %}" + body + "{% endfor %}"
    try:
        work = check_template("text", source)
    except BadTemplateError:
        return
    made = render_own(FULL, OwnTemplates(receiver="r", sources={"text": source}))
    assert set(made.faults.values()) <= {"it made nothing of this alert (" + "W" * 40 + ")"}
    assert len(made.text or "") <= work + 1


def test_the_fullest_view_is_as_long_as_a_view_can_be() -> None:
    """The alert that bounds are tried on is not shorter than one that a feed can bring about."""
    long = replace(
        SHOWN,
        item_id="W" * 500,
        title="W" * 5_000,
        summary="V" * 5_000,
        source="W" * 500,
        terms=(TermShare(term="t", surface="W" * 500, share=0.1),) * 9,
        sources=("W" * 500,) * 9,
        url="https://x.test/" + "y" * 1_985,
    )
    shown = seen(alert(*[long] * 7, reason=Reason.UPDATE, detail="W" * 5_000, topic="W" * 500))
    for name in ALERT.fields:
        if name not in {"items", "left_out", "is_list"}:
            assert len(getattr(shown, name)) <= len(getattr(FULL, name)), name
    for name in ITEM.fields:
        assert len(getattr(shown.items[0], name)) <= len(getattr(FULL_ITEM, name)), name
    assert len(shown.items) == len(FULL.items)


# --------------------------------------------------------------------------------- places in HTML


class Reader(HTMLParser):
    """Collects what a browser would show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.shown = ""

    def handle_data(self, data: str) -> None:
        """Note a piece of text."""
        self.shown += data


PIECES = st.sampled_from(
    ["<p>", "<a href='", '<a href="', "'", '"', ">", "<!--", "-->", "x", "<", " ", "</p>", "/", "="]
)


@settings(max_examples=500)
@given(st.lists(PIECES, max_size=12))
def test_a_value_in_the_text_is_shown(pieces: list[str]) -> None:
    """Where a value is taken as text of the page, a reader of HTML finds it to be text."""
    page = "".join(pieces)
    try:
        takes = after(Place(), page).takes
    except ValueError:
        return
    if takes == "text":
        reader = Reader()
        reader.feed(f"{page}VALUE<p>")
        reader.close()
        assert "VALUE" in reader.shown


@pytest.mark.parametrize(
    "page,takes",
    [
        ("<p>", "text"),
        ("a < b", "text"),
        ("<title>", "text"),
        ("<style>p{}</style>", "text"),
        ("<STYLE>p{}</STYLE>", "text"),
        ("<style>p{}</styles>", ""),
        ("<!-- > -->", "text"),
        ("<!-- > ", ""),
        ("<a href='", "url"),
        ('<A\nHREF = "', "url"),
        ("<a class='x' href='", "url"),
        ("<a data-href='", ""),
        ("<base href='", ""),
        ("<a href='x", ""),
        ("<br/>", "text"),
        ("<a title='>' href='", "url"),
    ],
)
def test_places(page: str, takes: str) -> None:
    """A value may stand in the text of a page, and as a whole address of a link."""
    assert after(Place(), page).takes == takes
