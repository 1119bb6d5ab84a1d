"""`add`: the seed file and the configuration, written together or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.cli.add_article import Taken
from monitor.cli.add_feeds import Found
from monitor.cli.starter import starter_folder
from monitor.config import Settings, load
from monitor.config.edit import add_feeds, add_seed, add_topic, rename_topic, replace_values
from monitor.config.rewrite import draft, read_text, write
from monitor.errors import ConfigError, SeedwatchError

# The topic and receiver of the starter configuration.
STARTER_TOPIC = "belarus-eu-border"
STARTER_RECEIVER = "newsroom"
NEW_CONFIG = Path("config/seedwatch.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be written, and not yet is."""

    config: Path
    # The configuration as it is, None if there is none, and as it would be.
    was: bytes | None
    before: str
    after: str
    seed: Path
    topic: str


def new_topic(
    settings: Settings | None,
    name: str,
    found: Sequence[Found],
    receivers: Sequence[str],
) -> Change:
    """Plan a new topic: its seed, its feeds in a group of its name, its receivers."""
    mine = [one for one in found if one.group is None]
    kept = list(dict.fromkeys(one.group for one in found if one.group is not None))
    if settings is None:
        return _first(name, mine)
    was, text = read_text(settings.path)
    group = _free(name, {group for feed in settings.feeds for group in feed.groups})
    seed = _seed_path(settings.path, name)
    reads = [*kept, *([group] if mine else [])]
    lines = [
        f"seeds: [{_relative(seed, settings.path)}]",
        f"feeds: [{', '.join(reads)}]",
        f"receivers: [{', '.join(receivers)}]",
    ]
    after = add_topic(text, name, lines)
    if mine:
        after = add_feeds(after, {group: [one.entry for one in mine]})
    return Change(config=settings.path, was=was, before=text, after=after, seed=seed, topic=name)


def another_seed(settings: Settings, topic: str, name: str) -> Change:
    """Plan a further seed of a topic."""
    was, text = read_text(settings.path)
    seed = _seed_path(settings.path, name)
    try:
        after = add_seed(text, topic, _relative(seed, settings.path))
    except ValueError as error:
        raise SeedwatchError(
            f"{settings.path} is put together in a way that cannot be added to ({error});"
            f" save the text as {seed} and name it in the seeds of {topic}"
        ) from error
    return Change(config=settings.path, was=was, before=text, after=after, seed=seed, topic=topic)


def _first(name: str, found: Sequence[Found]) -> Change:
    """Plan what `init` would write, with this topic and these feeds in place of the starter's."""
    text = (starter_folder() / NEW_CONFIG).read_text(encoding="utf-8")
    seed = _seed_path(NEW_CONFIG.absolute(), name)
    entries = "".join(f"\n    - {one.entry}" for one in found)
    after = replace_values(
        text,
        {
            ("topics", STARTER_TOPIC, "seeds"): f"[{_relative(seed, NEW_CONFIG.absolute())}]",
            ("topics", STARTER_TOPIC, "feeds"): f"[{name}]",
            ("topics", STARTER_TOPIC, "expect"): "{match: [], ignore: []}",
            ("feeds",): f"{name}:{entries}",
        },
    )
    after = rename_topic(after, STARTER_TOPIC, name)
    return Change(config=NEW_CONFIG, was=None, before="", after=after, seed=seed, topic=name)


def _free(name: str, known: set[str]) -> str:
    number, free = 2, name
    while free in known:
        free, number = f"{name}-{number}", number + 1
    return free


def _seed_path(config: Path, name: str) -> Path:
    """Give where the seed goes: into `seeds` beside the folder or in it, under a free name."""
    folder = config.absolute().parent
    beside = folder.parent / "seeds"
    is_starter = folder.name == "config" and config.name == NEW_CONFIG.name
    place = beside if beside.is_dir() or is_starter else folder / "seeds"
    number, path = 2, place / f"{name}.txt"
    while path.exists():
        path, number = place / f"{name}-{number}.txt", number + 1
    return path


def _relative(seed: Path, config: Path) -> str:
    return Path(os.path.relpath(seed, config.absolute().parent)).as_posix()


def carry_out(change: Change, taken: Taken) -> None:
    """Write seed and configuration, once the new configuration is known to be right as a whole.

    Raises `SeedwatchError` if it is not, or if a file cannot be written; then all is as it was.
    """
    with _undone_on_failure() as made:
        _create(change.seed, taken.text.encode(), made)
        if change.was is not None:
            found = draft(change.config, change.was, change.after, os.environ)
            _check(found.settings, change, taken)
            write(found)
            return
        for source in sorted((starter_folder() / "config").glob("*.json")):
            goal = change.config.parent / source.name
            if not goal.exists():
                _create(goal, source.read_bytes(), made)
        _create(change.config, change.after.encode(), made)
        try:
            _check(load(change.config, os.environ), change, taken)
        except ConfigError as error:
            raise SeedwatchError(f"nothing was written: it would not be right: {error}") from error


def _check(settings: Settings, change: Change, taken: Taken) -> None:
    """See that the file says what was shown: a text put together by hand may read otherwise."""
    seeds = {
        seed.text for topic in settings.topics if topic.name == change.topic for seed in topic.seeds
    }
    if taken.seed(change.seed.name).text not in seeds:
        raise SeedwatchError(
            f"nothing was written: {change.config} is put together in a way that cannot be added to"
        )


def _create(path: Path, body: bytes, made: list[Path]) -> None:
    """Write a file that must not be there; remember what was made for it."""
    try:
        folders = [one for one in (path.parent, *path.parent.parents) if not one.exists()]
        for folder in reversed(folders):
            folder.mkdir()
            made.append(folder)
        with path.open("xb") as file:
            made.append(path)
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise SeedwatchError(
            f"nothing was written: {path} has come meanwhile; try again"
        ) from error
    except OSError as error:
        raise SeedwatchError(
            f"nothing was written: {path} cannot be made: {error.strerror}"
        ) from error


@contextmanager
def _undone_on_failure() -> Iterator[list[Path]]:
    """Take away what was made, the last first, if the rest fails."""
    made: list[Path] = []
    try:
        yield made
    except BaseException:
        for path in reversed(made):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
        raise
