"""What templates of the user's own cost at most, beside what the usual form costs.

    .venv/bin/python bench/templates.py

The worst template that is taken is looked for among many that are near the limit of work. Hostile
ones are put to plain Jinja's sandbox and to ours, each in a process of its own that may take two
seconds of CPU and 1 GB.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable

from jinja2.sandbox import ImmutableSandboxedEnvironment

from bench.sets import print_table
from monitor.alerts.own import OwnTemplates, Part, check_template, render_own
from monitor.alerts.proof import MAX_WORK
from monitor.alerts.render import render
from monitor.errors import BadTemplateError
from tests.alerts.test_own import FULL
from tests.fakes.alerts import catch_up

ROUNDS = 20
SECONDS = 2
BYTES = 1_000_000_000

USUAL = """\
[{{ alert.topic }}] {{ alert.kind }}
{{ alert.lead | wrap }}
{% for item in alert.items %}
{{ loop.index }}. {{ item.title | wrap }}
{{ item.summary | wrap }}
{{ item.score }} {{ item.source }} {{ item.when }}
{{ item.url or "no link" }}
{{ item.terms | wrap }}
{{ item.sources | wrap }}
{{ item.why }}
{% endfor %}
"""
HOSTILE = {
    "'x' * 10**9": "{{ 'x' * 10**9 }}",
    "doubling 40 times": "{% set x = 'abcdefgh' %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}",
    "range in range": "{% for a in range(99999) %}{% for b in range(99999) %}"
    "{% endfor %}{% endfor %}",
    "a width of 10**9": "{{ 'x' | center(10**9) }}",
    "a macro that calls itself": "{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(0) }}",
    "__class__": "{{ alert.__class__.__mro__ }}",
}


def near_the_limit(body: str, part: Part) -> str:
    """Repeat a body as often as is taken."""
    least, most = 0, 16_000 // len(body)
    while least < most:
        middle = (least + most + 1) // 2
        try:
            check_template(part, body * middle)
            least = middle
        except BadTemplateError:
            most = middle - 1
    return body * least


def cpu_of(work: Callable[[], object]) -> float:
    """Give the milliseconds of CPU of one call, the least of some."""
    took = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return 1_000 * min(took)


def worst() -> list[list[str]]:
    """Measure templates near the limit of work, of the fullest alert that there can be."""
    bodies: list[tuple[Part, str]] = [
        ("text", "{{ alert.title | wrap }}"),
        ("text", "{{ alert.title | upper | wrap | replace('W', 'i') | truncate(99) }}"),
        ("text", "{% for i in alert.items %}{{ i.title }}{% endfor %}"),
        (
            "text",
            "{% for i in alert.items %}{% for k in alert.items %}x{% endfor %}{% endfor %}",
        ),
        ("text", "{{ alert.url | urlencode }}"),
        ("html", "{{ alert.title }}"),
        ("html", "{% for i in alert.items %}{{ i.url | link(i.title) }}{% endfor %}"),
        ("slack", "{% for i in alert.items %}{{ i.title }} {{ i.url }}{% endfor %}"),
    ]
    rows = []
    for part, body in bodies:
        source = near_the_limit(body, part)
        own = OwnTemplates(receiver="r", sources={part: source})
        took = cpu_of(lambda own=own: render_own(FULL, own))
        checked = cpu_of(lambda part=part, source=source: check_template(part, source))
        rows.append([part, body[:60].replace("|", "\\|"), f"{took:.1f}", f"{checked:.1f}"])
    return rows


def plain_jinja(source: str) -> None:
    """Render as Jinja's own sandbox does."""
    ImmutableSandboxedEnvironment().from_string(source).render(alert=FULL)


def ours(source: str) -> None:
    """Check as the configuration does."""
    check_template("text", source)


def end_of(work: Callable[[str], None], source: str) -> str:
    """Say how a template ends, in a process that has bounds."""

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        try:
            work(source)
        except BadTemplateError:
            sys.exit(3)
        except MemoryError:
            sys.exit(4)
        except Exception:  # noqa: BLE001 - only how it ends is of interest
            sys.exit(5)

    process = multiprocessing.get_context("fork").Process(target=bounded)
    start = time.monotonic()
    process.start()
    process.join()
    words = {0: "renders", 3: "refused", 4: "out of memory", 5: "an error"}
    code = process.exitcode or 0
    return (
        f"{words.get(code, f'killed after {SECONDS} s of CPU')}, {time.monotonic() - start:.2f} s"
    )


def main() -> None:
    """Print the tables."""
    usual = cpu_of(lambda: render(catch_up(), message_id="d"))
    own = OwnTemplates(receiver="r", sources={"text": USUAL})
    print(f"the usual forms of five items, all four: {usual:.1f} ms")
    print(
        f"the usual text as a template of one's own: {check_template('text', USUAL)} of {MAX_WORK}"
    )
    print(f"the same, rendered: {cpu_of(lambda: render_own(FULL, own)):.1f} ms\n")
    print_table(["part", "near the limit, repeated", "ms to render", "ms to check"], worst())
    print()
    print_table(
        ["hostile", "Jinja's immutable sandbox", "ours"],
        [
            [name.replace("|", "\\|"), end_of(plain_jinja, source), end_of(ours, source)]
            for name, source in HOSTILE.items()
        ],
    )


if __name__ == "__main__":
    main()
