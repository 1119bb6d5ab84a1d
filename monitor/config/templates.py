"""Templates of the configuration: read them, and say what is wrong before one is used."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path

from monitor.alerts.own import PARTS, OwnTemplates, Part, check_template, render_own
from monitor.alerts.samples import TOLD, sample
from monitor.alerts.view import view_of
from monitor.alerts.wording import word
from monitor.config.faults import Faults, shown_file
from monitor.config.files import UnreadableError, read_bytes
from monitor.config.tree import Node
from monitor.config.values import suggest
from monitor.errors import BadTemplateError

_MAX_BYTES = 64_000
# Samples need a time; which one does not matter.
_SOME_DAY = datetime(2026, 1, 5, 9, tzinfo=UTC)


def read_templates(
    templates: Node, receivers: Collection[str], folder: Path, faults: Faults
) -> Mapping[str, OwnTemplates]:
    """Read the templates of every receiver that has any; what is wrong with them are faults."""
    found: dict[str, OwnTemplates] = {}
    for name, node in templates.children.items():
        if name not in receivers:
            what = f"there is no receiver '{name}'" + suggest(name, sorted(receivers))
            faults.add(node, what)
        sources: dict[Part, str] = {}
        for part in PARTS:
            source = _read(node, part, name, folder, faults)
            if source is not None:
                sources[part] = source
        if sources:
            found[name] = OwnTemplates(receiver=name, sources=sources)
    return found


def _read(settings: Node, part: Part, name: str, folder: Path, faults: Faults) -> str | None:
    """Give one template that has no faults; None without one."""
    inline, file = settings.children.get(part), settings.children.get(f"{part}_file")
    if inline is not None and file is not None:
        faults.add(settings, f"has both '{part}' and '{part}_file'; keep one")
        return None
    if inline is not None and inline.text is not None:
        source = inline.text
    elif file is not None and file.text is not None:
        try:
            source = read_bytes(folder / file.text, _MAX_BYTES).decode("utf-8-sig")
        except UnreadableError as error:
            faults.add(file, str(error))
            return None
        except UnicodeDecodeError:
            faults.add(file, "{} is not a text in UTF-8")
            return None
    else:
        return None
    try:
        check_template(part, source)
        _try_it(part, source, name)
    except BadTemplateError as error:
        if file is not None:
            shown = shown_file(file, folder / (file.text or ""))
            faults.add_in(shown, error.line, file, error.what)
        elif inline is not None:
            # The lines of a block stand below its key.
            below = error.line if inline.is_block else 0
            faults.add(inline, error.what.replace("{}", "{ }"), line=inline.line + below)
        return None
    return source


def _try_it(part: Part, source: str, name: str) -> None:
    """Render an alert of each kind, so that none is found to be empty by its readers."""
    own = OwnTemplates(receiver=name, sources={part: source})
    for reason in TOLD:
        alert = sample(reason, _SOME_DAY)
        fault = render_own(view_of(alert, word(alert), alert.left_out), own).faults.get(part)
        if fault is not None:
            cure = f"with alert.reason '{reason.value}': {fault}; give it an {{% else %}}"
            raise BadTemplateError(f"fails {cure}", line=0)
