"""`backup`, `restore`, `export` and `forget` on a real database file."""

from __future__ import annotations

import csv
import io
import json
import stat
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from monitor.alerts.route import route
from monitor.app import App, open_database, wire
from monitor.cli import main
from monitor.config import load
from monitor.records import Batch, DeliveryState, Reason
from monitor.store import sole_daemon
from monitor.store.schema import items, metadata
from tests.fakes import made
from tests.fakes.made import NOW

EVIL = "=HYPERLINK(1)"
CONFIG: dict[str, Any] = {
    "topics": {"rail": {"seeds": ["seed.txt"], "receivers": ["desk"]}},
    "feeds": {"world": [{"url": "https://lrt.example/rss", "name": "LRT"}]},
    "receivers": {"desk": ["console"]},
}


class Desk:
    """A service that has told one story of a topic that it no longer has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "seedwatch.yaml"
        self.database = folder / "seedwatch.db"
        (folder / "seed.txt").write_text("Trains stand still at the border. " * 8, "utf-8")
        self.path.write_text(json.dumps(CONFIG), encoding="utf-8")
        app = self.app()
        app.store.sync_feeds(app.settings.feeds, NOW)
        app.close()
        self.tell("fence")

    def app(self) -> App:
        """Wire the app that a service would be."""
        settings = load(self.path, {})
        return wire(settings, open_database(settings))

    def tell(self, name: str) -> None:
        """Store an alert that waits to be delivered."""
        story = made.story(name, told_at=NOW, told_sources=1)
        one = made.seen(name, of=replace(made.item(name), title=f"{EVIL} {name}"))
        alert = replace(made.alert(name), items=(replace(made.alerted(name), title=EVIL),))
        app = self.app()
        app.store.commit(
            Batch(
                items=(made.judged(one, story_id=story.id),),
                stories=(story,),
                alerts=(alert,),
                deliveries=route(alert, [made.destination()], NOW),
            )
        )
        app.close()

    def run(self, *words: str) -> Result:
        """Run a command."""
        return CliRunner().invoke(main, ["-c", str(self.path), *words])

    def dump(self) -> dict[str, list[Any]]:
        """Give all that the database holds."""
        app = self.app()
        with app.engine.connect() as connection:
            found = {
                table.name: sorted(
                    (tuple(row) for row in connection.execute(select(table))), key=repr
                )
                for table in metadata.sorted_tables
            }
        app.close()
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Give it."""
    return Desk(tmp_path)


def test_a_backup_is_of_one_moment_and_its_owners(desk: Desk) -> None:
    """A copy made while others write is whole, and nobody else may read it."""
    app, stop = desk.app(), threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            one = made.judged(made.seen(f"w{number}"), value=0.1, reason=Reason.BELOW_THRESHOLD)
            app.store.commit(Batch(items=(one,)))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        done = desk.run("backup", str(desk.folder / "copy.db"))
    finally:
        stop.set()
        writer.join()
        app.close()
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE((desk.folder / "copy.db").stat().st_mode) == 0o600
    assert not list(desk.folder.glob(".*part*"))
    desk.database.unlink()
    assert desk.run("restore", str(desk.folder / "copy.db")).exit_code == 0
    fresh = desk.app()
    with fresh.engine.connect() as connection:
        guids = set(connection.execute(select(items.c.guid)).scalars())
    fresh.close()
    # The items of one moment: the first so many, without a gap.
    assert guids == {"fence", *(f"w{number}" for number in range(1, len(guids)))}


def test_a_backup_replaces_nothing_unasked(desk: Desk) -> None:
    """A file that is there is kept, unless --force says otherwise."""
    copy = desk.folder / "copy.db"
    copy.write_text("mine", encoding="utf-8")
    done = desk.run("backup", str(copy))
    assert done.exit_code == 1
    assert "exists: name another file, or add --force" in done.output
    assert copy.read_text(encoding="utf-8") == "mine"
    assert desk.run("backup", "--force", str(copy)).exit_code == 0
    assert copy.read_bytes().startswith(b"SQLite format 3")
    same = desk.run("backup", "--force", str(desk.database))
    assert "is the database itself" in same.output


def test_what_is_restored_is_what_was_backed_up(desk: Desk) -> None:
    """All is as it was, but for what waited; the database that was there is kept beside it."""
    copy = desk.folder / "copy.db"
    before = desk.dump()
    assert desk.run("backup", str(copy)).exit_code == 0
    desk.tell("later")
    done = desk.run("restore", str(copy))
    assert done.exit_code == 0, done.output
    after = desk.dump()
    told = {"deliveries", "marks", "mailboxes"}
    assert {name: rows for name, rows in after.items() if name not in told} == {
        name: rows for name, rows in before.items() if name not in told
    }
    assert len(after["deliveries"]) == len(before["deliveries"]) == 1
    assert len(after["marks"]) == 1
    assert len(list(desk.folder.glob("seedwatch.db.before-*"))) == 1


def test_notices_of_then_end_untold(desk: Desk) -> None:
    """A notice that waited in a backup speaks of how things were: it ends, and can be seen."""
    app = desk.app()
    notice = replace(made.alert("down"), reason=Reason.NOTICE, items=())
    app.store.commit(Batch(alerts=(notice,), deliveries=route(notice, [made.destination()], NOW)))
    app.close()
    copy = desk.folder / "copy.db"
    desk.run("backup", str(copy))
    desk.run("restore", str(copy))
    app = desk.app()
    (found,) = app.reports.deliveries_of([notice.id])
    app.close()
    assert found.state is DeliveryState.EXPIRED
    assert "restored" in found.answer


def test_a_restore_waits_for_the_service_to_stop(desk: Desk) -> None:
    """Nothing is restored under a service that runs."""
    copy = desk.folder / "copy.db"
    desk.run("backup", str(copy))
    app = desk.app()
    before = desk.database.read_bytes()
    with sole_daemon(app.engine):
        done = desk.run("restore", str(copy))
    app.close()
    assert done.exit_code == 1
    assert "the service is running on this database: stop it first" in done.output
    assert desk.database.read_bytes() == before


@pytest.mark.parametrize("content", [b"hello", b"", b"SQLite format 3\x00" + b"x" * 5000])
def test_what_is_no_backup_is_refused(desk: Desk, content: bytes) -> None:
    """A file that is none, or is damaged, takes nobody's place."""
    (desk.folder / "copy.db").write_bytes(content)
    before = desk.dump()
    done = desk.run("restore", str(desk.folder / "copy.db"))
    assert done.exit_code in {1, 65}
    assert "copy.db" in done.output
    assert desk.dump() == before
    assert not list(desk.folder.glob("*before*"))
    assert not list(desk.folder.glob(".*part*"))


def test_a_backup_of_a_newer_version_is_refused(desk: Desk) -> None:
    """Whose schema is not known cannot be migrated, and changes nothing."""
    app = desk.app()
    with app.engine.begin() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    app.engine.dispose()
    copy = desk.folder / "copy.db"
    desk.run("backup", str(copy))
    done = desk.run("restore", str(copy))
    assert done.exit_code == 65
    assert "newer version" in done.output
    assert not list(desk.folder.glob("*before*"))


def test_postgresql_has_tools_of_its_own(desk: Desk) -> None:
    """There, backup and restore name what does it."""
    config = CONFIG | {"store": "postgresql://nobody@127.0.0.1:1/none"}
    desk.path.write_text(json.dumps(config), encoding="utf-8")
    assert "pg_dump" in desk.run("backup", "copy.db").output
    assert "pg_restore" in desk.run("restore", "copy.db").output


def test_all_is_exported_as_lines(desk: Desk) -> None:
    """Alerts and decisions, each a line of JSON with the same keys, their text as it is."""
    done = desk.run("export")
    assert done.exit_code == 0, done.output
    alert, decision = (json.loads(line) for line in done.stdout.splitlines())
    assert (alert["kind"], alert["title"]) == ("alert", EVIL)
    assert alert["deliveries"] == {"desk/1-console": "pending"}
    assert (decision["kind"], decision["told"]) == ("decision", True)
    assert list(alert) == list(decision)
    assert desk.run("export", "--topic", "rail").stdout == ""
    assert desk.run("export", "--since", "7d").stdout == ""
    assert len(desk.run("export", "--since", "2021-11-08").stdout.splitlines()) == 2
    wrong = desk.run("export", "--since", "monday")
    assert "neither a time like" in wrong.output


def test_a_table_holds_no_formula(desk: Desk) -> None:
    """In CSV no cell begins as a formula does."""
    done = desk.run("export", "--format", "csv", "--what", "alerts")
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert row["title"] == f"'{EVIL}"
    assert row["told"] == "yes"


def test_a_topic_is_forgotten_after_it_was_shown(desk: Desk) -> None:
    """What goes is told first; without an answer nothing goes."""
    before = desk.dump()
    asked = desk.run("forget", "border")
    assert asked.exit_code == 1
    assert "1 decisions, 1 stories, 1 alerts" in asked.output
    assert "1 messages that still wait are not sent" in asked.output
    assert "add --yes" in asked.output
    assert desk.dump() == before
    assert desk.run("forget", "border", "--yes").exit_code == 0
    after = desk.dump()
    assert [len(after[name]) for name in ("decisions", "stories", "alerts", "items")] == [
        0,
        0,
        0,
        1,
    ]
    again = desk.run("forget", "border", "--yes")
    assert "there is no history of a topic 'border'" in again.output


def test_a_topic_of_the_file_is_not_forgotten(desk: Desk) -> None:
    """It would begin anew at once: the error says what to do first."""
    done = desk.run("forget", "rail", "--yes")
    assert done.exit_code == 1
    assert "'rail' is still in" in done.output
