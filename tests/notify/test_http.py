"""What the HTTP channels share: pauses asked for, and answers told without secrets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.notify.http import LONGEST_WAIT, SHORTEST_WAIT, retry_after
from monitor.notify.told import secrets_of, told

NOW = datetime(2021, 11, 8, 14, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "value,wait",
    [
        ("7", timedelta(seconds=7)),
        (" 120 ", timedelta(minutes=2)),
        ("0", SHORTEST_WAIT),
        ("86401", LONGEST_WAIT),
        ("9" * 5_000, LONGEST_WAIT),
        ("000000000007", timedelta(seconds=7)),
        ("Mon, 08 Nov 2021 14:11:30 GMT", timedelta(seconds=90)),
        ("Mon, 08 Nov 2021 14:11:30 -0000", timedelta(seconds=90)),
        ("Monday, 08-Nov-21 14:11:30 GMT", timedelta(seconds=90)),
        ("Mon Nov  8 14:11:30 2021", timedelta(seconds=90)),
        ("Sun, 07 Nov 2021 14:10:00 GMT", SHORTEST_WAIT),
        ("Sat, 08 Nov 2031 14:10:00 GMT", LONGEST_WAIT),
        ("-5", None),
        ("1.5", None),
        ("\u0667", None),
        ("soon", None),
        ("", None),
        ("Mon, 99 Nov 2021 14:11:30 GMT", None),
    ],
)
def test_a_pause_asked_for(value: str, wait: timedelta | None) -> None:
    """`Retry-After` is read as seconds or as a date, kept in 1 s … 24 h, or taken as absent."""
    assert retry_after({"retry-after": value}, NOW) == wait
    assert retry_after({"RETRY-AFTER": value, "Date": "x"}, NOW) == wait


def test_no_pause_asked_for() -> None:
    """Without the header no pause is named."""
    assert retry_after({}, NOW) is None


@given(st.text())
def test_a_pause_is_never_absurd(value: str) -> None:
    """Whatever a server sends, the pause is absent or within bounds."""
    wait = retry_after({"Retry-After": value}, NOW)
    assert wait is None or SHORTEST_WAIT <= wait <= LONGEST_WAIT


@pytest.mark.parametrize(
    "url,said,shown",
    [
        (
            "https://hooks.test/services/T0/B0/verysecret",
            "Cannot POST /services/T0/B0/verysecret (hooks.test)",
            "Cannot POST *** (hooks.test)",
        ),
        ("https://h.test/api/v1?token=abcdef123", "no abcdef123 in api v1", "no *** in api v1"),
        ("https://joe:hunter22@h.test/", "joe:hunter22 refused", "joe:*** refused"),
        ("https://h.test/a%2Fsecret%21", "a/secret! and a%2Fsecret%21", "*** and ***"),
        ("discord://4174216298/JHMHI8qBe7", "token 4174216298/JHMHI8qBe7", "token ******"),
        ("http://[broken/secret", "at http://[broken/secret", "at ***"),
    ],
)
def test_an_answer_is_told_without_secrets(url: str, said: str, shown: str) -> None:
    """Whatever part of the URL the other side repeats, in any spelling, it is not shown."""
    assert told(said, *secrets_of(url)) == shown


@given(st.text(), st.text())
def test_what_is_told_is_one_short_line(said: str, secret: str) -> None:
    """Any answer becomes one line of at most 200 printable characters."""
    line = told(said, secret)
    assert len(line) <= 200
    assert len(line.splitlines()) <= 1
