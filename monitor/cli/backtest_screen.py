"""What `backtest` prints: a table, a plot for each topic, and the titles that differ."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding

from monitor.cli.days import Row, plot
from monitor.cli.screen import minute, plain, table
from monitor.difference import Backtest, Baseline, Case, Difference, Side

# What each reason is called where a line has to hold it.
NAMES = {"first_story": "told", "update": "told as an update", "catch_up": "told in a catch-up"}


def show(
    console: Console, found: Backtest, changes: Sequence[str], titles: int, seconds: float
) -> None:
    """Print what came of it."""
    extent = found.extent
    if not extent.items:
        console.print("nothing is stored yet: there is nothing to compare")
        return
    for change in changes:
        console.print(plain(f"changed: {change}"))
    console.print(_reach(found))
    _text(console, _against(found))
    for note in found.notes:
        _text(console, f"note: {note}")
    if found.topics:
        console.print()
        _table(console, found)
    for one in found.topics:
        _topic(console, one, titles, found.baseline)
    if found.untouched:
        console.print()
        _text(console, f"the change does not touch: {', '.join(found.untouched)}")
    if found.topics:
        rate = extent.items / max(seconds, 0.001)
        console.print(f"\n{seconds:.1f} s, {rate:,.0f} items a second; nothing was written")


def _text(console: Console, text: str) -> None:
    console.print(Padding(plain(text), (0, 0, 0, 2), expand=False))


def _reach(found: Backtest) -> str:
    extent = found.extent
    all_of_it = f"{extent.items:,} items are stored, from {minute(extent.since)} on"
    if found.since is None or not found.topics:
        return all_of_it
    return f"{found.items:,} items since {minute(found.since)} compared; {all_of_it}"


def _against(found: Backtest) -> str:
    alike = found.agreement
    same = f"{alike.same:,} of {alike.compared:,} decisions come out as they are stored"
    if found.baseline is Baseline.STORED:
        return f"compared with what was decided then: {same}"
    if not found.topics:
        return "nothing that a topic tells hangs on the change"
    return f"compared with today's configuration over the same items: {same}"


def _table(console: Console, found: Backtest) -> None:
    first, second = _names(found.baseline)
    rows = table("topic", first, second, "gained", "lost", "", least=6)
    for one in found.topics:
        rows.add_row(
            plain(one.topic),
            str(one.before),
            str(one.after),
            f"+{len(one.gained)}" if one.gained else "0",
            f"-{len(one.lost)}" if one.lost else "0",
            "",
        )
    console.print(rows)


def _names(baseline: Baseline) -> tuple[str, str]:
    """Give what the two sides are called."""
    return ("then", "today") if baseline is Baseline.STORED else ("today", "changed")


def _topic(console: Console, one: Difference, titles: int, baseline: Baseline) -> None:
    if not one.before and not one.after:
        return
    first, second = _names(baseline)
    rows = [
        Row(name=first, counts=[day.before for day in one.days]),
        Row(name=second, counts=[day.after for day in one.days]),
    ]
    console.print()
    console.print(plain(f"{one.topic}: items told a day"), style="bold")
    for line in plot([day.day for day in one.days], rows):
        console.print(f"  {line}")
    _cases(console, "gained", "+", one.gained, titles)
    _cases(console, "lost", "-", one.lost, titles)


def _cases(console: Console, word: str, mark: str, cases: Sequence[Case], titles: int) -> None:
    if not cases:
        return
    console.print(f"  {word}:")
    for case in cases[:titles]:
        line = f"  {mark} {minute(case.first_seen_at)}  {case.source}: {case.title}"
        console.print(plain(line), no_wrap=True, overflow="ellipsis")
        line = f"      {case.item_id[:8]}  {_side(case.before)} -> {_side(case.after)}"
        console.print(plain(line), no_wrap=True, overflow="ellipsis")
    if len(cases) > titles:
        console.print(f"    … and {len(cases) - titles} more (--json has all)")


def _side(side: Side | None) -> str:
    if side is None:
        return "not judged"
    name = NAMES.get(side.reason.value, side.reason.value.replace("_", " "))
    sign = "<" if side.score < side.threshold else ">="
    return f"{name} ({side.score:.2f} {sign} {side.threshold:.2f})"
