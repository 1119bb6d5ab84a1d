"""`alerts`: what was told."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from monitor.alerts.wording import US, paragraphs_of
from monitor.cli.place import consulted, settings_of
from monitor.cli.screen import minute, plain, print_json, screen
from monitor.records import Alert, Delivery, Reason


def alerts(named: Path | None, *, topic: str | None, limit: int, as_json: bool) -> None:
    """Print the latest alerts with their deliveries."""
    from monitor.store import Reports, Silences

    settings = settings_of(named)
    with consulted(settings) as engine:
        reports = Reports(engine)
        found = reports.alerts(topic=topic, limit=limit)
        deliveries: dict[str, list[Delivery]] = {alert.id: [] for alert in found}
        withheld = Silences(engine).withheld(list(deliveries))
        for delivery in reports.deliveries_of(list(deliveries)):
            deliveries[delivery.alert_id].append(delivery)
    if as_json:
        print_json(
            [
                {
                    "alert": one,
                    "deliveries": deliveries[one.id],
                    "withheld": [kept for kept in withheld if kept.alert_id == one.id],
                }
                for one in found
            ]
        )
        return
    console = screen()
    if not found:
        console.print("No alerts yet. `seedwatch status` says what was read.")
    for alert in found:
        _show_alert(console, alert, deliveries[alert.id])
        for kept in withheld:
            if kept.alert_id == alert.id:
                console.print(plain(f"  -> {kept.receiver}: not told: {kept.why}"))


def _show_alert(console: Console, alert: Alert, deliveries: list[Delivery]) -> None:
    kind = alert.reason.value.replace("_", " ")
    console.print(plain(f"{minute(alert.created_at)}  [{alert.topic or US}] {kind}"))
    if alert.reason is Reason.NOTICE:
        console.print(plain(f"  {paragraphs_of(alert.detail)[0]}"))
    for item in alert.items:
        console.print(plain(f"  {item.score:.2f}  {item.title}"))
        console.print(plain(f"        {item.source}; why: seedwatch why {item.item_id[:8]}"))
    if alert.left_out:
        console.print(f"  and {alert.left_out} more were left out")
    for delivery in deliveries:
        answer = f": {delivery.answer}" if delivery.answer else ""
        console.print(plain(f"  -> {delivery.destination}: {delivery.state.value}{answer}"))
