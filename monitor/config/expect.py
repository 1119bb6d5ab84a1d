"""What a topic's `expect` names: texts, files and addresses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from monitor.config.faults import Faults
from monitor.config.files import UnreadableError, read_bytes
from monitor.config.topics import make_seed
from monitor.config.tree import Node
from monitor.records import Expected

# `file:articles/strike.txt` is a file, relative to the configuration.
FILE = "file:"
_MAX_BYTES = 1_000_000
# About what a feed shows of an article: what it would be judged by.
LEAD_CHARACTERS = 400


def check_files(topics: Node, folder: Path, faults: Faults) -> None:
    """Find files that an `expect` names and that cannot be read."""
    for topic in topics.children.values():
        expect = topic.children.get("expect")
        for key in ("match", "ignore"):
            listed = expect.children.get(key) if expect else None
            for node in listed.items if listed else ():
                if node.text is not None and node.text.startswith(FILE):
                    _check_file(node, folder, faults)


def _check_file(node: Node, folder: Path, faults: Faults) -> None:
    try:
        text = _read(node.text or "", folder)
    except UnreadableError as error:
        faults.add(node, str(error))
    except (UnicodeDecodeError, ValueError):
        faults.add(node, "{} is not a text in UTF-8")
    else:
        if not any(sign.isalnum() for sign in text):
            faults.add(node, "{} has no word in it")


def build_expected(
    key: str, written: Sequence[str], folder: Path, *, wanted: bool
) -> tuple[Expected, ...]:
    """Make the records of what is expected; its files were found to be right."""
    return tuple(
        _expected(f"{key}[{number}]", one, folder, wanted=wanted)
        for number, one in enumerate(written)
    )


def _expected(path: str, written: str, folder: Path, *, wanted: bool) -> Expected:
    if is_address(written):
        return Expected(path=path, wanted=wanted, written=written, url=written)
    if not written.startswith(FILE):
        return Expected(path=path, wanted=wanted, written=written, title=written)
    found = make_seed(written, _read(written, folder))
    lead = found.text.removeprefix(found.title).lstrip("# \n")
    return Expected(
        path=path, wanted=wanted, written=written, title=found.title, summary=lead_of(lead)
    )


def lead_of(text: str) -> str:
    """Give the beginning of an article, as long as what feeds show of one."""
    text = " ".join(text.split())
    if len(text) <= LEAD_CHARACTERS:
        return text
    return text[:LEAD_CHARACTERS].rsplit(" ", 1)[0] + " …"


def is_address(written: str) -> bool:
    """Say whether an entry is an address: one word that begins as one.

    >>> is_address("https://lrt.example/1"), is_address("https://lrt.example shuts down")
    (True, False)
    """
    return written.startswith(("http://", "https://")) and len(written.split()) == 1


def _read(written: str, folder: Path) -> str:
    return read_bytes(folder / written.removeprefix(FILE).strip(), _MAX_BYTES).decode("utf-8-sig")
