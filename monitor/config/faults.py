"""Collect what is wrong, in plain sentences that never show a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from monitor.config.shape import EXAMPLES, TAGS, known_keys
from monitor.config.tree import Node
from monitor.config.values import suggest
from monitor.errors import Fault

# What below a receiver may be shown; everything else there may be a secret or part of one,
# also when it stands in the wrong place (`slack: https://hooks…`).
_SHOWN_BELOW_RECEIVERS = {
    *("to", "from", "host", "port", "security"),
    *("channel", "updates_in_channel", "atom", "jsonl", "entries", "max_bytes", "lasts"),
}
_WORD = re.compile(r"[A-Za-z_-]{1,20}")
# When a receiver is told is no secret, unless somebody has put an address there.
_SCHEDULE = re.compile(r"receivers\.[^.\[\]]+\.(?:zone|group_wait|digest|quiet|burst)\b")
_LAST_KEY = re.compile(r"([^.\[\]]+)(?:\[\d+\])*$")


# What we say for the words of pydantic, and the cure where no example of the key is better.
_SENTENCES: Mapping[str, tuple[str, str]] = {
    "too_short": ("is empty", "; name at least one"),
    "string_type": ("{} is not a text", "; put it in quotes"),
    "list_type": ("{} is not a list", "; put it in [ ]"),
    "tuple_type": ("{} is not a list", "; put it in [ ]"),
    "dict_type": ("{} is not a mapping of keys to values", ""),
    "model_type": ("{} is not a mapping of keys to values", ""),
    "model_attributes_type": ("{} is not a mapping of keys to values", ""),
    "not_in_feeds": ("{} is not a feed", "; write a URL, {url: URL} or {opml: FILE}"),
    "not_in_receivers": ("{} is not a destination", "; write a kind with its keys below it"),
}


class Faults:
    """The faults found so far in one configuration and the files that it names."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: dict[Fault, None] = {}

    def __len__(self) -> int:
        return len(self._found)

    def add(self, node: Node, what: str, *, line: int | None = None) -> None:
        """Add a fault of the configuration file; `{}` becomes the value, if it may be shown."""
        where = node.line if line is None else line
        self.add_in(self._file, where, node, what.replace("{}", shown(node)))

    def add_in(self, file: str, line: int, node: Node, what: str) -> None:
        """Add a fault of another file, one that the node names."""
        self.include(Fault(file=file, line=line, path=node.path, what=what))

    def include(self, *faults: Fault) -> None:
        """Add faults that are ready; the same one twice counts once."""
        self._found.update(dict.fromkeys(faults))

    def all(self) -> tuple[Fault, ...]:
        """Return them in the order of files and lines."""
        return tuple(sorted(self._found))


def shown(node: Node) -> str:
    """Return a value as a fault may show it: as written, never expanded, never a secret."""
    if isinstance(node.value, Mapping):
        return "a mapping"
    if isinstance(node.value, tuple):
        return "a list"
    if _is_hidden(node):
        return "this value"
    if not isinstance(node.value, str):
        return node.written or "an empty value"
    text = " ".join(_without_password(node.written).split())
    return f"'{text[:77]}...'" if len(text) > 80 else f"'{text}'"


def shown_file(node: Node, path: Path) -> str:
    """Return the name of a file that a node leads to, with its variables as written."""
    named = Path(node.text or "").name == path.name
    return Path(node.written).name if named else path.name


def shown_url(url: str) -> str:
    """Return a URL as a fault may show it."""
    return f"'{_without_password(url)}'"


def _is_hidden(node: Node) -> bool:
    # A URL of a heartbeat is as good as a password.
    if node.path in {"store", "heartbeat", "heartbeat.url"}:
        return True
    if not node.path.startswith("receivers.") or "[" not in node.path:
        return False
    if _SCHEDULE.match(node.path):
        return len(node.written) > 40 or "://" in node.written
    found = _LAST_KEY.search(node.path)
    key = found[1] if found else ""
    if key.endswith("_file"):
        # Somebody may put the secret itself where its file belongs.
        return "://" in node.written or node.written.startswith("whsec_")
    if key in _SHOWN_BELOW_RECEIVERS and "]." in node.path:
        return False
    # A plain word that stands alone is a kind, mistyped at most; with digits it may be a token.
    return "]." in node.path or not _WORD.fullmatch(node.written)


def _without_password(text: str) -> str:
    try:
        parts = urlsplit(text)
        plain = parts.username is None and parts.port != 0 and parts.scheme in {"http", "https"}
    except ValueError:
        plain = False
    return text if plain else re.sub(r"://\S*@", "://***@", text)


def translate(error: ValidationError, root: Node, faults: Faults) -> None:
    """Turn what pydantic found into faults; the values come from the tree, not from the error."""
    for one in error.errors(include_url=False, include_input=False):
        place = tuple(part for part in one["loc"] if part not in TAGS)
        kind = one["type"]
        if kind == "missing":
            parent = _at(root, place[:-1])
            faults.add(parent, f"'{place[-1]}' is missing{_cure(place)}")
        elif kind == "extra_forbidden":
            _unknown_key(_at(root, place[:-1]), one["loc"], faults)
        elif place and place[-1] == "[key]":
            parent = _at(root, place[:-2])
            what = (
                f"'{place[-2]}' is not a name; take 1 to 64 letters, digits, '-' and '_', "
                "a letter or digit first"
            )
            if place[0] == "feeds":
                what += "; parts of a name are set apart by '/'"
            faults.add(parent, what, line=parent.children[str(place[-2])].line)
        else:
            node = _at(root, place)
            if not node.unset:
                faults.add(node, _sentence(kind, one.get("ctx", {}), node, place))


def _unknown_key(parent: Node, loc: tuple[int | str, ...], faults: Faults) -> None:
    key = str(loc[-1])
    known = known_keys(loc[:-1])
    below_receiver = parent.path.startswith("receivers.")
    named = "unknown key" if below_receiver and not _WORD.fullmatch(key) else f"unknown key '{key}'"
    cure = suggest(key, known) if known else "; it takes no keys"
    faults.add(parent, named + cure, line=parent.children[key].line)


def _sentence(
    kind: str, context: Mapping[str, Any], node: Node, place: tuple[int | str, ...]
) -> str:
    if kind == "value_error" and node.value is not None:
        return str(context["error"])
    example = _cure(place)
    if node.value is None:
        return "has no value" + (example or "; give it one or remove the key")
    if kind == "union_tag_not_found":
        kind = "list_type" if len(place) == 2 else f"not_in_{place[0]}"
    what, cure = _SENTENCES.get(kind, ("{} is not accepted here", ""))
    if kind == "string_type" and isinstance(node.value, Mapping | tuple):
        cure = ""
    return what + (example or cure)


def _cure(place: tuple[int | str, ...]) -> str:
    example = EXAMPLES.get(_pattern(place))
    return f"; write it like {place[-1]}: {example}" if example else ""


def _at(root: Node, place: tuple[int | str, ...]) -> Node:
    # As deep as the file goes: a place that it lacks is reported where it would be.
    node = root
    for part in place:
        if isinstance(part, int):
            if part >= len(node.items):
                break
            node = node.items[part]
        elif part in node.children:
            node = node.children[part]
        else:
            break
    return node


def _pattern(place: tuple[int | str, ...]) -> str:
    # `topics.border.seeds` -> `topics.*.seeds`: names are the user's.
    if place and isinstance(place[-1], int):
        return ""
    parts = [str(part) for part in place if isinstance(part, str)]
    if len(parts) > 1 and parts[0] in {"topics", "feeds", "receivers", "templates"}:
        parts[1] = "*"
    if parts[:1] == ["receivers"] and parts[2:3] == ["to"] and len(parts) > 3:
        # A destination is the same with and without a schedule beside it.
        del parts[2]
    return ".".join(parts)
