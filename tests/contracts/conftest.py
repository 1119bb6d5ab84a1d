"""The databases that the contracts are kept on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

from monitor.store import Reports, Store, migrate, open_engine
from tests.fakes.postgres import cluster, databases


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an SQLite database that has all its tables, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "seedwatch.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(params=databases())
def engine(request: pytest.FixtureRequest, tmp_path: Path, migrated_file: Path) -> Iterator[Engine]:
    """Give a fresh database of each kind in turn, with all its tables."""
    with ExitStack() as stack:
        if request.param == "postgresql":
            url = stack.enter_context(cluster().migrated())
        else:
            shutil.copy(migrated_file, tmp_path / "seedwatch.db")
            url = f"sqlite:///{tmp_path / 'seedwatch.db'}"
        made = open_engine(url)
        stack.callback(made.dispose)
        yield made


@pytest.fixture
def store(engine: Engine) -> Store:
    """Give the store on it."""
    return Store(engine)


@pytest.fixture
def reports(engine: Engine) -> Reports:
    """Give the answers from it."""
    return Reports(engine)
