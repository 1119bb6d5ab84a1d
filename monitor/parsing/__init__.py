"""Parsing in processes of its own, so that no document can hurt the daemon."""

from monitor.parsing.pool import Parsers
from monitor.parsing.wire import Limits

__all__ = ["Limits", "Parsers"]
