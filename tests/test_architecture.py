"""The floors of the house, read off the syntax tree. There is no list of exceptions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "monitor"

# The first part of a module's name that is found here gives its floor.
FLOORS = {
    "monitor.records": 0,
    "monitor.errors": 0,
    "monitor.targets": 0,
    "monitor.subscription": 0,
    "monitor.findings": 0,
    "monitor.text": 1,
    "monitor.feeds": 1,
    "monitor.topics": 1,
    "monitor.alerts": 1,
    "monitor.config": 2,
    "monitor.fetch": 2,
    "monitor.article": 2,
    "monitor.store": 2,
    "monitor.notify": 2,
    "monitor.parsing": 2,
    "monitor.weighing": 2,
    "monitor.log": 2,
    "monitor.systemd": 2,
    "monitor.push": 2,
    # No edge: it is below the two steps that share it.
    "monitor.tell": 2,
    "monitor.notices": 3,
    "monitor.standing": 2,
    "monitor.workers": 2,
    "monitor.clock": 2,
    "monitor.vitals": 3,
    "monitor.judge": 3,
    "monitor.inbox": 3,
    "monitor.sift": 3,
    "monitor.memory": 3,
    "monitor.difference": 3,
    "monitor.reading": 3,
    "monitor.gap": 3,
    "monitor.ingest": 4,
    "monitor.upkeep": 4,
    "monitor.reporter": 4,
    "monitor.poll": 4,
    "monitor.deliver": 4,
    "monitor.recount": 4,
    "monitor.evaluate": 4,
    "monitor.subscribe": 4,
    "monitor.desk": 4,
    "monitor.herald": 4,
    "monitor.rules": 5,
    "monitor.replay": 5,
    "monitor.metrics": 5,
    "monitor.heartbeat": 5,
    "monitor.probes": 6,
    "monitor.doors": 7,
    "monitor.watched": 7,
    "monitor.app": 6,
    "monitor.start": 7,
    "monitor.rounds": 7,
    "monitor.reload": 8,
    "monitor.backtest": 8,
    "monitor.daemon": 9,
    "monitor.demo": 10,
    "monitor.cli": 10,
    "monitor.__main__": 11,
}
# Each library that is an edge's own, with the places that may import it.
OWNED = {
    "requests": ("monitor.fetch",),
    "urllib3": ("monitor.fetch",),
    "feedparser": ("monitor.feeds.engine",),
    "sqlalchemy": (
        "monitor.store",
        "monitor.app",
        "monitor.reload",
        "monitor.daemon",
        "monitor.cli.place",
    ),
    "alembic": ("monitor.store",),
    "prometheus_client": ("monitor.metrics",),
    "trafilatura": ("monitor.article",),
    "sklearn": ("monitor.topics.weigh",),
    "apprise": ("monitor.notify.apprise",),
    "apscheduler": ("monitor.daemon",),
    "pydantic": ("monitor.config",),
    "ruamel": ("monitor.config", "monitor.demo"),
    "click": ("monitor.cli",),
    "rich": ("monitor.cli", "monitor.demo", "monitor.evaluate"),
}
# What is imported in a function, by whom: too heavy for all who may do without.
LATE = {
    "monitor.notify": {"monitor.notify.apprise"},
    "monitor.topics.profile": {"monitor.topics.weigh"},
}
# What floors 0 and 1 may not touch: the clock, files, the network, the environment, chance.
WORLDLY_MODULES = {
    "os",
    "time",
    "random",
    "socket",
    "secrets",
    "subprocess",
    "pathlib",
    "threading",
}
WORLDLY_CALLS = {"open", "input", "print", "datetime.now", "datetime.utcnow", "date.today"}


def modules() -> dict[str, ast.Module]:
    """Give every module of the package by name, parsed."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


MODULES = modules()


def place_of(name: str) -> str:
    """Give the named place of the house that a module belongs to."""
    parts = name.split(".")
    for length in range(len(parts), 1, -1):
        place = ".".join(parts[:length])
        if place in FLOORS:
            return place
    return name


def imports(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Give each imported module with the statement that imports it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield (whole if whole in MODULES else node.module), node


def within(name: str, places: tuple[str, ...]) -> bool:
    """Say whether a module lies in one of some places."""
    return any(name == place or name.startswith(place + ".") for place in places)


def test_every_module_has_a_floor() -> None:
    """Whoever adds a module says where it stands."""
    homeless = [name for name in MODULES if name != "monitor" and place_of(name) not in FLOORS]
    assert homeless == []


@pytest.mark.parametrize("name", [name for name in MODULES if name != "monitor"])
def test_imports_go_down(name: str) -> None:
    """A module imports from its own place or from a lower floor, never from above or beside."""
    here = place_of(name)
    wrong = []
    for imported, _ in imports(MODULES[name]):
        if not imported.startswith("monitor."):
            continue
        there = place_of(imported)
        if there == here:
            continue
        lower = FLOORS[there] < FLOORS[here]
        # Rules and steps may use their equals, which cycles would show; edges may not.
        beside = FLOORS[there] == FLOORS[here] and FLOORS[here] in {0, 1, 10}
        if not lower and not beside:
            wrong.append(imported)
    assert wrong == []


def test_there_are_no_cycles() -> None:
    """No module imports, over however many others, itself."""
    graph = {
        name: {imported for imported, _ in imports(tree) if imported in MODULES} - {name}
        for name, tree in MODULES.items()
    }
    # A package's __init__ is imported by its parts' importers, not by its parts.
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join([*trail, name])
        if name in done:
            return
        for other in graph[name]:
            visit(other, (*trail, name))
        done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("name", list(MODULES))
def test_imports_stand_at_the_top(name: str) -> None:
    """Only kinds, profiles and the commands import inside a function: heavy things, late."""
    if within(name, ("monitor.cli",)):
        # What they must not import at the top: tests/cli/test_light.py.
        return
    inner = {imported for imported, node in imports(MODULES[name]) if node.col_offset}
    assert inner <= LATE.get(name, set())


@pytest.mark.parametrize("name", [name for name in MODULES if FLOORS.get(place_of(name), 9) <= 1])
def test_rules_touch_nothing_of_the_world(name: str) -> None:
    """Floors 0 and 1 read no clock, file, network, environment or chance."""
    tree = MODULES[name]
    worldly = {imported.split(".")[0] for imported, _ in imports(tree)} & WORLDLY_MODULES
    calls = {
        ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)
    } & WORLDLY_CALLS
    assert (worldly, calls) == (set(), set())


@pytest.mark.parametrize("name", [name for name in MODULES if FLOORS.get(place_of(name), 9) < 5])
def test_nobody_below_the_app_reads_the_settings(name: str) -> None:
    """Rules, edges and steps take the one record that they need, not the configuration."""
    if place_of(name) == "monitor.config":
        return
    assert not [imported for imported, _ in imports(MODULES[name]) if "monitor.config" in imported]


@pytest.mark.parametrize("library, places", list(OWNED.items()))
def test_a_library_lives_in_its_place(library: str, places: tuple[str, ...]) -> None:
    """A library that belongs to an edge is imported there and nowhere else."""
    strangers = [
        name
        for name, tree in MODULES.items()
        if not within(name, places)
        and any(imported.split(".")[0] == library for imported, _ in imports(tree))
    ]
    assert strangers == []
