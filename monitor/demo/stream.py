"""The bundled stream: who published what, when, and what belongs to the story."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """An invented outlet and the form of its feed."""

    slug: str
    name: str
    # `rss`, `rss1` or `atom`.
    form: str
    # It answers with an error page instead of its feed.
    is_broken: bool

    @property
    def path(self) -> str:
        """Where the demo's server has its feed."""
        return f"/{self.slug}.xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoItem:
    """One published item, with the truth about it that the daemon never sees."""

    outlet: str
    published_at: datetime
    guid: str
    title: str
    summary: str
    on_topic: bool
    # The original's guid, if another outlet had the text first.
    copy_of: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """All of it, in order of publication."""

    outlets: tuple[Outlet, ...]
    items: tuple[DemoItem, ...]


def read_stream() -> Stream:
    """Read the stream that the package carries."""
    text = files("monitor.demo").joinpath("stream.yaml").read_text(encoding="utf-8")
    raw: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    outlets = tuple(
        Outlet(slug=one["slug"], name=one["name"], form=one["format"], is_broken="broken" in one)
        for one in raw["outlets"]
    )
    items = tuple(
        DemoItem(
            outlet=one["outlet"],
            published_at=_utc(one["published"]),
            guid=str(one["guid"]),
            title=one["title"],
            summary=one["summary"],
            on_topic=one["on_topic"],
            copy_of=one.get("copy_of"),
        )
        for one in raw["items"]
    )
    return Stream(outlets=outlets, items=items)


def _utc(when: datetime) -> datetime:
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
