"""Try a change of the configuration without writing it: `topics.border.threshold=0.4`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from monitor.config.faults import Faults
from monitor.config.tree import Node, read_tree
from monitor.config.values import suggest
from monitor.errors import Fault

# How faults of a change name their place, in the stead of a file.
PLACE = "--set"
_KEY = re.compile(r"[^.=\[\]\s]+(?:\.[^.=\[\]\s]+)*")
# Of these the second part of a key is a name that has to be there.
_NAMED = {"topics": "topic", "feeds": "group of feeds", "receivers": "receiver"}


def with_changes(
    root: Node, changes: Sequence[str], environ: Mapping[str, str], faults: Faults
) -> Node:
    """Give the tree with some values replaced; each is `KEY=VALUE`, the value as YAML has it.

    Several of one key: the last counts. A key that is no key is a fault.
    """
    for change in changes:
        key, equals, written = change.partition("=")
        key = key.strip()
        if not equals or not _KEY.fullmatch(key):
            what = f"'{change}' is no change; write it like topics.border.threshold=0.4"
            faults.include(Fault(file=PLACE, line=0, path="", what=what))
            continue
        value, found = _value(key, written, environ)
        faults.include(*found)
        if value is not None and _is_known(root, key, faults):
            root = _put(root, key.split("."), value)
    return root


def _value(
    key: str, written: str, environ: Mapping[str, str]
) -> tuple[Node | None, tuple[Fault, ...]]:
    tree, found = read_tree(f"value: {written}", PLACE, environ)
    faults = tuple(replace(one, line=0, path=key) for one in found)
    value = tree.children.get("value") if tree is not None else None
    return (_moved(value, key) if value is not None and not faults else None), faults


def _moved(node: Node, path: str) -> Node:
    """Give a value its place in the configuration; it has no line there."""
    value = node.value
    if isinstance(value, Mapping):
        value = {name: _moved(child, f"{path}.{name}") for name, child in value.items()}
    elif isinstance(value, tuple):
        value = tuple(_moved(child, f"{path}[{place}]") for place, child in enumerate(value))
    return replace(node, path=path, line=0, value=value)


def _is_known(root: Node, key: str, faults: Faults) -> bool:
    first, *rest = key.split(".")
    if first not in _NAMED or not rest:
        return True
    known = root.children.get(first, Node(path="", line=0, value=None)).children
    if rest[0] in known:
        return True
    what = f"unknown {_NAMED[first]} '{rest[0]}'{suggest(rest[0], sorted(known))}"
    faults.include(Fault(file=PLACE, line=0, path=key, what=what))
    return False


def _put(node: Node, parts: Sequence[str], value: Node) -> Node:
    first, *rest = parts
    inside = dict(node.children)
    path = f"{node.path}.{first}" if node.path else first
    below = inside.get(first, Node(path=path, line=0, value={}))
    inside[first] = _put(below, rest, value) if rest else value
    return replace(node, value=inside)


def placed(faults: Sequence[Fault], changes: Sequence[str], file: str) -> tuple[Fault, ...]:
    """Say of those faults of a file that changes have made that they have."""
    keys = [change.partition("=")[0].strip() for change in changes]

    def is_of_change(fault: Fault) -> bool:
        # What a change has put there has no line; neither have keys that nobody knows.
        return any(
            fault.path == key
            or fault.path.startswith((f"{key}.", f"{key}["))
            or key.startswith(f"{fault.path}." if fault.path else "")
            for key in keys
        )

    return tuple(
        replace(one, file=PLACE) if one.file == file and not one.line and is_of_change(one) else one
        for one in faults
    )
