"""What listens: for hubs that push, and for those who watch the service."""

from __future__ import annotations

from datetime import timedelta

from monitor.app import App, door_of
from monitor.push import Door, Doorplate, PushLimits
from monitor.subscription import Desk

# Who watches asks for a page and goes.
MOST_VISITS = 8
VISIT_TIMEOUT = timedelta(seconds=10)


class Doors:
    """Keeps both as the configuration wants them, from start to end, over each reload."""

    def __init__(self, watchers: Desk) -> None:
        """Let `watchers` answer those who watch."""
        self._desk = watchers
        self._hubs, self._probes = Door(), Door()

    def follow(self, app: App) -> None:
        """Listen as the configuration of an app says, or not at all.

        Raises `SeedwatchError` if an address cannot be used; one that is kept loses no visit.
        """
        self._probes.follow(self._plate(app))
        self._hubs.follow(door_of(app))

    def _plate(self, app: App) -> Doorplate | None:
        listen = app.settings.health
        if listen is None:
            return None
        limits = PushLimits(
            max_bytes=0, most_visits=MOST_VISITS, timeout=VISIT_TIMEOUT, key="health.listen"
        )
        return Doorplate(host=listen.host, port=listen.port, desk=self._desk, limits=limits)

    def close(self) -> None:
        """Let nobody in any more."""
        self._hubs.close()
        self._probes.close()
