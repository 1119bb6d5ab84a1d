"""A network of its own for programs in a virtual environment: `.example` is here, nothing else is.

Each Python of that environment, children too, runs `SITE` as it starts (`sitecustomize`). Names
below `.example` get a public address, as names of newspapers have, and who connects to it reaches a
server on this machine. No other name is found. The program under test knows nothing of it.
"""

from __future__ import annotations

# Of example.com; nothing is ever sent to it.
ADDRESS = "93.184.215.14"

SITE = """\
import os
import socket

_connect = socket.socket.connect


def _look_up(host, port, *_, **__):
    name = host.decode() if isinstance(host, bytes) else host
    if not name or not name.endswith(".example"):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("{address}", int(port or 0)))]


def _to_here(self, address):
    is_out = self.family == socket.AF_INET and address[0] == "{address}"
    port = os.environ["OWN_NET_PORT"] if is_out else 0
    return _connect(self, ("127.0.0.1", int(port)) if is_out else address)


socket.getaddrinfo = _look_up
socket.socket.connect = _to_here
""".replace("{address}", ADDRESS)
