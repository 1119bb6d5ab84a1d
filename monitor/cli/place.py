"""Where the configuration and the starter files are, and how a command opens what it needs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.cli.whereabouts import places
from monitor.config import Settings, load, without_file
from monitor.errors import ConfigError, Fault, StoreError
from monitor.log import set_up

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from monitor.app import App


def find_config(named: Path | None, environ: Mapping[str, str]) -> Path:
    """Give the configuration file: the one named, else the first that exists.

    Raises `ConfigError` with the places that were tried.
    """
    found = named or next((one for one in places(environ) if one.is_file()), None)
    if found is not None:
        return found
    tried = ", ".join(str(place) for place in places(environ))
    what = f"there is none at {tried}: name one with --config, or write one with `seedwatch init`"
    raise ConfigError((Fault(file="configuration", line=0, path="", what=what),))


def settings_of(named: Path | None) -> Settings:
    """Load the configuration that a command works with, and keep its logs out of what it prints."""
    settings = load(find_config(named, os.environ), os.environ)
    set_up("error", settings.log.format)
    return settings


def settings_or_defaults(named: Path | None) -> Settings:
    """Load the configuration, if there is one; without any, all is at its default.

    One that was named, or that is wrong, is no such case: it raises `ConfigError`.
    """
    if named is None and not any(place.is_file() for place in places(os.environ)):
        settings = without_file()
        set_up("error", settings.log.format)
        return settings
    return settings_of(named)


def has_database(settings: Settings) -> bool:
    """Say whether the database is there already; one on a server is taken to be."""
    path = database_file(settings)
    return path is None or path.exists()


def database_file(settings: Settings) -> Path | None:
    """Say where the database's file is; None if it is on a server."""
    from sqlalchemy.engine import make_url

    url = make_url(settings.store_url)
    is_file = url.drivername.startswith("sqlite") and url.database
    return Path(url.database) if is_file and url.database else None


@contextmanager
def opened(settings: Settings, *, must_exist: bool) -> Iterator[App]:
    """Open the database and wire the app for one command.

    Raises `StoreError` if the database must exist, since only the service makes it, and if it
    cannot be used, also in the middle of the work.
    """
    if must_exist:
        _demand_database(settings)
    from monitor.app import open_database, wire
    from monitor.store import one_line

    engine = open_database(settings)
    with one_line(engine):
        app = wire(settings, engine)
        try:
            yield app
        finally:
            app.close()


@contextmanager
def consulted(settings: Settings) -> Iterator[Engine]:
    """Open the database only to ask or note something: no topic is made, nothing is wired.

    A third of what `opened` takes. Raises `StoreError` as that does; the database must exist.
    """
    _demand_database(settings)
    from monitor.store import one_line, open_at

    engine = open_at(settings.store_url)
    try:
        with one_line(engine):
            yield engine
    finally:
        engine.dispose()


def _demand_database(settings: Settings) -> None:
    if not has_database(settings):
        path = database_file(settings)
        raise StoreError(f"there is no database at {path} yet: start `seedwatch run` first")
