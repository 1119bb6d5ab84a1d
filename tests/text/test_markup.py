"""Markup becomes plain text."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text.markup import UNSEEN, plain, shorten, visible


@pytest.mark.parametrize(
    "markup,text",
    [
        ("Nothing to do", "Nothing to do"),
        ("<p>One</p><p>two<br>three</p>", "One two three"),
        ("w<b>or</b>d CO<sub>2</sub> <a href='x'>link</a>ed", "word CO2 linked"),
        ("<custom-tag>x</custom-tag>y", "x y"),
        ("<script>alert(1)</script>a<STYLE>b{}</style >c<iframe src=x>d</iframe>", "a c"),
        ("<head><title>no</title></head>yes", "yes"),
        ("<svg/>after <svg><path d='x'/></svg> svg", "after svg"),
        ("before <script>never closed", "before"),
        ("a <!-- hidden <b> --> b <!--> c <!-- open", "a b c"),
        ("<![CDATA[text]]>", "text"),
        ("<img alt=\"a > b\" title='c > d'>text", "text"),
        ("<a title=don't>stray</a> it's", "stray it's"),
        ('cut off <a href="http://exam', "cut off"),
        ("1 < 2 and x <3 y, a<b", "1 < 2 and x <3 y, a<b"),
        ("<?php x ?><!DOCTYPE html></>text", "text"),
        ("Caf&eacute; &amp; &#1041;&#x411; &unknown; &", "Café & ББ &unknown; &"),
        ("&lt;p&gt;escaped&lt;/p&gt;", "escaped"),
        ("&amp;lt;p&amp;gt;twice &amp;amp;nbsp;&amp;lt;/p&amp;gt;", "twice"),
        ("AT&amp;amp;T", "AT&T"),
        ("if a &lt; b &amp;&amp; c &gt; d", "if a < b && c > d"),
        ("&#" + "9" * 5000 + ";x", "x"),
        ("&#0;&#xD800;x", "\ufffd\ufffdx"),
        ("a\x00b\x1b[31m\x9bc\td\u2028e", "ab[31mc d e"),
        ("\u202egnp.exe\u2066\u200f \ufeffzero\u200bwidth\u00adsoft", "gnp.exe zerowidthsoft"),
        (
            "\u0645\u06cc\u200c\u062e \u0915\u094d\u200d\u0937",
            "\u0645\u06cc\u200c\u062e \u0915\u094d\u200d\u0937",
        ),
        ("pass\u200cword \u200d", "password"),
        ("e\u0301 \ud800lone", "é lone"),
        ("", ""),
    ],
)
def test_markup_becomes_plain_text(markup: str, text: str) -> None:
    """Each kind of markup leaves the text that a reader would see."""
    assert plain(markup, limit=200) == text


def test_a_long_text_is_cut_at_a_word() -> None:
    """What is cut ends at a word with an ellipsis, within the limit."""
    assert plain("one two, three four", limit=12) == "one two…"
    assert plain("one two three", limit=13) == "one two three"
    assert plain("國" * 20, limit=5) == "國國國國…"
    assert shorten("x" * 7 + "q\u0323\u0307" + "y" * 9, 10) == "x" * 7 + "…"


HOSTILE = {
    "comments": "<!--" * 250_000,
    "divisions": "<div>" * 100_000,
    "ampersands": "&" * 1_000_000,
    "angles": "<" * 1_000_000,
    "end tags": "</" * 500_000,
    "open tags": "<a " * 330_000,
    "open quotes": '<a "' * 250_000,
    "quotes in quotes": "<a '<a \"" * 125_000,
    "quoted attributes": '<a" ="' * 160_000,
    "cut tags": "<a =" * 250_000,
    "scripts": "<script>" * 125_000,
    "scripts with quotes": '<script "' * 110_000,
    "CDATA": "<![CDATA[" * 110_000,
    "heads": "<head>" * 160_000,
    "long entity": "&" + "a" * 1_000_000,
    "entities": "&abcdefghijklmnopqrstuvwxyzabcdefg" * 30_000,
    "escapes": "&amp;" * 200_000,
    "escaped tags": "&lt;p&gt;" * 110_000,
    "digits": "&#" + "1" * 1_000_000 + ";",
    "marks": "a" + "\u0301\u0323" * 500_000,
    "joiners": "\u0628" + "\u200d" * 1_000_000,
    "spaces": " " * 1_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_megabyte_of_hostile_markup_takes_less_than_a_second(name: str) -> None:
    """No megabyte takes long to read, however it is built."""
    started = time.process_time()
    text = plain(HOSTILE[name], limit=2000)
    assert time.process_time() - started < 1
    assert len(text) <= 2000


@settings(max_examples=300)
@given(
    st.text(
        alphabet=st.characters() | st.sampled_from("<>&;!-/=\"'ab \u202e\u200d\ud800"), max_size=80
    ),
    st.integers(min_value=1, max_value=60),
)
def test_what_comes_out_is_clean(markup: str, limit: int) -> None:
    """Any text comes out within the limit, composed, folded, and free of controls."""
    text = plain(markup, limit=limit)
    assert len(text) <= limit
    assert text == " ".join(text.split())
    assert unicodedata.is_normalized("NFC", text)
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in text)
    assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")


def test_what_acts_is_written_out() -> None:
    """Controls, direction marks and line breaks are shown as such; letters stay as they are."""
    assert visible("a\x1b[2Jb\x9bc\u202ed\ne\u2028") == r"a\x1b[2Jb\x9bc\u202ed\ne\u2028"
    for text in ("Żółć – «ё» 中文 \U0001f600", "می\u200cخواهم"):
        assert visible(text) == text


@given(st.text())
def test_visible_text_neither_acts_nor_changes_again(text: str) -> None:
    """Whatever a text holds, one line comes out of it that needs no second pass."""
    shown = visible(text)
    assert UNSEEN.search(shown) is None
    assert len(shown.splitlines()) <= 1
    assert visible(shown) == shown
