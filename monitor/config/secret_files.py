"""Which files hold the secrets of a configuration: for who looks after their permissions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from monitor.config.files import secret_path
from monitor.config.tree import Node, read_tree

# Sections whose keys `…_file` name secrets; those of `templates` do not.
SECTIONS = ("receivers", "heartbeat")


def secret_files(path: Path, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Give the files with secrets that a configuration names, each once; it has no faults.

    Raises `OSError`.
    """
    root, _ = read_tree(path.read_text(encoding="utf-8-sig"), path.name, environ)
    sections = [root.children[key] for key in SECTIONS if root is not None and key in root.children]
    names = [name for section in sections for name in _named(section)]
    folder = path.parent.absolute()
    return tuple(dict.fromkeys(secret_path(name, folder, environ) for name in names))


def _named(node: Node) -> Iterator[str]:
    for key, child in node.children.items():
        if key.endswith("_file") and child.text is not None:
            yield child.text
        yield from _named(child)
    for child in node.items:
        yield from _named(child)
