"""Render an alert by templates of the user's own, which `proof` has found to end. Pure.

One environment a part of a message, each with its own escaping: HTML's by Jinja, Slack's by what
every value passes on its way out. Titles are values, never templates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from jinja2 import ChainableUndefined, Template, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from monitor.alerts.blocks import Block, mrkdwn, sections
from monitor.alerts.filters import FILTERS, Link, link_in_page, link_in_slack, plain_link
from monitor.alerts.proof import prove
from monitor.alerts.view import AlertView, Url
from monitor.alerts.wording import MAX_SUBJECT, clean, printable
from monitor.errors import BadTemplateError

Part = Literal["subject", "text", "html", "slack"]
PARTS: tuple[Part, ...] = ("subject", "text", "html", "slack")
MAX_CHARACTERS = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTemplates:
    """The templates of one receiver, as their sources; a part without one keeps its usual form."""

    # `OwnTemplates.receiver` is only told, in what is said of faults.
    receiver: str
    sources: Mapping[Part, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnForms:
    """What templates made of one alert; None where there is no template, or it failed."""

    subject: str | None = None
    text: str | None = None
    html: str | None = None
    blocks: tuple[Block, ...] | None = None
    # Why templates failed, by part.
    faults: Mapping[str, str] = field(default_factory=dict)


def check_template(part: Part, source: str) -> int:
    """Give the most work that a template can be, in the measure of `proof`.

    Raises `BadTemplateError` with the line of the first thing that is wrong with it.
    """
    if len(source) > MAX_CHARACTERS:
        raise BadTemplateError(f"is longer than {MAX_CHARACTERS} characters", line=0)
    try:
        work = prove(_ENVIRONMENTS[part].parse(source), is_page=part == "html")
        _compiled(part, source)
    except TemplateSyntaxError as error:
        raise BadTemplateError(_sentence(str(error.message)), line=error.lineno) from None
    except RecursionError:
        raise BadTemplateError("is nested too deeply", line=0) from None
    except ValueError:
        # An integer with more digits than Python reads.
        raise BadTemplateError("has a number that is too large", line=0) from None
    return work


def render_own(view: AlertView, own: OwnTemplates) -> OwnForms:
    """Render what a receiver has templates for; one that fails is told, and leaves its part out."""
    made: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for part, source in own.sources.items():
        try:
            written = _compiled(part, source).render(alert=view)
        except Exception as error:  # noqa: BLE001 - whatever it is, the alert is told all the same
            faults[part] = clean(f"{type(error).__name__}: {error}", 200)
            continue
        if not written.strip():
            faults[part] = f"it made nothing of this alert ({view.reason})"
            continue
        made["blocks" if part == "slack" else part] = _FORMS[part](written)
    return OwnForms(**made, faults=faults)


def _page(written: str) -> str:
    return written if written.endswith("\n") else f"{written}\n"


def _text(written: str) -> str:
    return printable(written).strip("\n") + "\n"


_FORMS: Mapping[Part, Callable[[str], Any]] = {
    "subject": lambda written: clean(written, MAX_SUBJECT),
    "text": _text,
    "html": _page,
    "slack": sections,
}


def _in_slack(value: object) -> object:
    """Let a value out in the marks of Slack: inert, but for links that were made on purpose."""
    if isinstance(value, Link):
        return value
    return plain_link(value) if isinstance(value, Url) else mrkdwn(str(value))


def _environment(part: Part) -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        autoescape=part == "html",
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_in_slack if part == "slack" else None,
    )
    made.globals.clear()
    made.tests.clear()
    made.filters.clear()
    made.filters |= {name: known.apply for name, known in FILTERS.items()}
    links = {"html": link_in_page, "slack": link_in_slack}
    made.filters["link"] = links.get(part, FILTERS["link"].apply)
    return made


_ENVIRONMENTS: Mapping[Part, ImmutableSandboxedEnvironment] = {
    part: _environment(part) for part in PARTS
}


@lru_cache(maxsize=256)
def _compiled(part: Part, source: str) -> Template:
    return _ENVIRONMENTS[part].from_string(source)


def _sentence(problem: str) -> str:
    return f"is no template: {clean(problem, 200).rstrip('.')}"
