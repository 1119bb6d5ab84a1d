"""A small configuration and database of fixed content, for screens and commands."""

from __future__ import annotations

from pathlib import Path

from monitor.config import load
from monitor.records import Batch, Reason
from monitor.store import Store, open_at
from tests.fakes import made
from tests.fakes.made import DAY, NOW

SEED = """Hundreds of migrants tried to cross the border from Belarus into Poland near Kuznica.
Polish guards used tear gas at the fence. Warsaw says that Lukashenko in Minsk sends the migrants.
Poland closed the crossing at Kuznica, and the European Union prepares sanctions against Belarus."""
CONFIG = """topics:
  border:
    seeds: [seed.txt]
    receivers: [desk]
    expect:
      match: [Poland closes its border with Belarus to migrants at Kuznica]
      ignore: [Goats win the cup]
feeds:
  baltic: ["https://lrt.example/rss"]
receivers:
  desk: [console]
store: sqlite:///seedwatch.db
"""
TITLES = {
    "wire": ("Lithuania strings razor wire along its border with Belarus", 0.71),
    "hockey": ("Belarus beat Poland at ice hockey in Minsk", 0.34),
    "camp": ("Migrants leave the camp at Kuznica, Polish guards say", 0.88),
}


def write(folder: Path) -> Path:
    """Write the configuration with its seed."""
    (folder / "seed.txt").write_text(SEED, "utf-8")
    path = folder / "seedwatch.yaml"
    path.write_text(CONFIG, "utf-8")
    return path


def fill(path: Path) -> None:
    """Store three items of an earlier week, one alert and its delivery."""
    engine = open_at(load(path, {}).store_url)
    store = Store(engine)
    store.sync_feeds([made.spec()], NOW)
    for number, (name, (title, value)) in enumerate(TITLES.items()):
        one = made.seen(name, made.item(name, title=title, summary="", published_at=NOW))
        reason = Reason.FIRST_STORY if value >= 0.5 else Reason.BELOW_THRESHOLD
        story = made.story(name) if value >= 0.5 else None
        judged = made.judged(one, value=value, reason=reason, story_id=story.id if story else None)
        store.commit(Batch(items=(judged,), stories=(story,) if story else ()))
        if number == 0:
            alert = made.alert(name, created_at=NOW - DAY)
            store.commit(Batch(alerts=(alert,), deliveries=(made.delivery(of=alert),)))
    engine.dispose()
