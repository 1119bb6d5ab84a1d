"""What an imported list adds to the feeds that there are, and what it does not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from monitor.feeds.identity import canonical_url
from monitor.feeds.opml import OpmlFeed

# Where feeds of a list go that are in none of its groups.
USUAL_GROUP = "imported"
# What the configuration allows.
LONGEST_PART = 64
MOST_PARTS = 8

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A feed that is not taken, and why."""

    feed: OpmlFeed
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What an import would do."""

    # By the name of the group, in the order of the list.
    added: Mapping[str, tuple[OpmlFeed, ...]]
    refused: tuple[Refused, ...]

    @property
    def feeds(self) -> int:
        """How many feeds come in; one of two groups counts once."""
        return len({feed.url for feeds in self.added.values() for feed in feeds})


def plan_intake(listed: Iterable[OpmlFeed], known: Mapping[str, str], group: str | None) -> Intake:
    """Sort the feeds of a list into groups.

    `known` are the canonical addresses that there are, each with where it is. A feed that is known
    in any spelling is refused. One that a list has in several of its groups comes into each of
    them, by its first spelling, so that it is one feed.
    """
    names = _Names(group)
    added: dict[str, list[OpmlFeed]] = {}
    refused: list[Refused] = []
    first: dict[str, OpmlFeed] = {}
    for feed in listed:
        key = canonical_url(feed.url)
        if key is None:
            refused.append(Refused(feed=feed, why="no address that can be compared"))
            continue
        if key in known:
            refused.append(Refused(feed=feed, why=f"is there already: {known[key]}"))
            continue
        same = first.setdefault(key, feed)
        into = added.setdefault(names.of(feed.groups), [])
        if same in into:
            why = "is in this group of the list twice"
            refused.append(Refused(feed=feed, why=f"{why}; first on line {same.line}"))
        else:
            into.append(same)
    return Intake(
        added={name: tuple(feeds) for name, feeds in added.items()}, refused=tuple(refused)
    )


class _Names:
    """Names for the groups of a list, fit for the configuration; no two groups share one."""

    def __init__(self, outer: str | None) -> None:
        self._outer = outer
        self._named: dict[tuple[str, ...], str] = {}
        self._used: set[str] = set()

    def of(self, groups: tuple[str, ...]) -> str:
        """Give the name of a group: its title's letters, those of its outer groups before."""
        if not groups:
            return self._outer or USUAL_GROUP
        if groups in self._named:
            return self._named[groups]
        outer = self.of(groups[:-1]) if len(groups) > 1 else self._outer
        # Deeper than a name can be: what is inside stays together with what is around it.
        if outer and outer.count("/") + 1 >= MOST_PARTS:
            return outer
        before = f"{outer}/" if outer else ""
        name = next(
            before + part for part in _spellings(groups[-1]) if before + part not in self._used
        )
        self._named[groups] = name
        self._used.add(name)
        return name


def _spellings(title: str) -> Iterator[str]:
    """Give ways to write a title as a name: its Latin letters, then with numbers.

    >>> spellings = _spellings("Łódź & São Paulo!")
    >>> next(spellings), next(spellings), next(_spellings("Новости"))
    ('odz-sao-paulo', 'odz-sao-paulo-2', 'group')
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    stem = _NOT_IN_A_NAME.sub("-", plain).strip("-_")[: LONGEST_PART - 6].rstrip("-_") or "group"
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1
