"""Where the feeds of a configuration stand in its file: what one needs to take one out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.config.faults import Faults
from monitor.config.feeds import read_lists
from monitor.config.tree import read_tree
from monitor.config.values import url_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One mention of a feed."""

    # As in `feeds.world[3]`: the feed's own entry, or that of the list it is in.
    path: str
    group: str
    # As it is written here, variables put in; another mention may spell it otherwise.
    url: str
    # The list's name, as written; None if the entry is the feed itself.
    listed_in: str | None


def places_of(
    text: str, path: Path, environ: Mapping[str, str]
) -> Mapping[tuple[str, ...], tuple[Place, ...]]:
    """Find all mentions of each feed, by its `url_key`, in a text that loads without a fault."""
    faults = Faults(path.name)
    root, _ = read_tree(text, path.name, environ)
    assert root is not None
    groups = root.children["feeds"]
    lists = read_lists(groups, path.parent.absolute(), faults)
    found: dict[tuple[str, ...], list[Place]] = {}
    for name, group in groups.children.items():
        for entry in group.items:
            listed = entry.children.get("opml")
            own = entry.children.get("url", entry).text
            urls = [feed.url for feed in lists[entry.path]] if listed else [own or ""]
            for url in urls:
                place = Place(
                    path=entry.path,
                    group=name,
                    url=url,
                    listed_in=listed.written if listed else None,
                )
                found.setdefault(url_key(url), []).append(place)
    return {key: tuple(places) for key, places in found.items()}
