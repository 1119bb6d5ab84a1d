"""A service manager that only listens: the other side of NOTIFY_SOCKET."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Self


class Watcher:
    """Takes what a service says of itself."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def __enter__(self) -> Self:
        self._socket.bind(self.address)
        self._socket.setblocking(False)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def heard(self) -> list[str]:
        """Return the messages that came since the last call, in their order."""
        found = []
        while True:
            try:
                found.append(self._socket.recv(65536).decode())
            except BlockingIOError:
                return found
