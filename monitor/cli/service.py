"""`run`: the background service."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from monitor.app import open_database, wire
from monitor.cli.place import find_config
from monitor.config import Settings, load
from monitor.daemon import Daemon
from monitor.log import set_up
from monitor.store import sole_daemon


def run(named: Path | None) -> None:
    """Run until SIGTERM."""
    path = find_config(named, os.environ)
    settings = load(path, os.environ)
    set_up(settings.log.level, settings.log.format)

    def reload() -> Settings:
        return load(path, os.environ)

    engine = open_database(settings)
    with sole_daemon(engine):
        Daemon(wire(settings, engine), reload).run()
    leave()


def leave() -> None:
    """End the process, even if a look-up of a host name still holds a thread.

    Such a thread cannot be interrupted, and Python would wait for it at exit.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    held = [one for one in threading.enumerate() if one is not threading.main_thread()]
    if any(not one.daemon for one in held):
        os._exit(0)
