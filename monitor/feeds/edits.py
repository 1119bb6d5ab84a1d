"""What a known item says now that it did not say before: an edit, never a new item. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.feeds.identity import fingerprint, words
from monitor.feeds.pairs import ALIKE, LONG_TEXT, MOST_OF, similarity
from monitor.feeds.recognise import MANY, Match
from monitor.feeds.trust import MOST_STRIKES
from monitor.records import Edit, Item, Revision, Trust

# Revisions that are kept of an item: the first ones, and the last (lemon24/reader stops updating
# at the same number). A counter in a summary changes with every poll.
MOST_REVISIONS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A known item that was edited."""

    edit: Edit
    # Its text says something else, so that topics may think otherwise of it.
    is_new_text: bool


def edit_of(match: Match, trust: Trust, now: datetime) -> Edited | None:
    """Say what changed in a known item; None if nothing did that counts.

    Case, punctuation and white space do not count, nor does a date, nor do guids and addresses
    that are known to change. The item keeps its key, and the date that it stated first.
    """
    known, new = match.known, match.item
    old = known.seen.item
    is_capped = known.edits >= MOST_REVISIONS
    changed = []
    if new.fingerprint != old.fingerprint:
        if fingerprint(new.title, "") != fingerprint(old.title, ""):
            changed.append("title")
        if fingerprint("", new.summary) != fingerprint("", old.summary):
            changed.append("summary")
    is_volatile = is_capped or trust.url_strikes >= MOST_STRIKES
    if new.canonical_url != old.canonical_url and (changed or not is_volatile):
        changed.append("address")
    is_volatile = is_capped or trust.guid_strikes >= MOST_STRIKES
    if not changed and (new.guid in {None, old.guid} or is_volatile):
        return None
    item = replace(
        new,
        key=old.key,
        guid=new.guid or old.guid,
        published_at=old.published_at or new.published_at,
    )
    edits = known.edits + 1
    revision = Revision(
        item_id=known.seen.id,
        number=min(edits, MOST_REVISIONS),
        at=now,
        changed=tuple(changed),
        title=old.title,
        summary=old.summary,
        url=old.url,
        lang=old.lang,
    )
    edit = Edit(
        seen=replace(known.seen, item=item), edits=edits, revision=revision if changed else None
    )
    return Edited(edit=edit, is_new_text=bool({"title", "summary"} & set(changed)))


def held(edited: Sequence[Edited], matches: int) -> str:
    """Say why the new texts of a document's known items are not to be told at once.

    A feed that from one poll to the next gives its items summaries, or takes them away, has no
    news. Empty if nothing speaks against it.
    """
    count = sum(one.is_new_text for one in edited)
    if count >= MANY and count >= MOST_OF * matches:
        return f"its feed changed the texts of {count} of its {matches} items at once"
    return ""


def is_same_article(one: Item, other: Item) -> bool:
    """Say whether two items of any feeds are one article, however long one is after the other.

    Neither an address alone is enough (some pages hold many articles) nor a few words are (the
    next warning has the words of the last one).
    """
    if one.fingerprint == other.fingerprint:
        same_url = one.canonical_url is not None and one.canonical_url == other.canonical_url
        return same_url or len(f"{one.title} {one.summary}".split()) >= LONG_TEXT
    if one.canonical_url is None or one.canonical_url != other.canonical_url:
        return False
    texts = (words(f"{item.title} {item.summary}") for item in (one, other))
    return similarity(*texts) >= ALIKE
