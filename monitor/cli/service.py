"""`run`: the background service."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from monitor.cli.place import find_config
from monitor.config import Settings, load
from monitor.log import set_up


def run(named: Path | None) -> None:
    """Run until SIGTERM."""
    from monitor.app import open_database, wire
    from monitor.daemon import Daemon
    from monitor.store import one_line, sole_daemon
    from monitor.weighing import weigh_apart

    path = find_config(named, os.environ)
    settings = load(path, os.environ)
    set_up(settings.log.level, settings.log.format)

    def reload() -> Settings:
        return load(path, os.environ)

    engine = open_database(settings)
    with sole_daemon(engine), one_line(engine):
        Daemon(wire(settings, engine, weigh=weigh_apart), reload).run()
    leave()


def leave() -> NoReturn:
    """End the process at once: all is closed, and Python's own end would take its time.

    It takes seconds on a busy machine, and waits for ever for a thread in a look-up of a host name.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
