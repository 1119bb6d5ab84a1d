"""Render an alert as a message, in every form that a channel may ask for.

Pure: it reads nothing but its own templates. Each form escapes for itself, and titles are
values, never templates: `{{ 7 * 7 }}` in a title stays as it is.
"""

from __future__ import annotations

from dataclasses import replace

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from monitor.alerts.blocks import blocks
from monitor.alerts.own import OwnForms, OwnTemplates, render_own
from monitor.alerts.payload import payload
from monitor.alerts.view import view_of
from monitor.alerts.wording import clean, shown_items, word, wrap
from monitor.records import Alert, Message, Reason

_ABOUT_ONE_STORY = frozenset({Reason.FIRST_STORY, Reason.UPDATE})


def _escapes(template: str | None) -> bool:
    return template is None or template.endswith(".html.j2")


_templates = ImmutableSandboxedEnvironment(
    loader=PackageLoader("monitor", "alerts/templates"),
    autoescape=_escapes,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_templates.filters["wrap"] = wrap


def render(alert: Alert, *, message_id: str, own: OwnTemplates | None = None) -> Message:
    """Render the alert; the message's id is the one that its delivery keeps on every try.

    The subject is one line of at most 150 characters, the text fits 78 columns (a URL is never
    broken), the payload stays under 20 kB, the blocks within the limits of Block Kit.

    What a receiver has templates of its `own` for is made by them; where one fails the usual form
    stands in, with a note that says so.
    """
    worded = word(alert)
    forms = OwnForms()
    if own is not None:
        forms = render_own(view_of(alert, worded, shown_items(alert)[1]), own)
        worded = replace(worded, note=_note(own, forms))
    return Message(
        id=message_id,
        subject=forms.subject or worded.subject,
        text=forms.text or _templates.get_template("alert.txt.j2").render(alert=worded),
        html=forms.html or _templates.get_template("alert.html.j2").render(alert=worded),
        blocks=forms.blocks or blocks(worded),
        payload=payload(alert),
        created_at=alert.created_at,
        topic=alert.topic,
        story_id=alert.story_id if alert.reason in _ABOUT_ONE_STORY else "",
        is_update=alert.reason is Reason.UPDATE,
        template_faults=forms.faults,
    )


def _note(own: OwnTemplates, forms: OwnForms) -> str:
    if not forms.faults:
        return ""
    part, cause = next(iter(forms.faults.items()))
    return clean(
        f"Template `{part}` of {own.receiver} failed, so this is the usual form: {cause}", 300
    )
