"""Speak to the service manager (sd_notify(3)): one datagram a message, no library needed."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from datetime import timedelta

# What a busy service manager may make us wait: a message to it is never worth more.
WAIT_SECONDS = 1.0


def notify(environ: Mapping[str, str], *lines: str) -> bool:
    """Send state lines such as `READY=1`; give False where no service manager takes them.

    Never raises, and never waits for long: who watches us must not be able to stop us.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    # A leading @ stands for the zero byte of an abstract socket.
    where = "\0" + address[1:] if address.startswith("@") else address
    text = "\n".join(" ".join(line.split()) for line in lines)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.settimeout(WAIT_SECONDS)
            channel.sendto(text.encode(), where)
    except OSError:
        return False
    return True


def watchdog(environ: Mapping[str, str], pid: int) -> timedelta | None:
    """Say within what time this process has to send `WATCHDOG=1`; None if nobody waits for it.

    Source: sd_watchdog_enabled(3).

    >>> watchdog({"WATCHDOG_USEC": "90000000", "WATCHDOG_PID": "7"}, 7)
    datetime.timedelta(seconds=90)
    >>> watchdog({"WATCHDOG_USEC": "90000000", "WATCHDOG_PID": "7"}, 8) is None
    True
    """
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    try:
        within = timedelta(microseconds=int(environ.get("WATCHDOG_USEC", "0")))
    except (ValueError, OverflowError):
        return None
    return within if within > timedelta(0) else None
