"""Topics of the configuration: read their seeds, check whom they name, make records of them."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from monitor.config.faults import Faults, shown_file
from monitor.config.files import UnreadableError, read_bytes
from monitor.config.shape import TopicShape
from monitor.config.tree import Node
from monitor.config.values import Rate, suggest
from monitor.records import Expected, Seed, Topic

MAX_SEED_BYTES = 1_000_000
# Fewer words have too few rare terms to tell one topic from the next.
MIN_SEED_WORDS = 20
_LONGEST_TITLE = 200

# Some archives begin a text with ` date 2021-11-08 `: neither its words nor its title.
_DATE_MARK = re.compile(r"\s*date\s+\d{4}-\d{2}-\d{2}\s+", re.IGNORECASE)
# Chinese, Japanese and Korean have no spaces between words: each sign counts.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
# `U.S.` and `Mr.` end no sentence.
_SENTENCE = re.compile(r".+?(?<!\b[A-Z])(?<!\b[A-Z]\w)[.!?…][\"'”\u2019»)\]]*(?=\s|$)", re.DOTALL)


def read_all_seeds(topics: Node, folder: Path, faults: Faults) -> Mapping[str, tuple[Seed, ...]]:
    """Read the seeds of every topic, in the order of the file."""
    return {name: _read_seeds(topic, folder, faults) for name, topic in topics.children.items()}


def _read_seeds(topic: Node, folder: Path, faults: Faults) -> tuple[Seed, ...]:
    seeds: list[Seed] = []
    known: set[str] = set()
    listed = topic.children.get("seeds")
    for node in listed.items if listed else ():
        for path in _paths(node, folder, faults):
            place = os.path.normpath(path)
            if place in known:
                faults.add(node, f"'{shown_file(node, path)}' is a seed of this topic twice")
                continue
            known.add(place)
            seed = _read_seed(node, path, faults)
            if seed:
                seeds.append(seed)
    return tuple(seeds)


def _paths(node: Node, folder: Path, faults: Faults) -> tuple[Path, ...]:
    if node.text is None:
        return ()
    if "://" in node.text:
        faults.add(node, "{} is a URL; save the article's text into a file and name that")
        return ()
    path = folder / node.text
    try:
        if not node.text.strip() or not path.is_dir():
            return (path,)
        inside = sorted(one for one in path.iterdir() if one.suffix.lower() in {".txt", ".md"})
    except (OSError, ValueError):
        # Reading it will say what is wrong with it.
        return (path,)
    if not inside:
        faults.add(node, "{} is a folder without *.txt and *.md")
    return tuple(inside)


def _read_seed(node: Node, path: Path, faults: Faults) -> Seed | None:
    shown = shown_file(node, path)
    try:
        body = read_bytes(path, MAX_SEED_BYTES)
    except UnreadableError as error:
        # Of a folder it takes the file's name to say which.
        inside = path.name != Path(node.text or "").name
        faults.add(node, str(error).replace("{}", f"'{shown}'") if inside else str(error))
        return None
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        faults.add_in(shown, line, node, "is not UTF-8; save it as UTF-8")
        return None
    seed = make_seed(path.name, text)
    words = len(_WORD.findall(seed.text))
    if not words:
        faults.add_in(shown, 0, node, "is empty; paste the article's text into it")
    elif words < MIN_SEED_WORDS:
        what = f"has too few words ({words}); a seed needs {MIN_SEED_WORDS}"
        faults.add_in(shown, 0, node, what)
    return seed


def make_seed(name: str, text: str) -> Seed:
    """Make a seed of a text: its title is the first line if that looks like one.

    Else the title is the first sentence. The text keeps its title, and loses a leading date mark.

    >>> make_seed("a.txt", " date 2021-11-08 Poland shut a border. Guards came.").title
    'Poland shut a border.'
    """
    mark = _DATE_MARK.match(text)
    text = text[mark.end() :].strip() if mark else text.strip()
    first, more, _ = text.partition("\n")
    # Markdown's `# Title`.
    title = first.lstrip("#").strip()
    if not more or len(title) > _LONGEST_TITLE:
        sentence = _SENTENCE.match(title)
        title = sentence[0] if sentence else title
    return Seed(name=name, title=title, text=text)


def check_names(
    topics: Node, groups: Collection[str], receivers: Collection[str], faults: Faults
) -> None:
    """Find names of feed groups and receivers that nothing is called by, or that come twice."""
    for topic in topics.children.values():
        for key, what, known in (
            ("feeds", "group of feeds", groups),
            ("receivers", "receiver", receivers),
        ):
            check_listed(topic.children.get(key), what, known, faults)


def check_listed(listed: Node | None, what: str, known: Collection[str], faults: Faults) -> None:
    """Find names in a list that nothing is called by, or that come twice."""
    seen: set[str] = set()
    for node in listed.items if listed else ():
        if node.text is None:
            continue
        if not _is_known(node.text, known):
            faults.add(node, f"unknown {what} {{}}" + suggest(node.text, sorted(known)))
        elif node.text in seen:
            faults.add(node, "{} is listed twice")
        seen.add(node.text)


def _is_known(name: str, known: Collection[str]) -> bool:
    # Only groups of feeds have parts, so that this is right for receivers, too.
    return any(one == name or one.startswith(f"{name}/") for one in known)


def widen(groups: Collection[str], known: Collection[str]) -> tuple[str, ...]:
    """Give the groups that a topic reads: those it names and all that lie in them.

    >>> widen(["europe"], ["world", "europe/baltic", "european"])
    ('europe/baltic',)
    """
    read = (one for name in groups for one in known if one == name or one.startswith(f"{name}/"))
    return tuple(dict.fromkeys(read))


def build_topic(
    name: str,
    shape: TopicShape,
    seeds: tuple[Seed, ...],
    known: Collection[str],
    expected: tuple[Expected, ...] = (),
) -> Topic:
    """Make the record of a topic that has no faults; `known` are all groups of feeds."""
    return Topic(
        name=name,
        seeds=seeds,
        groups=widen(shape.feeds or (), known),
        threshold=None if isinstance(shape.threshold, Rate) else shape.threshold,
        alerts_per_week=(
            shape.threshold.alerts_per_week if isinstance(shape.threshold, Rate) else None
        ),
        must_mention=tuple(shape.must_mention),
        never_mention=tuple(shape.never_mention),
        receivers=tuple(shape.receivers),
        urgent=shape.urgent,
        expected=expected,
        reports=shape.report,
    )
