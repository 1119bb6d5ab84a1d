"""Change the feeds of a configuration's text; every other character of it stays.

ruamel.yaml tells where each value begins and ends, and the text is changed there. Its own writer
is not used: it sets spaces anew, and a comment goes with the entry before it.
A last line without an end gets one. What comes out is not looked at here: whoever writes it
loads it first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from monitor.feeds.opml import OpmlFeed

_PLACE = re.compile(r"feeds\.(?P<group>[^\[\]]+)\[(?P<position>\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A piece of the text that is replaced."""

    start: int
    end: int
    by: str


def add_feeds(text: str, added: Mapping[str, Sequence[str]]) -> str:
    """Add entries, as `entry` writes them, at the end of groups; a group that is not there begins.

    Raises `ValueError` if the text has no feeds.
    """
    page = _Page(text)
    groups = page.groups()
    changes = []
    new: dict[str, Sequence[str]] = {}
    for name, entries in added.items():
        if name in groups:
            changes.append(page.longer(groups[name], entries))
        else:
            new[name] = entries
    if new:
        changes.append(page.more_groups(new))
    return page.with_changes(changes)


def add_topic(text: str, name: str, lines: Sequence[str]) -> str:
    """Add a topic behind the last: a line for each of its keys, `feeds: [world]`.

    Raises `ValueError` if the text has no topics.
    """
    page = _Page(text)
    return page.with_changes([page.another_topic(name, lines)])


def add_seed(text: str, topic: str, seed: str) -> str:
    """Add a file to the seeds of a topic. Raises `ValueError` if there is no such list."""
    page = _Page(text)
    return page.with_changes([page.longer(page.at("topics", topic, "seeds"), [quoted(seed)])])


def replace_values(text: str, values: Mapping[tuple[str, ...], str]) -> str:
    """Put texts in the place of values, by their keys from the outermost in.

    Raises `ValueError` if there is no such value.
    """
    page = _Page(text)
    return page.with_changes([page.other(keys, by) for keys, by in values.items()])


def rename_topic(text: str, was: str, name: str) -> str:
    """Give a topic another name. Raises `ValueError` if there is none of that name."""
    page = _Page(text)
    return page.with_changes([page.other_key("topics", was, name)])


def drop_feeds(text: str, places: Iterable[str]) -> str:
    """Take entries out, named like `feeds.world[3]`; the last one of a group must stay.

    Raises `ValueError` if there is no such entry.
    """
    page = _Page(text)
    gone: dict[str, set[int]] = {}
    for place in places:
        group, position = _split(place)
        gone.setdefault(group, set()).add(position)
    groups = page.groups()
    changes = [
        change
        for group, positions in gone.items()
        for change in page.shorter(_sequence(groups, group), positions)
    ]
    return page.with_changes(changes)


def leave_out(text: str, unwanted: Mapping[str, Sequence[str]]) -> str:
    """Add addresses to `without` of lists, which are named like `feeds.world[0]`.

    Raises `ValueError` if there is no such group.
    """
    page = _Page(text)
    groups = page.groups()
    changes = []
    for place, urls in unwanted.items():
        group, position = _split(place)
        listed = _sequence(groups, group).value[position]
        entries = [quoted(url) for url in urls]
        known = dict(_pairs(listed)).get("without")
        if isinstance(known, SequenceNode):
            changes.append(page.longer(known, entries))
        else:
            changes.append(page.another_key(listed, "without", entries))
    return page.with_changes(changes)


def entry(feed: OpmlFeed) -> str:
    r"""Write a feed as an entry of a group, on one line.

    >>> entry(OpmlFeed(url="https://a.example/", name='The "A" $$', lang="en"))
    '{url: "https://a.example/", name: "The \\"A\\" $$$$", lang: en}'
    >>> entry(OpmlFeed(url="https://a.example/", name=""))
    '"https://a.example/"'
    """
    name = " ".join("".join(one if one.isprintable() else " " for one in feed.name).split())
    has_name = any(one.isalnum() for one in name)
    if not has_name and not feed.lang:
        return quoted(feed.url)
    parts = [f"url: {quoted(feed.url)}"]
    parts += [f"name: {quoted(name)}"] if has_name else []
    # In quotes where YAML 1.1, which editors still read, takes it for false.
    parts += [f"lang: {quoted('no') if feed.lang == 'no' else feed.lang}"] if feed.lang else []
    return "{" + ", ".join(parts) + "}"


def quoted(text: str) -> str:
    """Write a text in quotes; what would be a variable (`${HOME}`) stays what it is."""
    return json.dumps(text.replace("$", "$$"), ensure_ascii=False)


def _split(place: str) -> tuple[str, int]:
    found = _PLACE.fullmatch(place)
    if not found:
        raise ValueError(f"{place} is no entry of a group")
    return found["group"], int(found["position"])


def _sequence(groups: Mapping[str, Any], name: str) -> SequenceNode:
    node = groups.get(name)
    if isinstance(node, SequenceNode):
        return node
    raise ValueError(f"there is no group {name}")


def _pairs(node: MappingNode) -> list[tuple[str, Any]]:
    return [(str(key.value), value) for key, value in node.value]


class _Page:
    """A text with the places of its values."""

    def __init__(self, text: str) -> None:
        self._break = "\r\n" if "\r\n" in text else "\n"
        self._text = text if text.endswith("\n") else text + self._break
        yaml: Any = YAML(typ="safe", pure=True)
        yaml.composer.warn_double_anchors = False
        self._root: Any = yaml.compose(text)

    def groups(self) -> dict[str, Any]:
        """Give the groups of feeds by name."""
        return dict(_pairs(self._feeds()))

    def _feeds(self) -> MappingNode:
        if isinstance(self._root, MappingNode):
            feeds = dict(_pairs(self._root)).get("feeds")
            if isinstance(feeds, MappingNode) and feeds.value:
                return feeds
        raise ValueError("there are no feeds")

    def at(self, *keys: str) -> Any:
        """Give the value that keys lead to. Raises `ValueError` if there is none."""
        node = self._root
        for key in keys:
            inside = dict(_pairs(node)) if isinstance(node, MappingNode) else {}
            if key not in inside:
                raise ValueError(f"there is no {'.'.join(keys)}")
            node = inside[key]
        return node

    def other(self, keys: Sequence[str], by: str) -> Change:
        """Put a text in the place of a value."""
        node = self.at(*keys)
        start = node.start_mark.index
        if by[0] in "[{" and not getattr(node, "flow_style", True):
            # A block began on a line of its own, what stands on one line stands behind its key.
            start, by = self._text.rfind(":", 0, start) + 1, f" {by}"
        return Change(start=start, end=_end(node), by=by)

    def other_key(self, parent: str, was: str, name: str) -> Change:
        """Put a text in the place of a key."""
        for key, _ in self.at(parent).value:
            if key.value == was:
                return Change(start=key.start_mark.index, end=key.end_mark.index, by=name)
        raise ValueError(f"there is no {parent}.{was}")

    def another_topic(self, name: str, lines: Sequence[str]) -> Change:
        """Add a topic behind the last."""
        node = self.at("topics")
        if not isinstance(node, MappingNode) or not node.value:
            raise ValueError("there are no topics")
        end = _end(node.value[-1][1])
        if node.flow_style:
            return Change(start=end, end=end, by=f", {name}: {{{', '.join(lines)}}}")
        written = [f"{name}:", *(f"  {line}" for line in lines)]
        return self._lines_after(end, written, node.start_mark.column)

    def longer(self, node: SequenceNode, entries: Sequence[str]) -> Change:
        """Add entries at the end of a list."""
        if not node.value:
            start, end = node.start_mark.index, node.end_mark.index
            return Change(start=start, end=end, by=f"[{', '.join(entries)}]")
        end = _end(node.value[-1])
        if node.flow_style:
            return Change(start=end, end=end, by="".join(f", {one}" for one in entries))
        return self._lines_after(end, [f"- {one}" for one in entries], node.start_mark.column)

    def more_groups(self, new: Mapping[str, Sequence[str]]) -> Change:
        """Add groups behind the last."""
        node = self._feeds()
        end = _end(node.value[-1][1])
        if node.flow_style:
            written = (f", {name}: [{', '.join(entries)}]" for name, entries in new.items())
            return Change(start=end, end=end, by="".join(written))
        lines = [
            line
            for name, entries in new.items()
            for line in (f"{name}:", *(f"  - {one}" for one in entries))
        ]
        return self._lines_after(end, lines, node.start_mark.column)

    def another_key(self, node: MappingNode, key: str, entries: Sequence[str]) -> Change:
        """Add a key with a list behind the last key of a mapping."""
        end = _end(node.value[-1][1])
        if node.flow_style:
            return Change(start=end, end=end, by=f", {key}: [{', '.join(entries)}]")
        lines = [f"{key}:", *(f"  - {one}" for one in entries)]
        return self._lines_after(end, lines, node.start_mark.column)

    def shorter(self, node: SequenceNode, gone: set[int]) -> list[Change]:
        """Take entries out of a list."""
        items = node.value
        if not gone or max(gone) >= len(items):
            raise ValueError("there is no such entry")
        if node.flow_style:
            kept = [one for place, one in enumerate(items) if place not in gone]
            written = ", ".join(self._text[one.start_mark.index : _end(one)] for one in kept)
            return [Change(start=items[0].start_mark.index, end=_end(items[-1]), by=written)]
        return [
            Change(
                start=self._line_start(items[place].start_mark.index),
                end=self._line_end(_end(items[place])),
                by="",
            )
            for place in gone
        ]

    def _lines_after(self, end: int, lines: Sequence[str], column: int) -> Change:
        place = self._line_end(end)
        written = "".join(f"{' ' * column}{line}{self._break}" for line in lines)
        return Change(start=place, end=place, by=written)

    def _line_start(self, place: int) -> int:
        return self._text.rfind("\n", 0, place) + 1

    def _line_end(self, place: int) -> int:
        """Give where the next line begins."""
        found = self._text.find("\n", place)
        return len(self._text) if found < 0 else found + 1

    def with_changes(self, changes: Iterable[Change]) -> str:
        """Give the text with all changes made, those at one place in the order given."""
        pieces: list[str] = []
        done = 0
        for change in sorted(changes, key=lambda one: one.start):
            pieces += (self._text[done : change.start], change.by)
            done = change.end
        return "".join([*pieces, self._text[done:]])


def _end(node: Any) -> int:
    """Give where a value ends; that of a block is where its last value does."""
    if isinstance(node, ScalarNode) or node.flow_style or not node.value:
        end: int = node.end_mark.index
        return end
    last = node.value[-1]
    return _end(last[1] if isinstance(node, MappingNode) else last)
