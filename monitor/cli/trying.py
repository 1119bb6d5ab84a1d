"""Try an item on a topic as it begins, before anything came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor import clock
from monitor.feeds.identity import fingerprint
from monitor.records import Item, Reason, Seed, Topic

if TYPE_CHECKING:
    from monitor.topics.track import Tracker

# What a feed shows of an article, about.
LEAD_CHARACTERS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a topic makes of an item, as its first."""

    score: float
    threshold: float
    # What keeps it from an alert; empty if nothing does.
    why: str


def try_item(tracker: Tracker, topic: Topic, item: Item) -> Tried:
    """Judge an item by a topic as it begins; what the user's own words exclude is excluded."""
    from monitor.alerts.decide import refuse

    score = tracker.score(topic.name, item, clock.utc_now())
    refusal = refuse(topic, item, score)
    why = ""
    if refusal is not None:
        words = {
            Reason.NOT_MENTIONED: f"it mentions none of `must_mention`: {refusal.detail}",
            Reason.MENTIONED: f"it mentions {refusal.detail!r} of `never_mention`",
        }
        why = words.get(refusal.reason, refusal.detail)
    return Tried(score=score.value, threshold=score.threshold, why=why)


def make_item(title: str, summary: str, *, is_of_seed: bool = False) -> Item:
    """Make an item as a feed would bring it.

    What is made of the seed's own terms is no sentence: it is in the seed's language.
    """
    from monitor.text.language import language_of

    return Item(
        key="text:",
        guid=None,
        url=None,
        canonical_url=None,
        fingerprint=fingerprint(title, summary),
        title=title,
        summary=summary,
        lang=None if is_of_seed else language_of(title, summary, stated=None, usual=None),
        published_at=None,
    )


def item_of(seed: Seed) -> Item:
    """Make the item that a feed would have brought of a seed."""
    text = " ".join(seed.text.removeprefix(seed.title).split())
    if len(text) > LEAD_CHARACTERS:
        text = text[:LEAD_CHARACTERS].rsplit(" ", 1)[0] + " …"
    return make_item(seed.title, text)
