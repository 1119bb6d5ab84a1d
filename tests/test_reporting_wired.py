"""The wiring of what is said unasked: from the configuration to the outbox, through the daemon."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner

from monitor.app import open_database, wire
from monitor.cli import main
from monitor.config import load
from monitor.daemon import Daemon
from monitor.records import Batch
from monitor.start import start_up
from tests.fakes import made
from tests.fakes.made import DAY, HOUR

CONFIG = """\
topics:
  border: {seeds: [seed.txt], receivers: [desk]}
  quiet: {seeds: [seed.txt], receivers: [desk], report: "false"}
feeds:
  all: ["https://example.org/rss"]
receivers:
  desk: [console]
  ops: [console]
operator: [ops]
polling: {tell_after_failures: 2}
reports: {at: sunday 10:30, zone: Europe/Warsaw}
"""
# A Monday.
NOW = datetime(2021, 11, 8, 8, 0, tzinfo=UTC)


def test_from_configuration_to_outbox(tmp_path: Path) -> None:
    """The daemon's own job tells the operator of a feed, and receivers of their topic."""
    (tmp_path / "seed.txt").write_text("Belarus sends migrants to the border. " * 8, "utf-8")
    path = tmp_path / "seedwatch.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    settings = load(path, {})
    now = [NOW]
    app = wire(settings, open_database(settings), clock=lambda: now[0])
    try:
        start_up(app)
        daemon = Daemon(app, lambda: settings)
        daemon.report()
        (feed,) = app.store.feeds()
        failed = made.poll(feed.id, ok=False, failures=2, error="HTTP 503", polled_at=NOW)
        app.store.commit(Batch(poll=failed))
        now[0] = NOW + HOUR
        daemon.report()
        # Sunday, 10:30 in Warsaw.
        now[0] = datetime(2021, 11, 14, 9, 29, tzinfo=UTC)
        daemon.report()
        assert len(app.reports.alerts()) == 1
        now[0] = datetime(2021, 11, 14, 9, 30, tzinfo=UTC)
        daemon.report()
        report, notice = app.reports.alerts()
        assert (notice.topic, notice.detail.splitlines()[0]) == ("", "example.org fails")
        assert (report.topic, report.detail.splitlines()[0]) == (
            "border",
            "nothing was read in 6 days: is something wrong?",
        )
        assert "Failing: example.org (HTTP 503, for " in report.detail
        to = app.reports.deliveries_of([report.id, notice.id])
        assert [one.destination for one in to] == ["desk/1-console", "ops/1-console"]
        now[0] += DAY
        daemon.report()
        assert len(app.reports.alerts()) == 2
    finally:
        app.close()


def test_one_round_tells_as_well(tmp_path: Path) -> None:
    """Who runs `once` from cron hears of a feed that fails, too, and once."""
    (tmp_path / "seed.txt").write_text("Belarus sends migrants to the border. " * 8, "utf-8")
    path = tmp_path / "seedwatch.yaml"
    # Inside, and not allowed: refused without a word to anybody.
    text = CONFIG.replace("https://example.org/rss", "http://127.0.0.1:9/rss")
    path.write_text(text.replace("failures: 2", "failures: 1"), encoding="utf-8")
    first = CliRunner().invoke(main, ["-c", str(path), "once"])
    assert "[seedwatch] notice to the operator\n\n127.0.0.1 fails\n" in first.output
    again = CliRunner().invoke(main, ["-c", str(path), "once"])
    assert (again.exit_code, "fails\n" in again.output) == (0, False)
