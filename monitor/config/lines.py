"""Where in the configuration file a key stands, for what is said of it after it was loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from monitor.config.files import UnreadableError, read_bytes
from monitor.config.tree import Node, read_tree

_MAX_BYTES = 1_000_000


def read_lines(path: Path, environ: Mapping[str, str]) -> dict[str, int]:
    """Give the line of each key and entry by its dotted path; nothing of a file without a tree."""
    try:
        text = read_bytes(path, _MAX_BYTES).decode("utf-8-sig")
    except (UnreadableError, UnicodeDecodeError):
        return {}
    root, _ = read_tree(text, path.name, environ)
    lines: dict[str, int] = {}
    if root is not None:
        _note(root, lines)
    return lines


def _note(node: Node, lines: dict[str, int]) -> None:
    lines[node.path] = node.line
    for child in (*node.children.values(), *node.items):
        _note(child, lines)
