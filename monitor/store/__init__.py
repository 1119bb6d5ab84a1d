"""The database: what was polled, seen, decided and delivered. SQLAlchemy lives only here."""

from monitor.store.archive import Archive, History
from monitor.store.backup import back_up, restore
from monitor.store.census import Census, census
from monitor.store.disk import Measure, Room, damage, room, room_of_file
from monitor.store.engine import has_daemon, open_engine, sole_daemon
from monitor.store.feedback import Feedback
from monitor.store.keeping import Keeping, Upkeep
from monitor.store.mailboxes import Mailboxes
from monitor.store.migrate import migrate
from monitor.store.opening import one_line, open_at
from monitor.store.outage import is_damaged, outage
from monitor.store.outbox import Hands
from monitor.store.past import Past
from monitor.store.readonly import open_read_only
from monitor.store.recounts import Recounts
from monitor.store.reports import Glance, Reports
from monitor.store.silences import Silences
from monitor.store.slots import Slots
from monitor.store.store import Store
from monitor.store.subscriptions import Subscriptions
from monitor.store.told import Tellings

__all__ = [
    "Archive",
    "Census",
    "Feedback",
    "Glance",
    "Hands",
    "History",
    "Keeping",
    "Mailboxes",
    "Measure",
    "Past",
    "Recounts",
    "Reports",
    "Room",
    "Silences",
    "Slots",
    "Store",
    "Subscriptions",
    "Tellings",
    "Upkeep",
    "back_up",
    "census",
    "damage",
    "has_daemon",
    "is_damaged",
    "migrate",
    "one_line",
    "open_at",
    "open_engine",
    "open_read_only",
    "outage",
    "restore",
    "room",
    "room_of_file",
    "sole_daemon",
]
