"""A newspaper that there is not, with an article on its site and a feed of all that it prints.

with Paper() as paper:
    paper.print(*NEWS)
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Self

from tests.fakes.news import NewsItem, NewsServer
from tests.fakes.web import Reply

HOST = "harbour-daily.example"
FEED = "/harbour-daily"
ARTICLE = f"http://{HOST}/valley/orsa-dam"
TITLE = "Four thousand told to leave as Orsa dam cracks above Castrel"
TEXT = """\
About 4,000 people were told to leave the lower Velm valley on Sunday night after engineers found a
crack in the Orsa dam, the oldest of the three that hold back the river above Castrel.

Water was seeping through the eastern abutment of the dam, the river authority said, and the
spillway had been opened to lower the reservoir by four metres before Wednesday.

“We do not expect the dam to fail, but nobody should sleep below it tonight,” said Marta Oliveri,
who leads the authority. Buses took families from Castrel and Lower Velm to schools in Tarnova.

The Orsa dam was built in 1931. Inspectors had warned of its eastern abutment two years ago, in a
report that the Harbour Daily has seen; repairs were to begin next spring.

The mayor of Castrel, Jon Reva, asked why the evacuation had not been ordered when the first seepage
was measured on Friday. The authority will answer to the regional council on Tuesday.
"""
PAGE = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title} - Harbour Daily</title>
<link rel="alternate" type="application/rss+xml" href="/harbour-daily" title="Harbour Daily"></head>
<body><nav><a href="/">Home</a> <a href="/sport">Sport</a> <a href="/login">Log in</a></nav>
<div class="cookies"><p>We use cookies. Accept all cookies to read on.</p></div>
<article><h1>{title}</h1><p class="byline">By Ines Kolar</p>{text}</article>
<aside><p>Read more: Ten recipes for a rainy week</p></aside>
<footer><p>All rights reserved.</p></footer></body></html>
"""
# What the feed holds when it is first read: (title, summary), the oldest first.
HELD = (
    (
        "Swimming hall opens in the new quarter",
        "The hall has a pool of fifty metres and cost nine million.",
    ),
    (
        "Council wants fewer cars in the old town",
        "From May on only residents may drive to the market square.",
    ),
    (
        "Engineers measure seepage at Orsa dam",
        "The river authority spoke of a routine matter at the dam above Castrel on Friday.",
    ),
    (
        "Harbour wins the derby in the last minute",
        "A header by the captain decided the match against the champions.",
    ),
    (
        TITLE,
        "Engineers found a crack in the Orsa dam; buses took families from Castrel to Tarnova.",
    ),
    (
        "Velm valley farmers count the cost of a dry summer",
        "Maize and sunflowers suffered most between Castrel and the coast.",
    ),
)
# What comes later.
NEWS = (
    "Orsa dam: reservoir falls by two metres, Castrel still empty",
    (
        "The spillway of the Orsa dam stays open. People from Castrel may not go home before the"
        " eastern abutment has been looked at, the river authority said."
    ),
)
RACE = (
    "Castrel race goes on: runners start below the Orsa dam",
    "The race from Castrel to Lower Velm is to be run as planned in April, its organisers say.",
)


class Paper(NewsServer):
    """Serves the article, and a feed that what is printed is added to."""

    def __enter__(self) -> Self:
        super().__enter__()
        text = "".join(f"<p>{one}</p>" for one in TEXT.split("\n\n"))
        page = PAGE.format(title=TITLE, text=text).encode()
        self.route("/valley/orsa-dam", Reply(headers={"Content-Type": "text/html"}, body=page))
        self.open_feed(FEED, "rss")
        for number, (title, summary) in enumerate(HELD):
            self._print(title, summary, timedelta(hours=len(HELD) - number))
        return self

    def print(self, title: str, summary: str) -> None:
        """Print an item now."""
        self._print(title, summary, timedelta(0))

    def _print(self, title: str, summary: str, age: timedelta) -> None:
        published_at = datetime.now(UTC) - age
        name = "-".join(re.findall(r"\w+", title.lower()))
        self.publish(
            FEED,
            NewsItem(name=name, title=title, summary=summary, published_at=published_at),
        )
