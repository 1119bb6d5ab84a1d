"""The way in for hubs (WebSub): a small HTTP server, bounded in all that it takes."""

from monitor.push.door import Door, Doorplate
from monitor.push.listener import Listener, PushLimits

__all__ = ["Door", "Doorplate", "Listener", "PushLimits"]
