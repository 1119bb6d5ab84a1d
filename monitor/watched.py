"""How a running service is, as those who watch it from outside are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future

from monitor.app import App
from monitor.heartbeat import Heart
from monitor.herald import Herald
from monitor.metrics import Facts
from monitor.probes import Condition
from monitor.records import Outcome
from monitor.standing import Standing
from monitor.store import Census, Room, census, outage, room


class Watched:
    """Knows what the daemon knows; changes nothing but its counts."""

    def __init__(
        self,
        herald: Herald,
        standing: Callable[[], Standing],
        broken: Mapping[str, str],
        app: Callable[[], App],
    ) -> None:
        """Look at the app in force, `app`; `broken` are the jobs in an outage, with its cause."""
        self._herald = herald
        self._standing = standing
        self._broken = broken
        self._app = app
        self._heart = Heart()

    def condition(self) -> Condition:
        """Say how it is to whoever starts and watches it."""
        stuck = tuple(self._herald.vitals.overdue().values())
        causes = dict.fromkeys(dict(self._broken).values())
        unready = [f"the database cannot be used: {cause}" for cause in causes]
        if not self._herald.is_up:
            unready.append("it starts: not every job has had its first round")
        return Condition(stuck=stuck, unready=(*stuck, *unready))

    def numbers(self) -> str:
        """Give what is counted and measured."""
        condition, app, standing = self.condition(), self._app(), self._standing()
        counted, space = self._look(app)
        facts = Facts(
            is_ready=not condition.unready,
            overdue=len(condition.stuck),
            is_current=standing.is_current,
            in_force_since=standing.since,
            topics=tuple(topic.name for topic in app.settings.topics),
            receivers=tuple(receiver.name for receiver in app.settings.receivers),
            census=counted,
            room=space,
        )
        return app.metrics.expose(facts)

    def _look(self, app: App) -> tuple[Census | None, Room | None]:
        try:
            return census(app.engine), room(app.engine)
        except OSError:
            return None, None
        except Exception as error:
            if outage(error) is None:
                raise
            return None, None

    def beat(self) -> None:
        """Call the heartbeat's URL if all goes well."""
        app = self._app()
        rule = app.settings.heartbeat
        if rule is not None and not self.condition().unready:
            self._heart.beat(rule.url, rule.every, app.client.post, app.senders)

    def count(self, sent: Iterable[Future[list[Outcome]]]) -> None:
        """Count what became of messages whose turn has ended."""
        for future in sent:
            if not future.cancelled() and future.exception() is None:
                for outcome in future.result():
                    self._app().metrics.attempted(outcome)
