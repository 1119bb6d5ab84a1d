"""A database comes to this version's schema, or is refused and left alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from monitor.errors import StoreError
from monitor.feeds.trust import look_ups
from monitor.records import Hints, Mailbox, Trust
from monitor.store import Hands, Store, migrate, open_engine
from monitor.store.migrate import migrations
from monitor.store.rows import item_row
from monitor.store.schema import feeds, metadata
from monitor.store.schema import items as stored
from tests.fakes import made
from tests.fakes.made import HOUR, NOW
from tests.fakes.postgres import cluster, databases

HEAD = ScriptDirectory.from_config(migrations()).get_current_head()


@pytest.fixture(params=databases())
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of an empty database of each kind in turn."""
    with ExitStack() as stack:
        if request.param == "postgresql":
            yield stack.enter_context(cluster().empty())
        else:
            yield f"sqlite:///{tmp_path / 'seedwatch.db'}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """Give an empty database, open."""
    made_of = open_engine(url)
    yield made_of
    made_of.dispose()


def tables(engine: Engine) -> set[str]:
    """Give the names of all tables."""
    return set(inspect(engine).get_table_names())


def revision(engine: Engine) -> str | None:
    """Give the revision that a database says it is of."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def test_a_fresh_database_gets_all_tables(engine: Engine) -> None:
    """The first start makes every table, and writes down which schema that is."""
    assert tables(engine) == set()
    migrate(engine)
    assert tables(engine) == {*metadata.tables, "alembic_version"}
    assert revision(engine) == HEAD


def test_the_migrations_make_the_schema(engine: Engine) -> None:
    """What the migrations make is what the code expects: no column, index or key apart."""
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_twice_is_fine(engine: Engine) -> None:
    """A start on a database that is up to date changes nothing and keeps what is in it."""
    migrate(engine)
    Store(engine).sync_feeds([made.spec()], NOW)
    migrate(engine)
    assert [feed.name for feed in Store(engine).feeds()] == ["LRT"]


START = """
import sys
from monitor.store import migrate, open_engine
engine = open_engine(sys.argv[1])
print("ready", flush=True)
sys.stdin.read()
migrate(engine)
"""


def test_two_may_migrate_at_once(url: str) -> None:
    """Two processes that start on the same fresh database do not disturb each other."""
    words = [sys.executable, "-c", START, url]
    with ExitStack() as stack:
        others = [
            stack.enter_context(
                subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            )
            for _ in range(2)
        ]
        for other in others:
            assert other.stdout is not None
            assert other.stdout.readline() == b"ready\n"
        for other in others:
            assert other.stdin is not None
            other.stdin.close()
        assert [other.wait(30) for other in others] == [0, 0]
    engine = open_engine(url)
    assert tables(engine) == {*metadata.tables, "alembic_version"}
    engine.dispose()


def test_a_newer_database_is_refused(engine: Engine) -> None:
    """A database of a newer version is refused with what to do, and nothing in it changes."""
    migrate(engine)
    Store(engine).sync_feeds([made.spec()], NOW)
    with engine.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError) as refused:
        migrate(engine)
    assert str(refused.value) == (
        f"the database {engine.url.render_as_string()} is of a newer version of seedwatch (its"
        f" schema is 9999, this version knows up to {HEAD}): run the newer version, or restore a"
        " backup made before the upgrade"
    )
    assert revision(engine) == "9999"
    assert [feed.name for feed in Store(engine).feeds()] == ["LRT"]


def test_a_strange_database_is_not_filled(engine: Engine) -> None:
    """A database that says it is of another schema gets none of our tables."""
    with engine.begin() as tx:
        tx.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        tx.execute(text("INSERT INTO alembic_version VALUES ('f00d')"))
    with pytest.raises(StoreError, match=f"its schema is f00d, this version knows up to {HEAD}"):
        migrate(engine)
    assert tables(engine) == {"alembic_version"}


def test_a_migration_that_fails_leaves_nothing(engine: Engine) -> None:
    """If a migration cannot be finished, the database is as it was."""
    with engine.begin() as tx:
        tx.execute(text("CREATE TABLE decisions (strange INTEGER)"))
    with pytest.raises(DBAPIError, match="decisions"):
        migrate(engine)
    assert tables(engine) == {"decisions"}
    assert revision(engine) is None


def test_feeds_of_the_first_version_are_kept(engine: Engine) -> None:
    """A database of the first version keeps its feeds, of whose pace nothing is known yet."""
    config = migrations(engine)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO feeds (id, url, name, groups, every_seconds, active, due_at, failures)"
                " VALUES (1, 'https://lrt.example/rss', 'LRT', '[]', 900, TRUE,"
                " '2021-11-08 14:00:00.000000', 0)"
            )
        )
    migrate(engine)
    (found,) = Store(engine).feeds()
    assert (found.name, found.has_own_interval, found.pace) == ("LRT", False, None)
    assert Store(engine).demands() == {1: None}


def test_there_and_back(engine: Engine) -> None:
    """Going down leaves nothing behind, and the way up is open again."""
    migrate(engine)
    config = migrations(engine)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert tables(engine) == {"alembic_version"}
    migrate(engine)
    assert tables(engine) == {*metadata.tables, "alembic_version"}
    Store(engine).sync_feeds([made.spec()], NOW)


def test_a_database_of_the_first_version_comes_along(engine: Engine) -> None:
    """An upgrade keeps each feed with its schedule, knows its host, and asks for nothing anew."""
    config = migrations(engine)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO feeds (id, url, name, groups, every_seconds, active, etag, due_at,"
                " last_ok_at, failures) VALUES (1, 'https://u:p@LRT.example:8443/rss', 'LRT', '[]',"
                " 900, true, '\"1\"', :due, :ok, 0)"
            ),
            {"due": "2021-11-08 14:00:00", "ok": "2021-11-08 13:00:00"},
        )
        connection.execute(
            text(
                "INSERT INTO items (id, feed_id, key, fingerprint, title, summary, first_seen_at,"
                " baseline) VALUES ('1', 1, 'guid:1', '', '', '', :at, false)"
            ),
            {"at": "2021-11-08 13:00:00"},
        )
    migrate(engine)
    (feed,) = Store(engine).feeds()
    assert (feed.etag, feed.hints, feed.offers_deltas) == ('"1"', Hints(), False)
    assert feed.whole_at == feed.last_ok_at is not None
    with engine.connect() as connection:
        found = connection.execute(text("SELECT host FROM feeds JOIN items ON feed_id = feeds.id"))
        assert found.scalars().all() == ["lrt.example"]


def test_what_is_stored_is_known_after_the_upgrade(engine: Engine) -> None:
    """Items of a database made before there were aliases are recognised, the later of two first."""
    config = migrations(engine)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    names = ("fence", "wall", "camp")
    items = {name: made.item(name) for name in names}
    items["wall"] = replace(items["wall"], guid=None, canonical_url=None, title="Short")
    items["camp"] = replace(items["camp"], guid="fence")
    with engine.begin() as tx:
        feed = {"url": "https://lrt.example/rss", "name": "LRT", "groups": [], "every_seconds": 900}
        feed |= {"active": True, "due_at": NOW, "failures": 0}
        tx.execute(feeds.insert().values(feed))
        for number, (name, item) in enumerate(items.items()):
            seen = made.seen(name, item, first_seen_at=NOW + number * HOUR)
            tx.execute(stored.insert().values(item_row(seen)))
    migrate(engine)
    keys = look_ups(items.values(), Trust())
    found = Store(engine).known_items(1, keys)
    assert found.keys() == set(keys)
    owners = {
        name: {found[key].seen.item.title for key in look_ups([item], Trust())}
        for name, item in items.items()
    }
    assert owners == {
        "fence": {items["fence"].title, items["camp"].title},
        "wall": {"Short"},
        "camp": {items["camp"].title},
    }


def test_what_waited_for_another_try_waits_no_longer_than_before(engine: Engine) -> None:
    """An upgrade keeps each delivery and its id; one that was tried stays a message of its own."""
    config = migrations(engine)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        connection.execute(
            text(
                "INSERT INTO alerts (id, topic, reason, story_id, created_at, items, left_out,"
                " detail) VALUES ('a', 't', 'test', 's', '2021-11-08 14:00:00', '[]', 0, '')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO deliveries (id, dedup_key, alert_id, destination, state, due_at,"
                " attempts, answer, created_at) VALUES"
                " ('tried', 'tried', 'a', 'desk/1-slack', 'pending', '2021-11-08 15:00:00', 3, '',"
                " '2021-11-08 14:00:00'), ('fresh', 'fresh', 'a', 'desk/1-slack', 'pending',"
                " '2021-11-08 15:00:00', 0, '', '2021-11-08 14:00:00')"
            )
        )
    migrate(engine)
    now = datetime(2021, 11, 8, 14, 0, tzinfo=UTC)
    (claim,) = Store(engine).claim(now, HOUR, Hands(limit=9))
    assert (claim.delivery.id, claim.delivery.message_id) == ("tried", "tried")
    assert claim.delivery.attempts == 3
    assert claim.mailbox == Mailbox(destination="desk/1-slack")
