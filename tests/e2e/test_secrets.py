"""Every secret that there can be, in one run where every channel fails."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.fakes.forks import forked
from tests.fakes.news import off_topic, on_topic
from tests.fakes.service import PASSWORD, RECEIVER, SECRETS, SLACK, WEBHOOK, scene, wait_until
from tests.fakes.web import RecordedRequest, Reply

BOT_TOKEN = "xoxb-47110815-7c2e9a51"
APPRISE_TOKEN = "apprise-token-41bd07c2"
BEARER = "bearer-token-c0ffee12"
FEED_PASSWORD = "feed-password-88ab13f0"
ALL_SECRETS = (*SECRETS, BOT_TOKEN, APPRISE_TOKEN, BEARER, FEED_PASSWORD)
COMMANDS = (
    ("status", "--json"),
    ("deliveries", "--json"),
    ("alerts", "--json"),
    ("check", "--json"),
)


def quoting(request: RecordedRequest) -> Reply:
    """Refuse a request by quoting what is secret in it: so short that all of it is told on."""
    login = request.headers.get("Authorization", "no login")
    return Reply(status=400, body=f"no: {login} for {request.path}".encode())


def texts_of(database: Path) -> str:
    """Give all texts of a database, but the addresses of feeds, which hold their own logins."""
    with closing(sqlite3.connect(database)) as connection:
        found: list[str] = []
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            cursor = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - its own names
            names = [column[0] for column in cursor.description]
            for row in cursor:
                kept = dict(zip(names, row, strict=True))
                if table == "feeds":
                    del kept["url"]
                found.append(f"{table}: {kept}")
    return "\n".join(found)


def test_no_secret_is_told_anywhere(tmp_path: Path) -> None:
    """With all channels failing and quoting, no log, report or row has a secret in it."""
    with scene(tmp_path) as stage:
        web, service = stage.receivers.web, stage.service
        told = ("/api/chat.postMessage", "/api/v2/alerts", f"/notify/{APPRISE_TOKEN}")
        for path in (WEBHOOK, SLACK, *told):
            web.route(path, quoting)
        stage.receivers.mail.script("MAIL", f"550 5.7.8 {PASSWORD} is wrong")
        place = f"127.0.0.1:{web.port}"
        service.config["receivers"][RECEIVER] += [
            {"slack": {"bot_token": BOT_TOKEN, "channel": "#x", "api_url": f"http://{place}/api"}},
            {"alertmanager": {"url": f"http://{place}", "token": BEARER}},
            {"apprise": {"url": f"json://{place}/notify/{APPRISE_TOKEN}"}},
        ]
        stage.open_feed("wire", "rss", off_topic(0))
        private = stage.news.route("/private", Reply(status=403, body=FEED_PASSWORD.encode()))
        stage.add_feed("private", private.replace("//", f"//reader:{FEED_PASSWORD}@"))
        service.start(forked)
        wait_until(lambda: stage.news.is_read("/wire"), lambda: "not read")
        stage.news.publish("/wire", on_topic(0))
        names = {f"{RECEIVER}/{number}" for number in range(1, 7)}

        def failing() -> set[str]:
            failures = ("delivery_given_up", "destination_paused", "delivery_delayed")
            found = [one for one in service.events() if one["event"] in failures]
            return {str(one["destination"]).partition("-")[0] for one in found}

        wait_until(lambda: failing() == names, lambda: f"only {failing()} failed")
        said = [service.command(*words) for words in COMMANDS]
        assert service.stop() == 0
        printed = {" ".join(done.args): done.stdout + done.stderr for done in said} | {
            "log": service.log.read_text("utf-8"),
            "database": texts_of(service.database),
        }
        hits = {
            (where, secret)
            for where, text in printed.items()
            for secret in ALL_SECRETS
            if secret in text
        }
        assert hits == set()
        assert "***" in printed["log"]
