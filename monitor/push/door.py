"""Keep the listener as the configuration wants it, from start to end, over each reload."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from monitor.push.listener import Listener, PushLimits
from monitor.subscription import Desk

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorplate:
    """Where visits come in, and who answers them."""

    host: str
    port: int
    desk: Desk
    limits: PushLimits


class Door:
    """Shut until it is told to open; then it follows the configuration."""

    def __init__(self) -> None:
        self._listener: Listener | None = None
        self._where: tuple[str, int] | None = None

    def follow(self, plate: Doorplate | None) -> None:
        """Listen as a plate says, or not at all; at the same address no visit is lost.

        Raises `SeedwatchError` if the address cannot be used; then all is as before.
        """
        if plate is None:
            self.close()
            return
        where = (plate.host, plate.port)
        if self._listener is not None and where == self._where:
            self._listener.use(plate.desk, plate.limits)
            return
        opened = Listener(plate.host, plate.port, plate.desk, plate.limits)
        self.close()
        self._listener, self._where = opened, where
        log.info("listening", address=plate.host, port=plate.port)

    def close(self) -> None:
        """Let nobody in any more."""
        if self._listener is not None:
            self._listener.close()
        self._listener = self._where = None
