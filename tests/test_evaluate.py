"""Tracking, measured on a labelled set."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.cli import main
from monitor.errors import SeedwatchError
from monitor.evaluate import (
    FALSE_ALARM_COST,
    Judged,
    LabelledItem,
    LabelledTopic,
    Measure,
    Run,
    average_precision,
    cost,
    evaluate,
    least_cost,
    mean,
    measure,
    read_items,
    read_topics,
)
from monitor.records import Decision, Lessons, Reason, Score, Verdict
from tests.fakes import made

pytestmark = pytest.mark.xdist_group("english")

LAW = settings(max_examples=100, deadline=None)

MONDAY = datetime(2021, 11, 8, 6, tzinfo=UTC)

BORDER = (
    "Migrants gather at the Polish border. Hundreds of migrants came to the fence near Kuznica on"
    " Monday. Poland sent soldiers and guards, Warsaw accused Minsk and Alexander Lukashenko, and"
    " the European Union prepared sanctions against Belarus."
)
VOLCANO = (
    "Lava from the Cumbre Vieja volcano on La Palma reached the ocean. Islanders fled as ash fell"
    " on the banana farms of the Canary Islands, and the airport of La Palma closed."
)
# (id, source, title, summary); one every six hours.
ITEMS = [
    ("b1", "LRT", "Migrants cut the border fence near Kuznica", "Poland sent more soldiers."),
    ("o1", "BBC", "City win the cup final", "The coach praised his team."),
    ("v1", "BBC", "La Palma volcano: lava destroys banana farms", "Islanders fled the ash."),
    ("b2", "BBC", "Warsaw accuses Minsk over migrants at the fence", "Lukashenko denied it."),
    ("o2", "CNN", "Shares fall as banks report losses", "Investors sold technology stocks."),
    ("b3", "Delfi", "Migrants cut the border fence near Kuznica", "Poland sent more soldiers."),
    ("o3", "CNN", "Singer announces a new album", "It was recorded in a garden, she said."),
    ("v2", "CNN", "Airport of La Palma closed by volcano ash", "Flights to Tenerife only."),
    # Nobody would find these by the seed.
    ("b4", "BBC", "Bus drivers on strike", "No departures until further notice, said the company."),
    ("b5", "LRT", "EU agrees on Belarus sanctions over migrants", "Minsk called it an attack."),
    ("o4", "LRT", "Vaccine is safe for children", "The agency studied thousands of cases."),
    ("v3", "BBC", "Cumbre Vieja: new lava stream reaches the ocean", "Toxic gas over La Palma."),
    ("o5", "BBC", "Senate passes tax bill", "The vote was close."),
    (
        "b6",
        "CNN",
        "Polish guards and soldiers hold the border at Kuznica",
        "Migrants at the fence.",
    ),
    ("o6", "CNN", "Dentist runs a marathon", "He raised money for a violin school."),
]
PLACES = {row[0]: place for place, row in enumerate(ITEMS)}


def at(place: float) -> datetime:
    """Give the time of an item by its place."""
    return MONDAY + timedelta(hours=6 * place)


def item_line(row: tuple[str, str, str, str], **changes: Any) -> dict[str, Any]:
    """Return an item as a set has it."""
    name, source, title, summary = row
    return {
        "id": name,
        "published": at(PLACES.get(name, 0)).isoformat(),
        "lang": "en",
        "source": source,
        "title": title,
        "summary": summary,
        "link": f"https://{source.lower()}.example/{name}",
        **changes,
    }


def topic_line(name: str, text: str, **changes: Any) -> dict[str, Any]:
    """Return a topic as a set has it, tracked over all items."""
    return {
        "topic": name,
        "seeds": [{"title": "", "text": text}],
        "from": at(-1).isoformat(),
        "until": at(13.5).isoformat(),
        "on_topic": [],
        "ignored": [],
        **changes,
    }


TOPICS = [
    # b5 counts neither way; b4 and o1 are labels that no system could find; o6 comes after its end.
    topic_line("border", BORDER, on_topic=["b1", "b2", "b3", "b4", "b6", "o1"], ignored=["b5"]),
    # The first volcano item is its seed's own day: it starts after it.
    topic_line("volcano", VOLCANO, on_topic=["v1", "v3"], after_id="v1"),
]


def write(path: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    """Write JSON lines."""
    path.write_text(
        "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8"
    )
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a small labelled set."""
    write(tmp_path / "items.jsonl", [item_line(row) for row in ITEMS])
    write(tmp_path / "topics.jsonl", TOPICS)
    return tmp_path


def everything(folder: Path) -> tuple[list[Judged], list[Measure]]:
    """Evaluate a set; give verdicts and measures."""
    found: list[Judged] = []
    measures = evaluate(read_items(folder), read_topics(folder / "topics.jsonl"), each=found.append)
    return found, measures


# ---------------------------------------------------------------------------------- the measures


def judged(value: float, *, on_topic: bool, threshold: float = 0.5) -> Judged:
    """Return a verdict whose truth is known."""
    score = Score(topic="t", value=value, threshold=threshold)
    decision = Decision(topic="t", alert=False, reason=Reason.BELOW_THRESHOLD)
    row = ("x", "BBC", "Title", "")
    made_of = read_line(row)
    return Judged(
        topic="t",
        item=made_of,
        place=0,
        verdict=Verdict(score=score, decision=decision),
        on_topic=on_topic,
    )


def read_line(row: tuple[str, str, str, str]) -> LabelledItem:
    """Return an item as reading gives it."""
    name, source, title, summary = row
    item = made.item(name, title=title, summary=summary)
    return LabelledItem(id=name, source=source, published_at=MONDAY, item=item)


def test_the_set_is_measured_as_by_hand(folder: Path) -> None:
    """Windows, labels, ignored items and the threshold give the figures that a person counts."""
    found, (border, volcano) = everything(folder)
    decided = {(one.topic, one.item.id): one.alerted for one in found}
    assert {name for (topic, name), yes in decided.items() if yes and topic == "border"} == {
        "b1",
        "b2",
        "b3",
        "b6",
    }
    weeks = 14.5 * 6 / (24 * 7)
    # 14 items before the end, b5 left out; b4 and o1 are missed, nothing is a false alarm.
    assert (border.items, border.on_topic, border.alerted) == (13, 6, 4)
    assert (border.misses, border.false_alarms, border.false_alarms_a_week) == (2, 0, 0.0)
    assert border.precision == 1.0
    assert border.recall == pytest.approx(4 / 6)
    assert border.f1 == pytest.approx(0.8)
    assert border.cost == pytest.approx(2 / 6)
    assert border.least_cost <= border.cost
    # 11 items after v1: v3 is found, v2 is a false alarm by its label; v1 is not in the window.
    assert (volcano.items, volcano.on_topic, volcano.alerted) == (11, 1, 2)
    assert (volcano.misses, volcano.false_alarms) == (0, 1)
    assert volcano.false_alarms_a_week == pytest.approx(1 / weeks)
    assert (volcano.precision, volcano.recall) == (0.5, 1.0)
    assert volcano.f1 == pytest.approx(2 / 3)
    assert volcano.cost == pytest.approx(FALSE_ALARM_COST / 10)


def test_a_topic_is_judged_in_its_window_only(folder: Path) -> None:
    """After its start and its `after_id`, until its end; ignored items are not reported."""
    found, _ = everything(folder)
    ids = {
        name: [one.item.id for one in found if one.topic == name] for name in ("border", "volcano")
    }
    names = [row[0] for row in ITEMS]
    assert ids["border"] == [name for name in names[:14] if name != "b5"]
    assert ids["volcano"] == names[3:14]
    assert [one.place for one in found] == sorted(one.place for one in found)


def test_the_mean_weighs_topics_alike(folder: Path) -> None:
    """The mean is over topics, however many items each has."""
    _, measures = everything(folder)
    both = mean(measures)
    assert both.topic == "mean"
    for name in Measure.__slots__:
        if name != "topic":
            values = [getattr(one, name) for one in measures]
            assert getattr(both, name) == pytest.approx(sum(values) / 2)


def test_a_set_without_topics_has_no_mean() -> None:
    """There is nothing to be proud of in an empty table."""
    with pytest.raises(SeedwatchError, match="the set has no topics"):
        mean([])


def test_the_measures_of_five_verdicts() -> None:
    """Every figure of a topic, worked out by hand."""
    verdicts = [
        judged(0.9, on_topic=True),
        judged(0.8, on_topic=False),
        judged(0.7, on_topic=True),
        judged(0.3, on_topic=True),
        judged(0.2, on_topic=False),
    ]
    found = measure(window(timedelta(days=14)), verdicts)
    assert astuple(found) == (
        "t",
        5,
        3,
        3,
        1,
        1,
        0.5,
        pytest.approx(2 / 3),
        pytest.approx(2 / 3),
        pytest.approx(2 / 3),
        pytest.approx((1 + 2 / 3 + 3 / 4) / 3),
        pytest.approx(1 / 3 + 4.9 / 2),
        # Only the best item is alerted: two of three are missed.
        pytest.approx(2 / 3),
    )


def window(length: timedelta) -> LabelledTopic:
    """Return a topic that is tracked for so long."""
    return LabelledTopic(
        topic=made.topic("t"),
        from_at=MONDAY,
        until=MONDAY + length,
        after_id=None,
        on_topic=frozenset(),
        ignored=frozenset(),
    )


def test_measures_of_nothing_are_zero() -> None:
    """A topic without items, or without on-topic ones, divides by nothing."""
    empty = measure(window(timedelta(0)), [])
    assert set(astuple(empty)[1:]) == {0.0}
    quiet = measure(window(timedelta(days=7)), [judged(0.9, on_topic=False)])
    assert (quiet.precision, quiet.recall, quiet.f1, quiet.false_alarms) == (0.0, 0.0, 0.0, 1)


VERDICTS = st.lists(
    st.builds(
        lambda value, on_topic: judged(value / 8, on_topic=on_topic),
        st.integers(0, 8),
        st.booleans(),
    ),
    max_size=25,
)


@given(VERDICTS)
@LAW
def test_the_least_cost_is_that_of_the_best_threshold(verdicts: list[Judged]) -> None:
    """No threshold costs less, one costs as much, and items of one score stand together."""
    on_topic = sum(one.on_topic for one in verdicts)
    costs = []
    for threshold in [n / 8 for n in range(10)]:
        chosen = [one for one in verdicts if one.verdict.score.value >= threshold]
        hits = sum(one.on_topic for one in chosen)
        costs.append(cost(on_topic - hits, on_topic, len(chosen) - hits, len(verdicts) - on_topic))
    ranked = sorted(verdicts, key=lambda one: -one.verdict.score.value)
    assert least_cost(ranked) == pytest.approx(min(costs))


@given(st.lists(st.booleans(), max_size=30))
@LAW
def test_average_precision_is_a_mean_of_precisions(ranked: list[bool]) -> None:
    """Best when all on-topic items come first, and never out of its range."""
    found = average_precision(ranked)
    assert 0.0 <= found <= average_precision(sorted(ranked, reverse=True)) <= 1.0
    assert average_precision(sorted(ranked, reverse=True)) == float(any(ranked))


# ------------------------------------------------------------------------------------ the stream


def lines(found: Iterable[Judged]) -> list[dict[str, Any]]:
    """Give verdicts as a file of decisions has them."""
    return [one.line() for one in found]


@pytest.mark.parametrize("cut", range(len(ITEMS) + 1))
def test_a_run_in_two_parts_is_the_same(folder: Path, cut: int) -> None:
    """Stopped at any item and taken up again from what was stored, no decision changes."""
    items, topics = read_items(folder), read_topics(folder / "topics.jsonl")
    expected = lines(Run(items=items, topics=topics).judge(Lessons()))
    run = Run(items=items, topics=topics)
    found = lines(run.judge(Lessons(), stop=cut))
    states = json.loads(json.dumps(run.lessons.states))
    found += lines(run.judge(Lessons(states=states), start=cut))
    assert found == expected


def test_a_run_in_many_parts_is_the_same(folder: Path) -> None:
    """A restart after every item changes nothing."""
    items, topics = read_items(folder), read_topics(folder / "topics.jsonl")
    run = Run(items=items, topics=topics)
    expected = lines(Run(items=items, topics=topics).judge(Lessons()))
    found: list[dict[str, Any]] = []
    for place in range(len(items)):
        found += lines(run.judge(run.lessons, start=place, stop=place + 1))
    assert found == expected


@pytest.mark.parametrize("place", range(1, len(ITEMS)))
def test_only_earlier_items_have_influence(folder: Path, place: int) -> None:
    """Another item in the place of one changes nothing before it."""
    items, topics = read_items(folder), read_topics(folder / "topics.jsonl")
    other = read_line(
        (ITEMS[place][0], "AFP", ITEMS[0][2], "Minsk, Warsaw: migrants at the fence.")
    )
    changed = [*items[:place], replace(other, published_at=at(place)), *items[place + 1 :]]
    before, after = (
        [one.line() for one in Run(items=each, topics=topics).judge(Lessons()) if one.place < place]
        for each in (items, changed)
    )
    assert before == after


def test_labels_have_no_influence(folder: Path) -> None:
    """The truth is looked at after the verdict: other labels, same scores."""
    found, _ = everything(folder)
    write(
        folder / "topics.jsonl",
        [{**one, "on_topic": ["o1", "o2"], "ignored": []} for one in TOPICS],
    )
    relabelled = {(one.topic, one.item.id): one.verdict for one in everything(folder)[0]}
    assert all(relabelled[one.topic, one.item.id] == one.verdict for one in found)


def test_topics_have_no_influence_on_each_other(folder: Path) -> None:
    """A topic alone is judged as among others."""
    found, _ = everything(folder)
    write(folder / "topics.jsonl", TOPICS[1:])
    alone, _ = everything(folder)
    assert lines(alone) == lines(one for one in found if one.topic == "volcano")


# ------------------------------------------------------------------------------ reading a set


def test_a_packed_set_is_the_same(folder: Path) -> None:
    """Items may be gzipped; blank lines, line separators in a text and no zone are no harm."""
    plain = read_items(folder)
    path = folder / "items.jsonl"
    (folder / "items.jsonl.gz").write_bytes(gzip.compress(path.read_bytes() + b"\n  \n"))
    path.unlink()
    assert read_items(folder) == plain
    row = item_line(ITEMS[0], summary="one\u2028two", published="2021-11-08T06:00:00")
    (folder / "items.jsonl.gz").unlink()
    write(path, [row])
    (item,) = read_items(folder)
    assert (item.item.summary, item.published_at) == ("one two", MONDAY)


def test_items_are_read_as_feeds_are(folder: Path) -> None:
    """Markup is stripped, the canonical URL is made, and what is absent is absent."""
    row = item_line(ITEMS[0], title="<b>Guards</b> &amp; dogs", link="", lang=None)
    write(
        folder / "items.jsonl",
        [row, item_line(ITEMS[1], link="https://www.bbc.example/x?utm_source=rss")],
    )
    one, other = read_items(folder)
    assert (one.item.title, one.item.url, one.item.canonical_url) == ("Guards & dogs", None, None)
    assert one.item.lang is None
    assert other.item.canonical_url == "https://bbc.example/x"


GOOD_ITEM = json.dumps(item_line(ITEMS[0]))
GOOD_TOPIC = json.dumps(TOPICS[0])


def without(line: Mapping[str, Any], key: str) -> str:
    """Give a line that lacks a key."""
    return json.dumps({name: value for name, value in line.items() if name != key})


@pytest.mark.parametrize(
    "line,what",
    [
        ('{"id": "x"', "not JSON: "),
        ("[1, 2]", "not of the form of a set: "),
        ("null", "not of the form of a set: "),
        (without(item_line(ITEMS[0]), "title"), "'title' is missing"),
        (without(item_line(ITEMS[0]), "published"), "'published' is missing"),
        (json.dumps(item_line(ITEMS[0], published="yesterday")), "'yesterday'"),
        (json.dumps(item_line(ITEMS[0], title=7)), "not of the form of a set: "),
        (GOOD_ITEM.encode("utf-16-le").decode("latin-1"), "not JSON: "),
        ("\udcff{}", "not JSON: "),
    ],
)
def test_a_bad_item_is_named(tmp_path: Path, line: str, what: str) -> None:
    """An item that cannot be read is one error with its file and line."""
    path = tmp_path / "items.jsonl"
    path.write_bytes(f"{GOOD_ITEM}\n\n{line}\n".encode("utf-8", "surrogateescape"))
    with pytest.raises(SeedwatchError) as caught:
        read_items(tmp_path)
    assert str(caught.value).startswith(f"{path}:3: ")
    assert what in str(caught.value)


@pytest.mark.parametrize(
    "line,what",
    [
        ("{", "not JSON: "),
        (without(TOPICS[0], "seeds"), "'seeds' is missing"),
        (without(TOPICS[0], "ignored"), "'ignored' is missing"),
        (json.dumps({**TOPICS[0], "seeds": [{"title": "no text"}]}), "'text' is missing"),
        (json.dumps({**TOPICS[0], "seeds": []}), "a topic needs a seed"),
        (json.dumps({**TOPICS[0], "on_topic": None}), "not of the form of a set: "),
        (json.dumps({**TOPICS[0], "until": 7}), "not of the form of a set: "),
    ],
)
def test_a_bad_topic_is_named(tmp_path: Path, line: str, what: str) -> None:
    """A topic that cannot be read is one error with its file and line."""
    path = tmp_path / "topics.jsonl"
    path.write_text(f"{GOOD_TOPIC}\n{line}\n", encoding="utf-8")
    with pytest.raises(SeedwatchError) as caught:
        read_topics(path)
    assert str(caught.value).startswith(f"{path}:2: ")
    assert what in str(caught.value)


def test_two_topics_of_one_name_are_refused(tmp_path: Path) -> None:
    """Their verdicts could not be told apart."""
    path = write(tmp_path / "topics.jsonl", [TOPICS[0], TOPICS[0]])
    with pytest.raises(SeedwatchError, match="two topics are called border"):
        read_topics(path)


def test_an_unknown_after_id_is_refused(folder: Path) -> None:
    """A topic cannot start after an item that the set has not."""
    write(folder / "topics.jsonl", [topic_line("volcano", VOLCANO, after_id="gone")])
    with pytest.raises(SeedwatchError, match="topic volcano: after_id 'gone' is no item"):
        everything(folder)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b"not gzip"),
        lambda path: path.write_bytes(gzip.compress(b"{}" * 1000)[:-20]),
        lambda path: path.write_bytes(gzip.compress(b"x" * 99)[:12] + b"\xff" * 30),
        lambda path: path.mkdir(),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    """A file that cannot be unpacked is one error with its name."""
    path = tmp_path / "items.jsonl.gz"
    spoil(path)
    with pytest.raises(SeedwatchError) as caught:
        read_items(tmp_path)
    assert str(caught.value).startswith(f"{path} cannot be read: ")


# -------------------------------------------------------------------------------- the command


def run(*words: str | Path) -> Result:
    """Call `seedwatch evaluate`."""
    return CliRunner().invoke(main, ["evaluate", *map(str, words)])


def test_the_command_prints_a_table(folder: Path) -> None:
    """A row per topic and one for the mean, and the speed, in 80 columns."""
    done = run(folder)
    assert done.exit_code == 0, done.output
    table = done.stdout.splitlines()
    assert max(map(len, table)) <= 80
    starts = [line.split()[0] for line in table if line.strip()]
    assert starts[:4] == ["topic", "border", "volcano", "mean"]
    assert "15 items, 2 topics" in table[-1]


def test_the_command_keeps_to_80_columns(folder: Path) -> None:
    """Long names and large figures do not break the lines."""
    long = topic_line("a-topic-with-a-very-long-name-" * 4, BORDER, on_topic=["b1"])
    write(folder / "topics.jsonl", [long])
    done = run(folder, "--set", "threshold=0")
    assert done.exit_code == 0, done.output
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_command_gives_the_same_as_json(folder: Path) -> None:
    """`--json` has every measure in full, and nothing else on standard output."""
    done = run(folder, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    _, measures = everything(folder)
    assert set(told) == {"topics", "mean", "items", "items_per_second"}
    assert [Measure(**one) for one in told["topics"]] == measures
    assert Measure(**told["mean"]) == mean(measures)
    assert told["items"] == len(ITEMS)


def test_other_topics_may_be_named(folder: Path) -> None:
    """`--topics` takes another file of topics on the same items."""
    other = write(folder / "other.jsonl", TOPICS[1:])
    done = run(folder, "--topics", other, "--json")
    assert [one["topic"] for one in json.loads(done.stdout)["topics"]] == ["volcano"]


def test_decisions_agree_with_the_measures(folder: Path) -> None:
    """Precision, recall and F1 follow from the file of decisions alone; its shares add up."""
    path = folder / "decisions.jsonl"
    done = run(folder, "--json", "--decisions", path)
    assert done.exit_code == 0, done.output
    decisions = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    keys = ["topic", "id", "score", "on_topic", "alerted", "story", "reason", "terms"]
    assert all(list(one) == keys for one in decisions)
    for told in json.loads(done.stdout)["topics"]:
        mine = [one for one in decisions if one["topic"] == told["topic"]]
        right = sum(one["alerted"] and one["on_topic"] for one in mine)
        alerted = sum(one["alerted"] for one in mine)
        on_topic = sum(one["on_topic"] for one in mine)
        assert (told["items"], told["alerted"], told["on_topic"]) == (len(mine), alerted, on_topic)
        assert told["precision"] == pytest.approx(right / alerted)
        assert told["recall"] == pytest.approx(right / on_topic)
        assert told["f1"] == pytest.approx(2 * right / (alerted + on_topic))
        ranked = sorted(mine, key=lambda one: -one["score"])
        found = average_precision([one["on_topic"] for one in ranked])
        assert told["average_precision"] == pytest.approx(found)
    for one in decisions:
        assert one["alerted"] == (one["score"] >= 0.5)
        assert (one["story"] is not None) == one["alerted"]
        assert one["reason"] in {reason.value for reason in Reason}
        assert sum(share for _, share in one["terms"]) == pytest.approx(one["score"], abs=1e-9)


def test_a_copy_counts_as_alerted(folder: Path) -> None:
    """`alerted` says that the item itself is on-topic, before copies are folded."""
    path = folder / "decisions.jsonl"
    run(folder, "--decisions", path)
    decisions = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    (copy,) = (one for one in decisions if (one["topic"], one["id"]) == ("border", "b3"))
    assert (copy["alerted"], copy["reason"]) == (True, "copy")


def test_the_threshold_can_be_set(folder: Path) -> None:
    """A lower threshold lets more through; the scores of what was learned do not change."""
    path = folder / "decisions.jsonl"

    def decided(*words: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        done = run(folder, "--json", "--decisions", path, *words)
        assert done.exit_code == 0, done.output
        read = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return json.loads(done.stdout), read

    usual, scores = decided()
    same, same_scores = decided("--set", "threshold=0.5")
    lower, lower_scores = decided("--set", "threshold=0.4")
    every, _ = decided("--set", "threshold=0.4", "--set", " threshold = 0 ")
    assert (same["topics"], same_scores) == (usual["topics"], scores)
    assert lower["mean"]["alerted"] >= usual["mean"]["alerted"]
    assert [one["score"] for one in lower_scores] == [one["score"] for one in scores]
    assert every["mean"]["alerted"] == every["mean"]["items"]


@pytest.mark.parametrize(
    "change,what",
    [
        ("threshold", "the one key that can be set is `threshold`"),
        ("slope=3", "the one key that can be set is `threshold`"),
        ("threshold=high", "high is not a number between 0 and 1"),
        ("threshold=1.5", "1.5 is not a number between 0 and 1"),
        ("threshold=nan", "nan is not a number between 0 and 1"),
        ("threshold=", "is not a number between 0 and 1"),
    ],
)
def test_a_bad_setting_is_refused(folder: Path, change: str, what: str) -> None:
    """A key or value that is none is one line that says so."""
    done = run(folder, "--set", change)
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"seedwatch: --set {change}: ")
    assert what in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_folder_that_is_no_set_is_refused(tmp_path: Path, folder: Path) -> None:
    """One line names the file that is missing or wrong, and nothing is printed or written."""
    empty = tmp_path / "empty"
    empty.mkdir()
    done = run(empty)
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"{empty / 'topics.jsonl'} cannot be read" in done.stderr
    write(empty / "topics.jsonl", TOPICS)
    assert "has no items.jsonl.gz and no items.jsonl" in run(empty).stderr
    (folder / "items.jsonl").write_text(GOOD_ITEM + "\n{\n", encoding="utf-8")
    path = folder / "decisions.jsonl"
    spoiled = run(folder, "--decisions", path)
    assert f"{folder / 'items.jsonl'}:2: not JSON" in spoiled.stderr
    assert spoiled.exit_code == 1
    assert not path.exists()
