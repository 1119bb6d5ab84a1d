"""An example for the help of each command that has none in its own text."""

from __future__ import annotations

from collections.abc import Mapping

import click

# The words of a command -> what follows `seedwatch`.
EXAMPLES: Mapping[str, str] = {
    "init": "init ~/watch",
    "run": "-c config/seedwatch.yaml run",
    "once": "once --dry-run",
    "demo": "demo --keep /tmp/demo",
    "status": "status --feeds",
    "alerts": "alerts --topic border --limit 5",
    "deliveries": "deliveries --state lost",
    "redeliver": "redeliver newsroom/1-slack",
    "why": "why 6bf38f71",
    "feeds": "feeds list --failing",
    "feedback": "feedback no 6bf38f71",
    "feedback list": "feedback list --topic border",
    "feedback undo": "feedback undo 3f2a91c0",
    "feedback export": "feedback export > said.jsonl",
    "feedback import": "feedback import said.jsonl",
    "silence": 'silence add --for 48h --topic border --comment "moving desks"',
    "silence list": "silence list --all",
    "silence end": "silence end 3f2a91c0",
    "evaluate": "evaluate labelled/ --set threshold=0.4",
    "test-alert": "test-alert newsroom",
    "forget": "forget border",
    "install-service": "install-service",
    "uninstall-service": "uninstall-service",
}


def add_to(group: click.Group, *words: str) -> None:
    """Put an example below the help of each command that lacks one."""
    for name, command in group.commands.items():
        here = (*words, name)
        example = EXAMPLES.get(" ".join(here))
        if example and "Example" not in (command.help or "") and not command.epilog:
            command.epilog = f"\b\nExample:\n  seedwatch {example}"
        if isinstance(command, click.Group):
            add_to(command, *here)
