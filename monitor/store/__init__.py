"""The database: what was polled, seen, decided and delivered. SQLAlchemy lives only here."""

from monitor.store.engine import has_daemon, open_engine, sole_daemon
from monitor.store.feedback import Feedback
from monitor.store.mailboxes import Mailboxes
from monitor.store.migrate import migrate
from monitor.store.opening import one_line, open_at
from monitor.store.outage import is_damaged, outage
from monitor.store.outbox import Hands
from monitor.store.recounts import Recounts
from monitor.store.reports import Glance, Reports
from monitor.store.silences import Silences
from monitor.store.slots import Slots
from monitor.store.store import Store
from monitor.store.subscriptions import Subscriptions
from monitor.store.told import Tellings

__all__ = [
    "Feedback",
    "Glance",
    "Hands",
    "Mailboxes",
    "Recounts",
    "Reports",
    "Silences",
    "Slots",
    "Store",
    "Subscriptions",
    "Tellings",
    "has_daemon",
    "is_damaged",
    "migrate",
    "one_line",
    "open_at",
    "open_engine",
    "outage",
    "sole_daemon",
]
