"""Servers that mean ill, as a table: what each does, and what the client must say of it.

Half of the table is made: wherever an answer can be, a server stops, drips, floods, hangs up or
breaks off. The rest are particular lies. `tests/fetch/test_hostile.py` holds the client to it, and
`bench/hostile_servers.py` measures what each costs.
"""

from __future__ import annotations

from tests.fakes.behaviour import MADE, MAX_BYTES, Behaviour
from tests.fakes.lies import LIES

__all__ = ["BEHAVIOURS", "MAX_BYTES", "NAMED", "Behaviour"]

BEHAVIOURS = (*MADE, *LIES)
NAMED = {one.name: one for one in BEHAVIOURS}
