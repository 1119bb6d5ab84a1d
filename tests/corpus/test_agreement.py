"""Our items beside those of plain feedparser, on feeds that nobody here wrote."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.feeds import plain_feedparser
from monitor.errors import ParseError
from monitor.feeds.drafts import web_url
from monitor.feeds.parse import parse
from monitor.records import Document, Item
from monitor.text.markup import plain
from tests.corpus.test_feeds import COUNTS, FETCHED_AT, files, is_document

URL = "https://example.org/feed.xml"

# feedparser's number of entries, ours, and why.
FEWER_ITEMS = {
    "captured-live-100/72d1083fa3130282": (64, 62),
    "captured-live-100/cc314ce5dfbb3adc": (1046, 1031),
    "codehollow-feedreader/Rss092FullSample.xml": (22, 21),
    "codehollow-feedreader/Rss20LeFigaro.xml": (50, 49),
    "feed-io/rss/sample-rss-nodate.xml": (3, 1),
    "rometools/rometools+rome/rome-modules/src/test/resources/os/sample1.xml": (10, 1),
    "rust-rss/rss092.xml": (22, 21),
}
WHY_FEWER = "entries of one key, URL and text are one item: `identity.distinct`"

# Dates that are read differently, as the feed writes them: (feedparser, ours), and why ours.
DATES = {
    "Mon, 01 Jan 0001 00:00:00 +0000": "no date: what a program writes that has none",
    "Thu, 01 Jan 1970 00:00:00 GMT": "the same",
    "2017-06-13T03:18:00+00:0": "no zone of this form exists; feedparser drops it",
    "Fri, 11 Mar 2016 01:15:00 +3000": "no place is 30 hours ahead: taken as UTC",
    "mer, 16 nov 2022 00:38:15 +0100": "Italian, which feedparser does not read",
    "22.11.2022 12:16:00": "a form that feedparser does not read",
    "Sat, Dec 16 2023 02:02:33 PM": "feedparser loses the half of the day",
    "Friday, January 29, 2021 04:42 PM": "a form that feedparser does not read",
    "Fri, 17 May 2019 06:00:00 BST": "feedparser takes summer time for UTC",
    "Fri, 17 May 2019 22:34:00 BST": "the same",
    "Mon, 21 Jan 2008 8:56 am PST": "feedparser drops the zone after `am`",
    "Sun, 20 Apr 2014 8:19 pm CEST": "feedparser loses the half of the day, and the zone",
}
# How many items of all have a title of their own reading, and why.
OTHER_TITLES = {"captured-live-100/3d13901a267083a8": "feedparser unescapes the title twice"}
# Feeds whose ids feedparser resolves against the `xml:base` of an entry before.
OTHER_IDS = {"rss-parser-js/input/reddit-home.rss"}


def pairs(shared: Path, archive: str) -> Iterator[tuple[str, list[Any], list[Item]]]:
    """Yield feedparser's entries and our items of each feed that both read."""
    for name, body in files(shared, archive):
        if not is_document(name) or body.lstrip()[:1] == b"{":
            continue
        document = Document(url=URL, body=body, fetched_at=FETCHED_AT)
        try:
            items = list(parse(document, feed_lang=None).items)
        except ParseError:
            continue
        yield name, list(plain_feedparser(body).entries), items


def link_of(entry: Any) -> set[str | None]:
    """Return the links that are right: an entry's, as people can open it, or where it leads."""
    links = [one for one in dict.get(entry, "links", ()) if dict.get(one, "rel") == "alternate"]
    told = [dict.get(entry, "feedburner_origlink"), dict.get(entry, "link")]
    hrefs = [dict.get(one, "href") for one in links]
    told += hrefs
    # A guid that is no URL is no link, though feedparser gives it as one.
    return {web_url(link, URL) for link in told if link} | (set() if any(hrefs) else {None})


def date_of(entry: Any) -> datetime | None:
    """Return the date that feedparser reads."""
    read = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
    return datetime.fromtimestamp(calendar.timegm(read), UTC) if read else None


@pytest.mark.xdist_group("corpus")
@pytest.mark.parametrize("archive", COUNTS)
def test_items_are_those_of_plain_feedparser(shared: Path, archive: str) -> None:
    """Title, link, id and date are what feedparser gives, but for what is listed here with why."""
    fewer = {}
    wrong: list[tuple[str, str, object, object]] = []
    titles: Counter[str] = Counter()
    for name, entries, items in pairs(shared, archive):
        if len(entries) != len(items):
            fewer[name] = (len(entries), len(items))
            continue
        for entry, item in zip(entries, items, strict=True):
            title = plain(dict.get(entry, "title") or "", limit=300)
            titles[name] += bool(title) and title != item.title
            guid = (dict.get(entry, "id") or "").strip() or None
            if guid != item.guid and name not in OTHER_IDS:
                wrong.append((name, "id", guid, item.guid))
            if item.url not in link_of(entry):
                wrong.append((name, "link", dict.get(entry, "link"), item.url))
            stated = dict.get(entry, "published") or dict.get(entry, "updated")
            if date_of(entry) != item.published_at and stated not in DATES:
                wrong.append((name, "date", stated, item.published_at))
    assert wrong == []
    assert fewer == {
        name: counts for name, counts in FEWER_ITEMS.items() if name.startswith(f"{archive}/")
    }, WHY_FEWER
    assert set(+titles) == {name for name in OTHER_TITLES if name.startswith(f"{archive}/")}
