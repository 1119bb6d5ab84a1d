"""Bring a database to this version's schema, or refuse it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from monitor.errors import RefusedStoreError
from monitor.store.engine import MIGRATION_LOCK, alone


def migrations(engine: Engine | None = None) -> Config:
    """Give Alembic's configuration for the migrations of this package."""
    config = Config()
    # '%' is the interpolation sign of Alembic's configuration: a folder may have one.
    here = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", here)
    config.set_main_option("path_separator", "os")
    if engine is not None:
        config.attributes["engine"] = engine
    return config


def migrate(engine: Engine) -> None:
    """Apply what is missing, in one transaction.

    Raises `RefusedStoreError` if the database was written by a newer version, and then changes
    nothing.
    """
    config = migrations(engine)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with engine.begin() as connection:
        alone(connection, MIGRATION_LOCK)
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in known:
            raise RefusedStoreError(
                f"the database {engine.url.render_as_string()} is of a newer version of seedwatch"
                f" (its schema is {current}, this version knows up to {max(known)}):"
                " run the newer version, or restore a backup made before the upgrade"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
