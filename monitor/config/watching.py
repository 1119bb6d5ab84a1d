"""What is checked of the sections `health` and `heartbeat`, and the records made of them."""

from __future__ import annotations

import ipaddress

from monitor.config.channels import Secrets
from monitor.config.faults import Faults
from monitor.config.push import parse_listen
from monitor.config.settings import Heartbeat, Listen
from monitor.config.tree import Node
from monitor.config.values import parse_flag
from monitor.config.watch_shapes import HealthShape, HeartbeatShape


def check_health(health: Node, faults: Faults) -> None:
    """Refuse an address that other machines can reach, unless the file says that it is meant."""
    node, exposed = health.children.get("listen"), health.children.get("exposed")
    try:
        listen = parse_listen(node.text) if node is not None else None
        is_meant = exposed is not None and parse_flag(exposed.value)
    except ValueError:
        # Known already.
        return
    if node is None or listen is None or is_meant:
        return
    if not ipaddress.ip_address(listen.host).is_loopback:
        faults.add(
            node,
            f"{{}} can be reached from other machines; write 127.0.0.1:{listen.port},"
            " or add exposed: true if that is meant",
        )


def build_health(shape: HealthShape | None) -> Listen | None:
    """Say where the service is to be watched; None: nowhere."""
    return shape.listen if shape is not None else None


def build_heartbeat(shape: HeartbeatShape | None, secrets: Secrets) -> Heartbeat | None:
    """Make the record of a heartbeat that has no faults; None: there is none."""
    if shape is None:
        return None
    return Heartbeat(url=secrets["heartbeat.url"], every=shape.every)
