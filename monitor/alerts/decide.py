"""Decide whether an item becomes an alert, and say why, both ways. Pure."""

from __future__ import annotations

import unicodedata

import regex

from monitor.records import Decision, Item, Reason, Score, SeenItem, Story, Topic
from monitor.topics.story import Link


def decide(topic: Topic, seen: SeenItem, story: Story, link: Link | None, news: str) -> Decision:
    """Take the decision of one topic on one new item that is on-topic.

    `story` is the story that the item belongs to, as it was before; `link` says how it came to it
    (None if it opens the story), `news` what it adds to a story already told (empty if nothing).

    The order of the rules is the order in which a reader would ask: is it told already, was it
    there before we came?
    """
    if link is not None and story.told:
        if news and not (seen.baseline or seen.held):
            return _yes(topic, Reason.UPDATE, story_id=story.id, detail=news)
        reason = Reason.COPY if link.is_copy else Reason.FOLLOW_UP
        return _no(topic, reason, story_id=story.id, detail=link.why)
    if seen.baseline:
        return _no(topic, Reason.BASELINE, story_id=story.id)
    if seen.held:
        return _no(topic, Reason.HELD, story_id=story.id, detail=seen.held)
    return _yes(topic, Reason.FIRST_STORY, story_id=story.id)


def refuse(topic: Topic, item: Item, score: Score) -> Decision | None:
    """Decline an item that is not on-topic, or that the user's own words exclude."""
    if not score.on_topic:
        return _no(topic, Reason.BELOW_THRESHOLD, detail=score.lacks)
    text = f"{item.title}\n{item.summary}"
    if topic.must_mention and not any(mentions(text, words) for words in topic.must_mention):
        return _no(topic, Reason.NOT_MENTIONED, detail=", ".join(topic.must_mention))
    for words in topic.never_mention:
        if mentions(text, words):
            return _no(topic, Reason.MENTIONED, detail=words)
    return None


def mentions(text: str, words: str) -> bool:
    """Say whether a text has the words as whole words, whatever the case.

    >>> mentions("Car-T therapy approved", "car"), mentions("Scar tissue", "car")
    (True, False)
    """
    # A keyboard may put an accent beside its letter, where a feed has both in one.
    text, words = unicodedata.normalize("NFC", text), unicodedata.normalize("NFC", words)
    pattern = r"(?<!\w)" + r"\s+".join(regex.escape(word) for word in words.split()) + r"(?!\w)"
    return regex.search(pattern, text, regex.IGNORECASE | regex.FULLCASE) is not None


def _no(topic: Topic, reason: Reason, *, story_id: str | None = None, detail: str = "") -> Decision:
    return Decision(topic=topic.name, alert=False, reason=reason, story_id=story_id, detail=detail)


def _yes(topic: Topic, reason: Reason, *, story_id: str, detail: str = "") -> Decision:
    return Decision(topic=topic.name, alert=True, reason=reason, story_id=story_id, detail=detail)
