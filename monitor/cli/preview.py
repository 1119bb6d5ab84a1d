"""`preview`: the last alert of a topic as a receiver would get it; nothing is sent or stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from monitor import clock
from monitor.alerts.render import render
from monitor.alerts.samples import sample
from monitor.cli.place import consulted, has_database, settings_of
from monitor.cli.screen import minute, plain, print_json, screen
from monitor.config import Receiver, Settings
from monitor.errors import SeedwatchError
from monitor.records import Alert, Message, Reason, Topic

# Tests and reports are no alerts of the topic; beyond so many of them in a row there is none.
_LOOKED_AT = 100


def preview(named: Path | None, topic_name: str, receiver: str | None, *, as_json: bool) -> None:
    """Render the last alert of a topic, or an example if there is none, for its receivers."""
    settings = settings_of(named)
    topic = _topic(settings, topic_name)
    receivers = _receivers(settings, topic, receiver)
    alert = _last_alert(settings, topic)
    is_example = alert is None
    alert = alert or sample(
        Reason.FIRST_STORY, clock.utc_now(), topic=topic.name, title=topic.seeds[0].title
    )
    shown = [
        (kind, names, render(alert, message_id=alert.id, own=settings.templates.get(one.name)))
        for one in receivers
        for kind, names in _by_kind(one).items()
    ]
    if as_json:
        print_json([_facts(*one, is_example=is_example) for one in shown])
        return
    console = screen()
    what = "an example, since there is no alert yet" if is_example else minute(alert.created_at)
    console.print(plain(f"topic {topic.name}: {what}; nothing is sent"))
    for kind, names, message in shown:
        _show(console, kind, names, message)


def _topic(settings: Settings, name: str) -> Topic:
    topics = {topic.name: topic for topic in settings.topics}
    if name not in topics:
        raise SeedwatchError(f"there is no topic {name!r}; the file has: {', '.join(topics)}")
    return topics[name]


def _receivers(settings: Settings, topic: Topic, name: str | None) -> list[Receiver]:
    receivers = {receiver.name: receiver for receiver in settings.receivers}
    if name is not None and name not in receivers:
        raise SeedwatchError(f"there is no receiver {name!r}; the file has: {', '.join(receivers)}")
    return [receivers[one] for one in ([name] if name is not None else topic.receivers)]


def _last_alert(settings: Settings, topic: Topic) -> Alert | None:
    from monitor.store import Reports
    from monitor.store.told import NO_ALERTS

    if not has_database(settings):
        return None
    with consulted(settings) as engine:
        found = Reports(engine).alerts(topic=topic.name, limit=_LOOKED_AT)
    return next((alert for alert in found if alert.reason not in NO_ALERTS), None)


def _by_kind(receiver: Receiver) -> dict[str, list[str]]:
    """Give the destinations of a receiver by kind: those of one kind get the same message."""
    found: dict[str, list[str]] = {}
    for destination in receiver.destinations:
        found.setdefault(destination.kind, []).append(destination.name)
    return found


def _facts(kind: str, names: list[str], message: Message, *, is_example: bool) -> dict[str, Any]:
    return {
        "destinations": names,
        "kind": kind,
        "is_example": is_example,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "blocks": message.blocks,
        "payload": message.payload,
        "template_faults": message.template_faults,
    }


def _show(console: Console, kind: str, names: list[str], message: Message) -> None:
    console.print()
    console.rule(plain(", ".join(names)), align="left", characters="-")
    for part, cause in message.template_faults.items():
        console.print(plain(f"template `{part}` failed, the usual form stands in: {cause}"))
    written = _FORMS.get(kind, _as_text)(message)
    console.print(plain(written.rstrip("\n")), soft_wrap=True)


def _as_text(message: Message) -> str:
    return message.text


def _with_subject(message: Message) -> str:
    return f"{message.subject}\n\n{message.text}"


def _as_mail(message: Message) -> str:
    page = "(and the same as an HTML page: --json has it)"
    return f"Subject: {message.subject}\n\n{message.text}\n{page}"


def _as_blocks(message: Message) -> str:
    return "\n".join(line for block in message.blocks for line in _lines(block))


def _lines(block: Mapping[str, Any]) -> Iterable[str]:
    texts = [block["text"]] if "text" in block else block.get("elements", ())
    return [str(one.get("text", "")) for one in texts] + [""]


def _as_json(message: Message) -> str:
    return json.dumps(message.payload, ensure_ascii=False, indent=2)


def _as_file(message: Message) -> str:
    page = "(its content is the HTML page: --json has it)"
    return f"Atom: {message.subject}\n{page}\n\nJSON Lines: {_as_json(message)}"


# What the notifier of a kind makes use of; a kind that is not here sends the text.
_FORMS: Mapping[str, Callable[[Message], str]] = {
    "email": _as_mail,
    "slack": _as_blocks,
    "apprise": _with_subject,
    "alertmanager": _with_subject,
    "file": _as_file,
    "webhook": _as_json,
}
