"""What feeds do to their items in real life: no storm, and no loss.

Each row is a timeline: what some polls list, which of it is new, and what is told.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.feeds.identity import alias, canonical_url
from monitor.feeds.trust import explain
from monitor.records import Reason
from monitor.store import migrate, open_engine
from monitor.text.markup import shorten
from tests.fakes.made import DAY, HOUR
from tests.fakes.press import Desk, Entry, off_topic, on_topic

pytestmark = pytest.mark.xdist_group("english")


# Night -> what the feed lists then.
Show = Callable[[int], list[Entry]]


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an SQLite database that has all its tables, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "seedwatch.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def desk(tmp_path: Path, empty_file: Path) -> Iterator[Desk]:
    """Give a service on a fresh database."""
    shutil.copy(empty_file, tmp_path / "seedwatch.db")
    engine = open_engine(f"sqlite:///{tmp_path / 'seedwatch.db'}")
    yield Desk(engine)
    engine.dispose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What a poll lists, and what comes of it."""

    lists: Sequence[Entry]
    new: Sequence[Entry] = ()
    told: Sequence[Entry] = ()
    name: str = "Wire"
    after: timedelta = HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of a feed, and what is promised in spite of it."""

    promise: str
    polls: Sequence[Poll]


def renamed(entries: Iterable[Entry], mark: object) -> list[Entry]:
    """Give entries other guids."""
    return [entry.but(guid=f"{mark}-{entry.guid}") for entry in entries]


def moved(entries: Iterable[Entry], place: str) -> list[Entry]:
    """Give entries other guids and addresses: another CMS."""
    return [
        entry.but(guid=f"{place}-{entry.guid}", link=f"https://{place}.example/{number}")
        for number, entry in enumerate(entries)
    ]


def linked(entries: Iterable[Entry], start: str, end: str = "") -> list[Entry]:
    """Write the links of entries otherwise, and make them their guids."""
    links = [str(entry.link).removeprefix("https://") for entry in entries]
    made = [f"{start}{link}{end}" for link in links]
    return [entry.but(link=link, guid=link) for entry, link in zip(entries, made, strict=True)]


def dated(entries: Iterable[Entry], date: str | None) -> list[Entry]:
    """Give all entries one date."""
    return [entry.but(date=date) for entry in entries]


def untitled(entry: Entry) -> Entry:
    """Return an entry with the title that stands in for none."""
    return entry.but(title=shorten(str(entry.summary), 100))


OLD = [off_topic(number) for number in range(8)]
A, B, C, D = (on_topic(number) for number in range(4))
WIDE = [on_topic(number) for number in range(10)]
START = Poll(lists=OLD, new=OLD)
FIRST = Poll(lists=[A, *OLD], new=[A], told=[A])
ONE_PAGE = {"guid": "the-page", "link": "https://wire.example/live"}
PLAIN = [entry.but(guid=None) for entry in (A, *OLD)]
EARLY = "Mon, 01 Nov 2021 08:00:00 GMT"
BLOG = A.but(guid="live", link="https://wire.example/live")
LONG = A.but(summary=f"{A.title}. {A.summary}")
SIREN = A.but(title="Migrants storm the fence at Kuznica, Poland", summary=None)
BARE = [entry.but(guid=None, link=None) for entry in (A, *OLD)]

FAULTS = [
    Fault(
        promise="guids that are made anew each night make no item new",
        polls=[
            START,
            FIRST,
            *(Poll(lists=renamed([A, *OLD], night), after=DAY) for night in range(6)),
            Poll(lists=renamed([B, A, *OLD], "last"), new=renamed([B], "last"), told=[B]),
        ],
    ),
    Fault(
        promise="an item that is edited on the night its guid changes stays that item",
        polls=[
            START,
            FIRST,
            Poll(lists=renamed([A.but(summary=f"{A.summary} More follows."), *OLD], 1), after=DAY),
        ],
    ),
    Fault(
        promise="two items under one guid are two items, and stay so when one of them has left",
        polls=[
            START,
            Poll(lists=[A, B.but(guid=A.guid), *OLD], new=[A, B], told=[A, B]),
            Poll(lists=[B.but(guid=A.guid), *OLD]),
            Poll(lists=[A, *OLD]),
        ],
    ),
    Fault(
        promise="one guid for all items hides none of them",
        polls=[
            Poll(lists=[one.but(guid="1") for one in OLD], new=OLD),
            Poll(lists=[one.but(guid="1") for one in (A, *OLD)], new=[A], told=[A]),
            Poll(lists=[one.but(guid="1") for one in (B, A, *OLD[:5])], new=[B], told=[B]),
        ],
    ),
    Fault(
        promise="guids that count the places in the feed hide none of its items",
        polls=[
            Poll(lists=[one.but(guid=str(n)) for n, one in enumerate(listed)], new=new, told=told)
            for listed, new, told in (
                (OLD, OLD, []),
                ([A, *OLD], [A], [A]),
                ([B, A, *OLD], [B], [B]),
                ([C, B, A, *OLD], [C], [C]),
                ([D, C, B, A, *OLD], [D], [D]),
                ([D, C, B, A, *OLD], [], []),
            )
        ],
    ),
    Fault(
        promise="guids and addresses of places in the feed hide none of its items",
        polls=[
            Poll(
                lists=[
                    one.but(guid=str(n), link=f"https://wire.example/top/{n}")
                    for n, one in enumerate(listed)
                ],
                new=new,
                told=told,
            )
            for listed, new, told in (
                (OLD, OLD, []),
                ([A, *OLD[:7]], [A], [A]),
                ([B, A, *OLD[:6]], [B], [B]),
                ([C, B, A, *OLD[:5]], [C], [C]),
                ([D, C, B, A, *OLD[:4]], [D], [D]),
                ([*WIDE[4:8], D, C, B, A], WIDE[4:8], WIDE[4:8]),
            )
        ],
    ),
    Fault(
        promise="an article that is given the guid of another one is told",
        polls=[
            START,
            FIRST,
            Poll(lists=[B.but(guid=A.guid), *OLD], new=[B], told=[B]),
            Poll(lists=[B.but(guid=A.guid), A.but(guid="back"), *OLD]),
        ],
    ),
    Fault(
        promise="a feed of one page with one guid tells each article that it holds",
        polls=[
            Poll(lists=[OLD[0].but(**ONE_PAGE)], new=[OLD[0]]),
            *(Poll(lists=[one.but(**ONE_PAGE)], new=[one], told=[one]) for one in (A, B, C, D)),
            Poll(lists=[A.but(**ONE_PAGE)]),
        ],
    ),
    Fault(
        promise="http that becomes https in links and guids makes nothing new",
        polls=[
            Poll(lists=linked(OLD, "http://"), new=OLD),
            Poll(lists=linked([A, *OLD], "http://"), new=[A], told=[A]),
            Poll(lists=linked([A, *OLD], "https://")),
            Poll(lists=linked([B, A, *OLD], "https://"), new=[B], told=[B]),
        ],
    ),
    Fault(
        promise="tracking parameters that are added make nothing new",
        polls=[
            Poll(lists=PLAIN[1:], new=OLD),
            Poll(lists=PLAIN, new=[A], told=[A]),
            Poll(lists=[one.but(link=f"{one.link}?utm_source=rss&utm_id=7") for one in PLAIN]),
            Poll(lists=linked([A, *OLD], "https://", "?utm_source=rss&fbclid=x")),
        ],
    ),
    Fault(
        promise="www that is added makes nothing new",
        polls=[
            Poll(lists=linked(OLD, "https://"), new=OLD),
            Poll(lists=linked([A, *OLD], "https://"), new=[A], told=[A]),
            Poll(lists=linked([A, *OLD], "https://www.")),
        ],
    ),
    Fault(
        promise="the AMP form of an address is the same article",
        polls=[
            Poll(lists=PLAIN[1:], new=OLD),
            Poll(lists=PLAIN, new=[A], told=[A]),
            Poll(lists=[one.but(link=f"{one.link}/amp/") for one in PLAIN]),
            Poll(lists=linked([A, *OLD], "https://amp.", "?amp=1")),
        ],
    ),
    Fault(
        promise="a CMS that dates everything anew, now or long ago, makes nothing new",
        polls=[
            START,
            FIRST,
            Poll(lists=dated([A, *OLD], "Mon, 08 Nov 2021 16:00:00 GMT")),
            Poll(lists=dated([A, *OLD], "Thu, 01 Jan 1970 00:00:00 GMT")),
            Poll(lists=dated([B, A, *OLD], EARLY), new=[B], told=[B]),
        ],
    ),
    Fault(
        promise="a CMS that gives all its items new guids and addresses makes no storm",
        polls=[
            Poll(lists=[*WIDE, *OLD], new=[*WIDE, *OLD]),
            Poll(lists=[on_topic(11), *WIDE, *OLD], new=[on_topic(11)], told=[on_topic(11)]),
            Poll(
                lists=[on_topic(12), *moved([on_topic(11), *WIDE, *OLD], "new")],
                new=[on_topic(12)],
                told=[on_topic(12)],
                after=30 * DAY,
            ),
            Poll(lists=[on_topic(12), *moved([on_topic(11), *WIDE, *OLD], "new")]),
        ],
    ),
    Fault(
        promise="a CMS that moves and cuts its summaries at once makes no storm",
        polls=[
            Poll(lists=[*WIDE, *OLD], new=[*WIDE, *OLD]),
            Poll(
                lists=[one.but(summary=f"{one.title}.") for one in moved([*WIDE, *OLD], "new")],
                after=30 * DAY,
            ),
        ],
    ),
    Fault(
        promise="items without a date are told as others are",
        polls=[
            Poll(lists=dated(OLD, None), new=OLD),
            Poll(lists=dated([A, *OLD], None), new=[A], told=[A]),
            Poll(lists=dated([*OLD, B, A], None), new=[B], told=[B]),
        ],
    ),
    Fault(
        promise="items from the future are told now, and once",
        polls=[
            Poll(lists=dated(OLD, "Fri, 31 Dec 2049 23:00:00 GMT"), new=OLD),
            Poll(lists=dated([A, *OLD], "Fri, 31 Dec 2049 23:00:00 GMT"), new=[A], told=[A]),
            Poll(lists=[*OLD, A]),
        ],
    ),
    Fault(
        promise="a wrong time zone holds nothing back, at whichever end the news stands",
        polls=[
            START,
            Poll(lists=[A.but(date="Mon, 08 Nov 2021 15:30:00 +1200"), *OLD], new=[A], told=[A]),
            Poll(lists=[A, *OLD, B.but(date="Mon, 08 Nov 2021 15:30:00 +1200")], new=[B], told=[B]),
        ],
    ),
    Fault(
        promise="an edited title is not told again",
        polls=[START, FIRST, Poll(lists=[A.but(title=f"UPDATE: {A.title}, army says"), *OLD])],
    ),
    Fault(
        promise="an edited summary is not told again",
        polls=[START, FIRST, Poll(lists=[A.but(summary="Twelve engines came."), *OLD])],
    ),
    Fault(
        promise="a rewritten address under its old guid is not told again",
        polls=[
            START,
            FIRST,
            Poll(lists=[A.but(title=f"{A.title} (2)", link="https://wire.example/2"), *OLD]),
        ],
    ),
    Fault(
        promise="a guid in another case makes nothing new",
        polls=[
            START,
            FIRST,
            Poll(lists=[one.but(guid=str(one.guid).upper()) for one in (A, *OLD)]),
        ],
    ),
    Fault(
        promise="an item that was known and slides back when another is deleted is not new",
        polls=[START, FIRST, Poll(lists=[A, *OLD[:5]]), Poll(lists=OLD, after=10 * DAY)],
    ),
    Fault(
        promise="an item of before our time that slides in from behind makes no alert at once",
        polls=[START, FIRST, Poll(lists=[*OLD, B.but(date=EARLY)], new=[B])],
    ),
    Fault(
        promise="a new item that has an old date is told where new items stand",
        polls=[START, Poll(lists=[B.but(date=EARLY), *OLD], new=[B], told=[B])],
    ),
    Fault(
        promise="the same item in five feeds of one outlet is told once",
        polls=[
            *(Poll(name=f"Desk{n}", lists=OLD, new=OLD) for n in range(5)),
            Poll(name="Desk0", lists=[A, *OLD], new=[A], told=[A]),
            *(Poll(name=f"Desk{n}", lists=[A, *OLD], new=[A]) for n in range(1, 5)),
            *(Poll(name=f"Desk{n}", lists=[A, *OLD], after=DAY) for n in range(5)),
        ],
    ),
    Fault(
        promise="one article in two feeds under other guids and addresses is told once",
        polls=[
            START,
            Poll(name="Other", lists=moved(OLD, "other"), new=OLD),
            FIRST,
            Poll(name="Other", lists=moved([A, *OLD], "other"), new=[A], after=DAY),
        ],
    ),
    Fault(
        promise="what a slow feed brings a week after it was told is not told again",
        polls=[
            START,
            Poll(name="Slow", lists=OLD, new=OLD),
            FIRST,
            Poll(name="Slow", lists=[A, *OLD], new=[A], after=7 * DAY),
        ],
    ),
    Fault(
        promise="a feed that moved to another address tells nothing twice, and goes on",
        polls=[
            START,
            FIRST,
            Poll(name="Moved", lists=[A, *OLD], new=[A, *OLD], after=7 * DAY),
            Poll(name="Moved", lists=[B, A, *OLD], new=[B], told=[B]),
        ],
    ),
    Fault(
        promise="a feed that is empty for a while and comes back makes nothing new",
        polls=[START, FIRST, Poll(lists=[]), Poll(lists=[A, *OLD], after=10 * DAY)],
    ),
    Fault(
        promise="another order makes nothing new, and hides nothing",
        polls=[
            START,
            FIRST,
            Poll(lists=[*OLD, A]),
            Poll(lists=[*OLD[4:], B, A, *OLD[:4]], new=[B], told=[B]),
        ],
    ),
    Fault(
        promise="guids that are added later make nothing new",
        polls=[
            Poll(lists=PLAIN[1:], new=OLD),
            Poll(lists=PLAIN, new=[A], told=[A]),
            Poll(lists=[A.but(summary=f"{A.summary} More follows."), *OLD]),
            Poll(lists=[B, A, *OLD], new=[B], told=[B]),
        ],
    ),
    Fault(
        promise="a live blog is told once, whatever its title says",
        polls=[
            START,
            Poll(lists=[BLOG, *OLD], new=[BLOG], told=[BLOG]),
            *(
                Poll(lists=[BLOG.but(title=f"{on_topic(n).title}: live", summary=None), *OLD])
                for n in range(5, 35)
            ),
        ],
    ),
    Fault(
        promise="items without titles are told by what they say",
        polls=[
            Poll(lists=[one.but(title=None) for one in OLD], new=[untitled(one) for one in OLD]),
            Poll(
                lists=[one.but(title="") for one in (LONG, *OLD)],
                new=[untitled(LONG)],
                told=[untitled(LONG)],
            ),
            Poll(lists=[one.but(title=None) for one in (*OLD, LONG)]),
        ],
    ),
    Fault(
        promise="items with neither guid nor link are known by their texts",
        polls=[
            Poll(lists=BARE[1:], new=OLD),
            Poll(lists=BARE, new=[A], told=[A]),
            Poll(lists=[BARE[0].but(summary="Twelve engines came."), *BARE[:0:-1]]),
        ],
    ),
    Fault(
        promise="notices that all link to one page are told one by one",
        polls=[
            Poll(lists=[one.but(link="https://wire.example/") for one in OLD], new=OLD),
            Poll(
                lists=[one.but(link="https://wire.example/") for one in (B, A, *OLD)],
                new=[A, B],
                told=[A, B],
            ),
            Poll(lists=[C.but(link="https://wire.example/")], new=[C], told=[C]),
        ],
    ),
    Fault(
        promise="the same few words under a new guid and address are news again after a week",
        polls=[
            START,
            Poll(lists=[SIREN, *OLD], new=[SIREN], told=[SIREN]),
            Poll(lists=[*moved([SIREN], "again"), *OLD], after=2 * DAY),
            Poll(lists=OLD),
            Poll(lists=[*moved([SIREN], "new"), *OLD], new=[SIREN], told=[SIREN], after=8 * DAY),
        ],
    ),
    Fault(
        promise="a whole text that is posted again after a week is not told again",
        polls=[START, FIRST, Poll(lists=[*moved([A], "again"), *OLD], new=[A], after=8 * DAY)],
    ),
]


def titles(entries: Iterable[Entry]) -> list[str]:
    """Give what stands for the entries' titles, sorted."""
    return sorted(entry.title or str(entry.summary) for entry in entries)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.promise)
def test_no_storm_and_no_loss(desk: Desk, fault: Fault) -> None:
    """Whatever a feed does to its items, each is new once, and each story is told once."""
    for number, poll in enumerate(fault.polls):
        found = desk.poll(poll.lists, name=poll.name, after=poll.after)
        assert (number, found.new) == (number, titles(poll.new))
        assert (number, found.told) == (number, titles(poll.told))


# --------------------------------------------------------------------------------- mass and trust


def test_a_thousand_items_that_are_published_again(desk: Desk) -> None:
    """Of a whole archive under new guids and addresses only what was never known is judged."""
    archive = [
        off_topic(number % 49).but(
            title=f"{off_topic(number % 49).title}, edition {number}",
            guid=f"n{number}",
            link=f"https://wire.example/{number}",
        )
        for number in range(1_000)
    ]
    for start in range(0, 1_000, 100):
        desk.poll(archive[start : start + 100], after=DAY)
    found = desk.poll([A, *moved(archive, "new"), B.but(date=None)], after=30 * DAY)
    assert found.new == titles([A, B])
    assert found.told == titles([A, B])
    assert desk.poll([A, *moved(archive, "new"), B]).new == []


def test_an_archive_of_before_our_time_waits_for_the_catch_up(desk: Desk) -> None:
    """Many old items that come at once are judged, but told in one message, the best five."""
    desk.poll(OLD)
    old = [on_topic(number).but(date=EARLY) for number in range(4, 24)]
    found = desk.poll([A, *old, *OLD])
    assert (found.told, len(found.new)) == (titles([A]), 21)
    assert set(found.reasons.values()) == {Reason.FIRST_STORY, Reason.HELD}
    alert = desk.ingest.catch_up(desk.topic, desk.now)
    assert alert is not None
    assert (len(alert.items), alert.left_out) == (5, 15)
    assert desk.ingest.catch_up(desk.topic, desk.now) is None


@pytest.mark.parametrize(
    "faulty, why",
    [
        (
            lambda night: renamed(OLD, night),
            "its guids change: items are known by their address",
        ),
        (
            lambda night: [one.but(guid="1", title=f"{one.title} {night}") for one in OLD],
            "its guids are shared by items: items are known by their address",
        ),
        (
            lambda night: [one.but(guid="1", link="https://wire.example/") for one in OLD[night:]],
            "its guids and addresses are shared by items: items are known by their text",
        ),
        (
            lambda night: [off_topic(night + place).but(guid=str(place)) for place in range(8)],
            "its guids are given to new items: items are known by their address",
        ),
        (
            lambda night: [off_topic(night).but(**ONE_PAGE)],
            "its guids and addresses are given to new items: items are known by their text",
        ),
    ],
    ids=["changed", "shared", "one page", "places", "one item"],
)
def test_a_feed_shows_what_its_guids_are_worth(desk: Desk, faulty: Show, why: str) -> None:
    """After a few documents that contradict its guids, they count no more, for good."""
    for night in range(6):
        desk.poll(faulty(night), after=DAY)
    assert explain(desk.feed().trust) == why
    for _ in range(6):
        desk.poll([on_topic(5), *OLD])
        desk.poll([on_topic(6), *OLD])
    assert explain(desk.feed().trust) == why


@pytest.mark.parametrize(
    "faulty",
    [
        lambda night: [off_topic(night + place) for place in range(8)],
        lambda night: renamed(OLD, "new") if night else OLD,
        lambda night: [one.but(link=f"{one.link}?utm_source={night}") for one in OLD],
        lambda night: [one.but(title=f"{one.title} {night}") for one in OLD],
        lambda night: [off_topic(40 + night).but(guid="pinned"), *OLD],
        lambda night: [off_topic(night), *OLD[7:4:-1]],
        lambda night: moved(OLD, "new") if night > 2 else OLD,
        lambda night: [OLD[0].but(title=f"{OLD[0].title} {night}")],
    ],
    ids=[
        "a feed in order",
        "new guids once",
        "tracking",
        "edits",
        "one guid reused",
        "few items",
        "a move",
        "one item, edited",
    ],
)
def test_trust_is_not_lost_for_a_trifle(desk: Desk, faulty: Show) -> None:
    """What every good feed does now and then is not held against it."""
    for night in range(6):
        desk.poll(faulty(night), after=DAY)
    assert explain(desk.feed().trust) == ""


def test_guids_that_change_fill_no_table(desk: Desk) -> None:
    """A feed may make its guids anew with every poll: what is kept of its items stays bounded."""
    desk.poll(OLD)
    counts = []
    for night in range(60):
        desk.poll([one.but(link=f"{one.link}?sid={night}") for one in renamed(OLD[:2], night)])
        desk.poll(renamed(OLD[2:], night))
        counts.append(desk.count("aliases"))
    assert counts[-1] == counts[29] <= 8 * 2 * 24


# -------------------------------------------------------------------------------------- edits


def test_a_text_that_comes_on_topic_later_is_told(desk: Desk) -> None:
    """An item that was off-topic is judged again when its text has changed, and told if it is."""
    early = A.but(title="Picture of the day", summary="More follows.")
    desk.poll(OLD)
    assert desk.poll([early, *OLD]).told == []
    found = desk.poll([A, *OLD])
    assert (found.new, found.edited, found.told) == ([], titles([A]), titles([A]))
    (item,) = desk.reports.items("id-border-0", None)
    (verdict,) = desk.reports.verdicts(item.id)
    assert verdict.decision.reason is Reason.FIRST_STORY
    (revision,) = desk.reports.revisions(item.id)
    assert (revision.title, revision.summary) == (early.title, early.summary)
    assert (revision.changed, revision.judged_again) == (("title", "summary"), True)
    assert item.item.title == A.title
    assert desk.poll([A, *OLD]).edited == []
    assert desk.poll([B.but(guid=A.guid, link=A.link), *OLD]).told == []


def test_a_placeholder_of_before_our_time_is_told_when_it_has_a_text(desk: Desk) -> None:
    """What an item of the baseline comes to say later is news, unlike what it said before."""
    desk.poll([A.but(title="Breaking", summary=None), *OLD])
    assert desk.poll([A, *OLD]).told == titles([A])


def test_a_feed_that_gives_all_its_items_summaries_makes_no_storm(desk: Desk) -> None:
    """Texts that change in most items at once are judged again, but left to the catch-up."""
    items = [*WIDE, *OLD]
    bare = [
        one.but(title=f"{place} o'clock", summary="News at the full hour, read by our team.")
        for place, one in enumerate(items)
    ]
    desk.poll(bare)
    found = desk.poll(items)
    assert (found.new, found.told, found.edited) == ([], [], titles(items))
    assert list(found.reasons.values()).count(Reason.HELD) == 10
    alert = desk.ingest.catch_up(desk.topic, desk.now)
    assert alert is not None
    assert (len(alert.items), alert.left_out) == (5, 5)
    assert desk.poll([C, *items]).told == []


def test_an_edit_that_follows_a_copy_is_not_told(desk: Desk) -> None:
    """An item that comes to say what another feed's item said is one more source, no alert."""
    desk.poll(OLD)
    desk.poll(moved(OLD, "other"), name="Other")
    desk.poll([A.but(title="More soon", summary=None), *OLD])
    desk.poll(moved([A, *OLD], "other"), name="Other")
    found = desk.poll([A, *OLD])
    assert (found.told, found.reasons) == ([], {A.title: Reason.COPY})
    (story,) = found.batch.stories
    assert story.sources == ("Other", "Wire")


def test_revisions_are_bounded(desk: Desk) -> None:
    """An item that says something else at every poll keeps its first revisions and the last."""
    desk.poll(OLD)
    for number in range(40):
        desk.poll([A.but(summary=f"{A.summary} Read {number} times."), *OLD])
    (item,) = desk.reports.items("id-border-0", None)
    kept = desk.reports.revisions(item.id)
    assert [one.number for one in kept] == list(range(1, 25))
    assert kept[0].summary.endswith("Read 0 times.")
    assert kept[-1].summary.endswith("Read 38 times.")
    assert item.item.summary.endswith("Read 39 times.")
    assert desk.count("alerts") == 1


def test_what_is_no_edit(desk: Desk) -> None:
    """Case, punctuation, white space, tracking and dates change nothing in an item."""
    desk.poll([A, *OLD])
    same = A.but(
        title=f"  {str(A.title).upper()}! ",
        link=f"{A.link}?utm_source=x",
        date="Mon, 08 Nov 2021 18:00:00 GMT",
    )
    assert desk.poll([same, *OLD]).batch.edits == ()


def test_an_edited_item_teaches_nothing_twice(desk: Desk) -> None:
    """An item that is judged again and is still off-topic leaves what was learned as it was."""
    desk.poll(OLD)
    learned = desk.store.lessons()
    found = desk.poll([OLD[0].but(summary="His goalkeeper got flowers."), *OLD[1:]])
    assert list(found.reasons.values()) == [Reason.BELOW_THRESHOLD]
    assert desk.store.lessons() == learned


def test_an_address_finds_the_item_whatever_it_was_then(desk: Desk) -> None:
    """An article is found by any address it had, in every feed that brought it."""
    desk.poll([A, *OLD])
    desk.poll([A.but(guid="x"), *OLD], name="Other")
    desk.poll([A.but(link="https://wire.example/moved"), *OLD])
    once = canonical_url(f"{A.link}?utm_source=mail")
    assert once is not None
    found = desk.reports.items("nothing", once, [alias("url", once)])
    assert [one.source for one in found] == ["Wire", "Other"]


def test_what_is_held_asks_for_a_catch_up(desk: Desk) -> None:
    """A service is told once that something waits, so that it comes before the next restart."""
    desk.poll([*WIDE, *OLD])
    assert not desk.ingest.take_held()
    desk.poll([*WIDE, *OLD, on_topic(20).but(date=EARLY)])
    assert desk.ingest.take_held()
    assert not desk.ingest.take_held()


def test_what_is_stored_is_not_read_again(desk: Desk) -> None:
    """Of a feed that lists ten known items and a new one, ten are taken from the store."""
    entries = [off_topic(number) for number in range(10)]
    desk.poll(entries)
    assert desk.lectern.taken == 0
    found = desk.poll([on_topic(1), *entries])
    assert found.new == [on_topic(1).title]
    assert desk.lectern.taken == 10
