"""Feeds of the configuration: read OPML lists, find repeated feeds, make records of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from monitor.config import builtin
from monitor.config.faults import Faults, shown_file, shown_url
from monitor.config.files import UnreadableError, read_bytes
from monitor.config.shape import FeedShape, OpmlShape
from monitor.config.tree import Node
from monitor.config.values import check_url, split_url, url_key
from monitor.errors import ParseError
from monitor.feeds.opml import MAX_BYTES, OpmlFeed, read_opml
from monitor.records import FeedSpec

# By the path of the entry that names the list.
Lists = Mapping[str, tuple[OpmlFeed, ...]]


def read_lists(groups: Node, folder: Path, faults: Faults) -> Lists:
    """Read every OPML list that a group names; a feed that a list has twice counts once.

    Programs that export lists repeat a feed that is in two of their folders.
    """
    lists: dict[str, tuple[OpmlFeed, ...]] = {}
    for group in groups.children.values():
        for entry in group.items:
            node = entry.children.get("opml")
            if node is not None and node.text is not None:
                listed = _read_list(node, folder, faults)
                lists[entry.path] = _leave_out(entry, node.text, listed, faults)
    return lists


def _leave_out(
    entry: Node, name: str, listed: tuple[OpmlFeed, ...], faults: Faults
) -> tuple[OpmlFeed, ...]:
    """Leave out the feeds of `without`.

    One that is not in a file of the user's is mistyped; a list of ours may have lost it in an
    update, which must not stop anybody's service.
    """
    without = entry.children.get("without")
    known = {url_key(feed.url) for feed in listed}
    unwanted: set[tuple[str, ...]] = set()
    for node in without.items if without else ():
        for url in _valid(node):
            unwanted.add(url_key(url))
            if listed and url_key(url) not in known and not name.startswith(builtin.PREFIX):
                faults.add(node, f"{{}} is not in {Path(name).name}; take it out here")
    return tuple(feed for feed in listed if url_key(feed.url) not in unwanted)


def _list_path(node: Node, folder: Path) -> Path:
    name = node.text or ""
    if name.startswith(builtin.PREFIX):
        return builtin.path_of(name.removeprefix(builtin.PREFIX))
    return folder / name


def _read_list(node: Node, folder: Path, faults: Faults) -> tuple[OpmlFeed, ...]:
    try:
        path = _list_path(node, folder)
    except ValueError as error:
        faults.add(node, str(error))
        return ()
    try:
        listed = read_opml(read_bytes(path, MAX_BYTES))
    except UnreadableError as error:
        faults.add(node, str(error))
        return ()
    except ParseError as error:
        faults.add_in(shown_file(node, path), 0, node, str(error))
        return ()
    if not listed:
        faults.add_in(shown_file(node, path), 0, node, "has no feeds: no outline with an xmlUrl")
    feeds: dict[tuple[str, ...], OpmlFeed] = {}
    for feed in listed:
        try:
            check_url(feed.url)
        except ValueError as error:
            what = str(error).replace("{}", shown_url(feed.url))
            faults.add_in(shown_file(node, path), feed.line, node, what)
        else:
            feeds.setdefault(url_key(feed.url), feed)
    return tuple(feeds.values())


def check_repeats(groups: Node, lists: Lists, faults: Faults) -> None:
    """Find feeds that one group lists twice."""
    for name, group in groups.children.items():
        first: dict[tuple[str, ...], str] = {}
        for entry in group.items:
            node = entry.children.get("url", entry)
            urls = [feed.url for feed in lists.get(entry.path, ())]
            for url in urls or _valid(node):
                key = url_key(url)
                if key in first:
                    shown = shown_url(url) if urls else "{}"
                    what = f"{shown} is in group '{name}' twice; first as {first[key]}"
                    faults.add(entry, what) if urls else faults.add(node, what)
                first.setdefault(key, entry.path)


def _valid(node: Node) -> tuple[str, ...]:
    try:
        return (check_url(node.text),) if node.text is not None else ()
    except ValueError:
        return ()


def build_feeds(
    groups: Mapping[str, Sequence[str | FeedShape | OpmlShape]], lists: Lists, every: timedelta
) -> tuple[FeedSpec, ...]:
    """Make the records of all feeds, each URL once.

    A URL of several groups is one feed of all of them: it keeps the first name and language that
    are given, and the shortest interval that any of them names, else the common one.
    """
    feeds: dict[tuple[str, ...], FeedSpec] = {}
    for group, entries in groups.items():
        for position, entry in enumerate(entries):
            for feed in _specs(group, position, entry, lists, every):
                key = url_key(feed.url)
                feeds[key] = _merge(feeds[key], feed) if key in feeds else feed
    return tuple(replace(feed, name=feed.name or _host(feed.url)) for feed in feeds.values())


def _specs(
    group: str, position: int, entry: str | FeedShape | OpmlShape, lists: Lists, every: timedelta
) -> tuple[FeedSpec, ...]:
    groups = (group,)
    if isinstance(entry, str):
        return (FeedSpec(url=entry, name="", groups=groups, every=every),)
    if isinstance(entry, OpmlShape):
        listed = lists[f"feeds.{group}[{position}]"]
        return tuple(
            FeedSpec(url=feed.url, name=feed.name, groups=groups, every=every, lang=feed.lang)
            for feed in listed
        )
    return (
        FeedSpec(
            url=entry.url,
            name=entry.name or "",
            groups=groups,
            every=entry.every or every,
            has_own_interval=entry.every is not None,
            lang=entry.lang,
        ),
    )


def _merge(known: FeedSpec, again: FeedSpec) -> FeedSpec:
    named = [one.every for one in (known, again) if one.has_own_interval]
    return replace(
        known,
        name=known.name or again.name,
        groups=known.groups + tuple(one for one in again.groups if one not in known.groups),
        every=min(named, default=known.every),
        has_own_interval=bool(named),
        lang=known.lang or again.lang,
    )


def _host(url: str) -> str:
    return (split_url(url).hostname or url).removeprefix("www.")
