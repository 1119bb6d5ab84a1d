"""The database: what was polled, seen, decided and delivered. SQLAlchemy lives only here."""

from monitor.store.engine import has_daemon, open_engine, sole_daemon
from monitor.store.feedback import Feedback
from monitor.store.migrate import migrate
from monitor.store.reports import Glance, Reports
from monitor.store.store import Store
from monitor.store.subscriptions import Subscriptions

__all__ = [
    "Feedback",
    "Glance",
    "Reports",
    "Store",
    "Subscriptions",
    "has_daemon",
    "migrate",
    "open_engine",
    "sole_daemon",
]
