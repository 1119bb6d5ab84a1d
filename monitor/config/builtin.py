"""Lists of feeds that come with seedwatch: `opml: builtin:kenya` names one.

They are read where they are installed, so that an update repairs their addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from monitor.config.files import read_bytes
from monitor.config.values import suggest
from monitor.feeds.opml import MAX_BYTES, OpmlFeed, read_opml

PREFIX = "builtin:"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltinList:
    """One list, and what may be chosen by."""

    # As it stands after `builtin:`.
    name: str
    # As people call it: `Bosnia and Herzegovina`.
    title: str
    # ISO 3166-1 in small letters; None for a region of several countries.
    country: str | None
    feeds: tuple[OpmlFeed, ...]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of its feeds, the most frequent first."""
        found = [feed.lang for feed in self.feeds if feed.lang]
        return tuple(sorted(set(found), key=lambda lang: (-found.count(lang), lang)))


@cache
def folder() -> Path:
    """Give the folder of the lists: packed into the wheel, or in a checkout at its top."""
    package = Path(__file__).parents[1]
    packed = package / "starter" / "config" / "feeds"
    return packed if packed.is_dir() else package.parent / "config" / "feeds"


def names() -> tuple[str, ...]:
    """Give the names of all lists, sorted."""
    return tuple(sorted(path.stem for path in folder().glob("*.opml")))


def path_of(name: str) -> Path:
    """Give the file of a list.

    Raises `ValueError` with `{}` where the value belongs: only a known name leads to a file.
    """
    known = names()
    if name not in known:
        near = suggest(name, known)
        cure = near if "did you mean" in near else "; `seedwatch feeds lists` shows them all"
        raise ValueError("{} is no list that comes with seedwatch" + cure)
    return folder() / f"{name}.opml"


def read_builtin(name: str) -> BuiltinList:
    """Read one list by its name."""
    feeds = read_opml(read_bytes(path_of(name), MAX_BYTES))
    return BuiltinList(
        name=name,
        # Each list is one outline with its feeds inside.
        title=feeds[0].groups[0],
        country=feeds[0].country,
        feeds=feeds,
    )


def read_all() -> tuple[BuiltinList, ...]:
    """Read all lists, sorted by name; about a hundred small files."""
    return tuple(read_builtin(name) for name in names())
