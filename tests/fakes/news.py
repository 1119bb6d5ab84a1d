"""News on loopback: feeds whose items are published while somebody polls them.

with NewsServer() as news:
    url = news.open_feed("/wire", "atom")
    news.publish("/wire", on_topic(1), off_topic(1))
    ...
    assert news.requests("/wire")[-1].headers["If-None-Match"]
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Literal
from xml.sax.saxutils import escape

from tests.fakes.web import RecordedRequest, Reply, WebServer

Form = Literal["rss", "atom", "rss1", "json"]

TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "rss1": "application/rdf+xml",
    "json": "application/feed+json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsItem:
    """What an outlet publishes; its guid and link also depend on the feed that carries it."""

    name: str
    title: str
    summary: str
    published_at: datetime


@dataclass(slots=True)
class _Feed:
    form: Form
    items: list[NewsItem] = field(default_factory=list)
    # Of its HTTP `Link` header.
    link: str = ""


class NewsServer(WebServer):
    """Serves feeds, newest item first, each with an ETag; an unchanged one is a 304."""

    def __init__(self) -> None:
        super().__init__()
        self._feeds: dict[str, _Feed] = {}
        self._desk = threading.Lock()

    def open_feed(self, path: str, form: Form = "rss", *items: NewsItem) -> str:
        """Open a feed that holds these items, and return its URL."""
        with self._desk:
            self._feeds[path] = _Feed(form)
        self.publish(path, *items)
        return self.route(path, self._serve)

    def publish(self, path: str, *items: NewsItem) -> None:
        """Add items to a feed, the last one newest."""
        with self._desk:
            self._feeds[path].items += items

    def name_hub(self, path: str, hub: str) -> None:
        """Let a feed name a hub from now on (WebSub)."""
        with self._desk:
            self._feeds[path].link = f'<{hub}>; rel="hub", <{self.url(path)}>; rel="self"'

    def written(self, path: str, *more: NewsItem) -> bytes:
        """Write a feed as it will be with some more items: what its hub pushes."""
        with self._desk:
            feed = self._feeds[path]
            items = [*feed.items, *more][::-1]
        return WRITERS[feed.form](self.url(path), path.strip("/"), items)

    @property
    def paths(self) -> list[str]:
        """The paths of the feeds that are open."""
        with self._desk:
            return list(self._feeds)

    def is_read(self, path: str) -> bool:
        """Say whether the last poll shows that its client has stored the feed as it is now."""
        tag = self._document(path)[0]
        polls = self.requests(path)
        return bool(polls) and polls[-1].headers.get("If-None-Match") == tag

    def _serve(self, request: RecordedRequest) -> Reply:
        path = request.path.partition("?")[0]
        tag, kind, body = self._document(path)
        if request.headers.get("If-None-Match") == tag:
            return Reply(status=304, headers={"ETag": tag})
        headers = {"ETag": tag, "Content-Type": kind}
        with self._desk:
            link = self._feeds[path].link
        return Reply(headers=headers | ({"Link": link} if link else {}), body=body)

    def _document(self, path: str) -> tuple[str, str, bytes]:
        """Give a feed as it is now: its ETag, type and body."""
        with self._desk:
            feed = self._feeds[path]
            items = feed.items[::-1]
        body = WRITERS[feed.form](self.url(path), path.strip("/"), items)
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        return tag, f"{TYPES[feed.form]}; charset=utf-8", body


def link_of(outlet: str, item: NewsItem) -> str:
    """Give the address of an item at an invented outlet."""
    return f"https://{outlet}.example/news/{item.name}"


def rss(_url: str, outlet: str, items: list[NewsItem]) -> bytes:
    """Write items as RSS 2.0."""
    entries = "\n".join(
        f'<item><guid isPermaLink="false">{outlet}-{item.name}</guid>'
        f"<title>{escape(item.title)}</title><link>{link_of(outlet, item)}</link>"
        f"<description>{escape(item.summary)}</description>"
        f"<pubDate>{format_datetime(item.published_at)}</pubDate></item>"
        for item in items
    )
    return _xml(
        f'<rss version="2.0"><channel><title>{outlet}</title><link>https://{outlet}.example/</link>'
        f"<description>News</description><language>en</language>\n{entries}</channel></rss>"
    )


def atom(url: str, outlet: str, items: list[NewsItem]) -> bytes:
    """Write items as Atom."""
    entries = "\n".join(
        f"<entry><id>tag:{outlet}.example,2021:{item.name}</id>"
        f'<title>{escape(item.title)}</title><link href="{link_of(outlet, item)}"/>'
        f"<summary>{escape(item.summary)}</summary>"
        f"<updated>{item.published_at.isoformat()}</updated></entry>"
        for item in items
    )
    return _xml(
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><id>{url}</id>'
        f"<title>{outlet}</title><updated>2021-11-08T12:00:00Z</updated>\n{entries}</feed>"
    )


def rss1(url: str, outlet: str, items: list[NewsItem]) -> bytes:
    """Write items as RSS 1.0, which has its items beside the channel."""
    entries = "\n".join(
        f'<item rdf:about="{link_of(outlet, item)}"><title>{escape(item.title)}</title>'
        f"<link>{link_of(outlet, item)}</link><description>{escape(item.summary)}</description>"
        f"<dc:date>{item.published_at.isoformat()}</dc:date></item>"
        for item in items
    )
    return _xml(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<channel rdf:about="{url}"><title>{outlet}</title><link>https://{outlet}.example/</link>'
        f"<description>News</description></channel>\n{entries}</rdf:RDF>"
    )


def json_feed(url: str, outlet: str, items: list[NewsItem]) -> bytes:
    """Write items as JSON Feed 1.1."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet,
        "feed_url": url,
        "language": "en",
        "items": [
            {
                "id": f"{outlet}/{item.name}",
                "url": link_of(outlet, item),
                "title": item.title,
                "content_text": item.summary,
                "date_published": item.published_at.isoformat(),
            }
            for item in items
        ],
    }
    return json.dumps(feed, ensure_ascii=False).encode()


def _xml(text: str) -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


WRITERS: dict[Form, Callable[[str, str, list[NewsItem]], bytes]] = {
    "rss": rss,
    "atom": atom,
    "rss1": rss1,
    "json": json_feed,
}

# ------------------------------------------------------------------------------------- the news

# What happens on the border of Poland and Belarus, each time to somebody else: items that share no
# more than their topic, so that none passes for a report of another's event.
BORDER = (
    ("Drone films a burning watchtower", "Firefighters saved two dogs and a tractor."),
    ("Priest rings the bells for the hungry", "Parishioners cooked soup and pancakes."),
    ("Helicopter searches a swamp for twins", "Their grandmother mislaid a crimson scarf."),
    ("Railway halts a freight of fertiliser", "Locomotive crews slept in their cabins."),
    ("Judge frees a taxi driver", "He had carried five passengers and a violin."),
    ("Doctors open a clinic in a gymnasium", "Nurses ask for thermometers and insulin."),
    ("Mayor sells his bicycle to buy boots", "Shoemakers of the valley doubled the sum."),
    ("Bison tramples a canteen", "Zoologists had warned of the rutting season."),
    ("Airline cancels flights from Baghdad", "Travel agencies refund eight hundred tickets."),
    ("Loudspeakers play lullabies", "A composer claims royalties for the melody."),
    ("Farmhand finds a newborn in a barn", "The midwife named the girl Zofia."),
    ("Pope prays for the frozen", "Cardinals lit candles in the basilica."),
    ("Hackers publish the passports of colonels", "The leak has nine thousand scanned pages."),
    ("Sawmill donates planks for bunks", "Carpenters work in three shifts."),
    ("Balloonist lands between the lines", "Wind had blown the Dutch pilot off course."),
    ("Actress reads poems through a megaphone", "Spectators answered with flashlights."),
    ("Bridge collapses under a convoy of lorries", "Divers recovered an engine from the mud."),
    ("Customs seize counterfeit perfume", "Spaniels sniffed the bottles out of pumpkins."),
    ("Students swim the Bug with lanterns", "Lifeguards treated them for hypothermia."),
    ("Satellite pictures show new barracks", "Analysts counted sixty roofs and a runway."),
    ("Map of mines turns up at a flea market", "Collectors paid twelve zloty for the parchment."),
    ("Wolves kill a flock of sheep", "Shepherds want compensation from the voivode."),
    ("Hotel owner hides a family in the sauna", "Prosecutors charge him with harbouring."),
    ("Merkel telephones for fifty minutes", "The chancellery called the conversation useful."),
    ("Turkish barber cuts hair beside the barrier", "Scissors and mirrors were gifts."),
    ("Snowstorm buries patrol cars", "Ploughs needed fourteen hours to the garage."),
    ("Radio station broadcasts in Kurdish", "Listeners call in from Erbil and Sulaymaniyah."),
    ("Chemists detect chlorine in a puddle", "The laboratory repeats its analysis on Thursday."),
    ("Fans of a football club knit gloves", "The stadium's kiosk collects the wool."),
    ("Pensioner walks from Gdansk with a pram", "Her granddaughter uploads a photo each evening."),
    ("Cyclists deliver antibiotics", "Pharmacies packed them into saddlebags."),
    ("Archaeologists stop the excavators", "A Bronze Age urn lay under the topsoil."),
    ("Orchestra rehearses Chopin for sentries", "The pianist wore mittens without fingertips."),
    ("Beekeeper lends his smoke", "The hives hibernate behind a monastery."),
    ("Captain refuses to ferry howitzers", "His union of boatmen pays the fine."),
    ("Power plant dims the floodlights", "Turbines ran short of lignite."),
    ("Orphanage receives a truckload of toys", "Puppets and puzzles came from Norway."),
    ("Veterans return their medals and sabres", "An envelope with crosses reached the palace."),
    ("Chess master wins blindfolded", "Nineteen opponents resigned before midnight."),
    ("Cartographer redraws a meadow", "The cadastre had ignored an oxbow lake."),
)
ELSEWHERE = (
    (
        "Striker scores twice as Rovers win the cup on penalties",
        "New telescope sends home its first pictures of a distant galaxy",
        "Bakers compete for the best sourdough loaf of the year",
        "Central bank leaves interest rates as they are",
        "Film about a lighthouse keeper takes the festival's first prize",
        "Chess champion defends her title after eleven draws",
        "Vineyards expect a small but excellent harvest",
    ),
    (
        "The manager praised his goalkeeper after ninety quiet minutes.",
        "Astronomers waited for this moment for fourteen years.",
        "The jury tasted sixty-two recipes in a single afternoon.",
        "Economists had predicted that inflation would slow down.",
        "The audience applauded the orchestra for a quarter of an hour.",
        "Tourists filled hotels and beaches during the warm autumn.",
        "Engineers repaired the old tram line in record time.",
    ),
    (
        "A museum plans an exhibition about it next spring.",
        "Shares of the company rose by three percent.",
        "Schools will offer the subject from September on.",
        "Gardeners hope for rain before the weekend.",
        "The album reached the top of the charts.",
        "A new bakery opens beside the library.",
        "Doctors recommend eight hours of sleep.",
    ),
)
BEGAN = datetime(2021, 11, 8, 8, tzinfo=UTC)


def on_topic(number: int) -> NewsItem:
    """Give one of 40 items that are plainly on the border of Poland and Belarus."""
    event, detail = BORDER[number]
    return NewsItem(
        name=f"border-{number}",
        title=f"{event} for migrants",
        summary=f"{detail} It happened at the Polish border with Belarus.",
        published_at=BEGAN + timedelta(minutes=number),
    )


def off_topic(number: int) -> NewsItem:
    """Give one of 49 items on anything else."""
    titles, openings, ends = ELSEWHERE
    row, column = divmod(number, 7)
    return NewsItem(
        name=f"elsewhere-{number}",
        title=f"{titles[column]}, part {number}",
        summary=f"{openings[row]} {ends[(row + column) % 7]}",
        published_at=BEGAN + timedelta(minutes=number),
    )
