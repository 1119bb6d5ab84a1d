"""The table of builtin lists in docs/feeds.md.

`python -m monitor.config.builtin_table` prints it anew; a test compares.
"""

from __future__ import annotations

import sys

from monitor.config.builtin import read_all


def table() -> str:
    """Write how many lists there are, and a row for each."""
    lists = read_all()
    countries = {one.country for one in lists} - {None, "eu"}
    languages = {lang for one in lists for lang in one.languages}
    feeds = sum(len(one.feeds) for one in lists)
    head = (
        f"{len(lists)} lists, {feeds} feeds, {len(countries)} countries, "
        f"{len(languages)} languages.\n\n"
        "| list | country | code | languages | feeds |\n| --- | --- | --- | --- | --- |\n"
    )
    rows = (
        f"| `builtin:{one.name}` | {one.title} | {one.country or ''} "
        f"| {' '.join(one.languages)} | {len(one.feeds)} |\n"
        for one in lists
    )
    return head + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(table())
