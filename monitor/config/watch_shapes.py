"""The shapes of what lets others watch the service."""

from __future__ import annotations

from pydantic import Field

from monitor.config.fields import BeatEvery, Flag, ListenAt
from monitor.config.part import Shape, as_written


class HealthShape(Shape):
    """Answer /healthz, /readyz and /metrics; without this section nothing listens."""

    listen: ListenAt = as_written("127.0.0.1:9464", "Address and port to listen at.")
    exposed: Flag = Field(
        default=False, description="Let `listen` be an address that other machines can reach."
    )


class HeartbeatShape(Shape):
    """Call a URL while all goes well, so that somebody elsewhere is told when it ends."""

    url: str | None = Field(default=None, description="What is called (POST); a secret.")
    url_file: str | None = Field(default=None, description="A file that holds the URL.")
    every: BeatEvery = as_written("5m", "From one call to the next.")
