"""PostgreSQL for tests: a server of our own in a temporary folder, or the one that is named.

`SEEDWATCH_TEST_POSTGRES` names a server (a URL whose user may create databases). Without it, a
private one is started if the programs are on this machine: on a Unix socket only, unsafe and fast,
in a time zone far from UTC, gone with the process.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from monitor.store import migrate, open_engine
from monitor.store.schema import metadata

VARIABLE = "SEEDWATCH_TEST_POSTGRES"
# Runs its tests on one xdist worker, so that one server is started.
ONE_WORKER = pytest.mark.xdist_group("postgresql")
START_SECONDS = 30.0
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    # Times must survive a server that thinks in another zone.
    "timezone": "Asia/Kolkata",
}


@functools.cache
def databases() -> list[object]:
    """Give the kinds of database to run a test on, as parameters of a fixture."""
    if VARIABLE in os.environ or _programs() is not None:
        return ["sqlite", pytest.param("postgresql", marks=ONE_WORKER)]
    sys.stderr.write(f"PostgreSQL is left out: it is not installed, and {VARIABLE} names none\n")
    return ["sqlite"]


class Cluster:
    """A server on which tests make databases of their own."""

    def __init__(self, url: str) -> None:
        # Without a database's name at its end.
        self._url = url
        self._numbers = itertools.count(1)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Give the URL of a fresh database without tables."""
        with self._made() as name:
            yield self._url_of(name)

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """Give the URL of a database that has all its tables, and nothing in them."""
        # Made once and emptied after use: CREATE DATABASE costs a hundred times as much.
        url = self._url_of(self._reused())
        try:
            yield url
        finally:
            engine = open_engine(url)
            with engine.begin() as tx:
                # A test that still holds a lock shall fail, not wait.
                tx.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
                for table in reversed(metadata.sorted_tables):
                    tx.execute(table.delete())
                tx.exec_driver_sql("ALTER SEQUENCE feeds_id_seq RESTART")
            engine.dispose()

    @functools.cache  # noqa: B019 - one server a process
    def _reused(self) -> str:
        made = self._made()
        name = made.__enter__()
        atexit.register(made.__exit__, None, None, None)
        engine = open_engine(self._url_of(name))
        migrate(engine)
        engine.dispose()
        return name

    @contextmanager
    def _made(self) -> Iterator[str]:
        name = f"seedwatch_test_{os.getpid()}_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield name
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run one statement outside of all transactions."""
        engine = open_engine(self._url_of("postgres"))
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql(statement)
        finally:
            engine.dispose()

    def _url_of(self, name: str) -> str:
        before, mark, query = self._url.partition("?")
        return f"{before.rpartition('/')[0]}/{name}{mark}{query}"


@functools.cache
def cluster() -> Cluster:
    """Give the server of this process; the first who asks starts it."""
    if VARIABLE in os.environ:
        return Cluster(os.environ[VARIABLE])
    programs = _programs()
    assert programs is not None
    return _start(programs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Programs:
    """The server's programs, and who may run them."""

    folder: Path
    # The server refuses to run as root: then who runs it instead.
    user: pwd.struct_passwd | None

    def words(self, program: str, *rest: str) -> list[str]:
        """Give the words that run a program as that user."""
        words = [str(self.folder / program), *rest]
        if self.user is None:
            return words
        if shutil.which("setpriv") is None:
            return ["su", self.user.pw_name, "-s", "/bin/sh", "-c", shlex.join(words)]
        ids = [f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups"]
        # If we are killed, it ends too.
        return ["setpriv", *ids, "--pdeathsig=INT", "--", *words]


def _programs() -> _Programs | None:
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    whole = [
        one for one in folders if all((one / name).exists() for name in ("initdb", "postgres"))
    ]
    if not whole:
        return None
    if os.geteuid() != 0:
        return _Programs(folder=whole[0], user=None)
    users = {one.pw_name: one for one in pwd.getpwall()}
    user = users.get("postgres") or users.get("nobody")
    if user is None or not (shutil.which("setpriv") or shutil.which("su")):
        return None
    return _Programs(folder=whole[0], user=user)


def _start(programs: _Programs) -> Cluster:
    folder = Path(tempfile.mkdtemp(prefix="seedwatch-pg-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if programs.user:
        os.chown(folder, programs.user.pw_uid, programs.user.pw_gid)
    place = folder / "data"
    initdb = ["-D", str(place), "-U", "seedwatch", "-A", "trust", "-E", "UTF8", "--locale=C"]
    initdb = programs.words("initdb", *initdb, "--no-sync", "--no-instructions")
    subprocess.run(initdb, cwd=folder, check=True, capture_output=True)
    settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    server = programs.words("postgres", "-D", str(place), "-k", str(folder), *settings)
    with (folder / "log").open("wb") as log:
        started = subprocess.Popen(server, cwd=folder, stdout=log, stderr=log)
    atexit.register(_stop, started, place / "postmaster.pid")
    made = Cluster(f"postgresql://seedwatch@/postgres?host={folder}")
    give_up_at = time.monotonic() + START_SECONDS
    while True:
        try:
            made.execute("SELECT 1")
        except OperationalError:
            told = (folder / "log").read_text(encoding="utf-8")
            assert started.poll() is None, told
            assert time.monotonic() < give_up_at, told
            time.sleep(0.05)
        else:
            return made


def _stop(started: subprocess.Popen[bytes], file: Path) -> None:
    with suppress(OSError, ValueError, IndexError):
        os.kill(int(file.read_text(encoding="ascii").splitlines()[0]), signal.SIGINT)
    started.wait(START_SECONDS)
