"""What the keys of one destination must be together, and the targets that they describe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from monitor.config.channel_shapes import AlertmanagerShape, FileShape, SlackShape
from monitor.config.faults import Faults
from monitor.config.tree import Node
from monitor.targets import (
    AlertmanagerTarget,
    FileTarget,
    Secret,
    SlackBotTarget,
    SlackTarget,
    Target,
    WebhookTarget,
)

# By the path of the key without `_file`, e.g. `receivers.newsroom[0].slack.webhook_url`.
Secrets = Mapping[str, Secret]

_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Labels that each alert has of its own.
_OUR_LABELS = ("alertname", "topic", "reason", "story", "alert_id")
_BOT_KEYS = ("channel", "api_url", "updates_in_channel")
_MOST_LABELS = 32


class Channels:
    """Checks destinations key by key; knows which files are taken."""

    def __init__(self, folder: Path, faults: Faults) -> None:
        self._folder = folder
        self._faults = faults
        # Real path -> the key that named it first.
        self._files: dict[Path, str] = {}

    def check(self, kind: str, settings: Node) -> None:
        """Add what is wrong with the keys of one destination."""
        checks = {
            "slack": self._check_slack,
            "webhook": self._check_webhook,
            "file": self._check_file,
            "alertmanager": self._check_alertmanager,
        }
        if kind in checks and (isinstance(settings.value, Mapping) or settings.value is None):
            checks[kind](settings)

    def _check_slack(self, slack: Node) -> None:
        has_hook = not {"webhook_url", "webhook_url_file"}.isdisjoint(slack.children)
        has_token = not {"bot_token", "bot_token_file"}.isdisjoint(slack.children)
        if has_hook and has_token:
            self._faults.add(slack, "has both 'webhook_url' and 'bot_token'; keep one")
        elif has_hook:
            for key in _BOT_KEYS:
                if key in slack.children:
                    what = f"'{key}' needs 'bot_token'; a webhook posts to its own channel"
                    self._faults.add(slack.children[key], what)
        elif not has_token:
            self._faults.add(slack, "needs 'webhook_url', or 'bot_token' and 'channel'")
        elif "channel" not in slack.children:
            self._faults.add(slack, "'bot_token' needs 'channel'")
        elif slack.children["channel"].value is None:
            what = "has no value; a name that begins with # must be in quotes"
            self._faults.add(slack.children["channel"], what)

    def _check_webhook(self, webhook: Node) -> None:
        previous = {"previous_secret", "previous_secret_file"} & set(webhook.children)
        if previous and {"secret", "secret_file"}.isdisjoint(webhook.children):
            self._faults.add(webhook, "'previous_secret' needs 'secret', the new one")

    def _check_file(self, file: Node) -> None:
        keys = [key for key in ("atom", "jsonl") if key in file.children]
        if not keys:
            self._faults.add(file, "needs 'atom' or 'jsonl', or both")
        for key in keys:
            node = file.children[key]
            if node.text is not None:
                self._check_path(node, node.text)

    def _check_path(self, node: Node, name: str) -> None:
        try:
            path = (self._folder / name).resolve()
            is_folder, has_parent = path.is_dir(), path.parent.is_dir()
        except (OSError, ValueError, RuntimeError):
            self._faults.add(node, "{} is not the name of a file")
            return
        if is_folder:
            self._faults.add(node, "{} is a folder, not a file")
        elif not has_parent:
            self._faults.add(node, "the folder of {} does not exist; make it first")
        taken_by = self._files.setdefault(path, node.path)
        if taken_by != node.path:
            self._faults.add(node, "{} is " + f"the file of {taken_by} already; give each its own")

    def _check_alertmanager(self, alertmanager: Node) -> None:
        labels = alertmanager.children.get("labels")
        for name, node in labels.children.items() if labels is not None else ():
            if name in _OUR_LABELS:
                self._faults.add(node, "each alert has a label of this name already")
            elif not _LABEL.fullmatch(name):
                what = "is not the name of a label; take letters, digits and '_', no digit first"
                self._faults.add(node, what)
        if labels is not None and len(labels.children) > _MOST_LABELS:
            self._faults.add(labels, f"has more than {_MOST_LABELS} labels")


def slack_target(slack: SlackShape, path: str, secrets: Secrets) -> Target:
    """Make the target of one of the two ways to Slack."""
    hook = secrets.get(f"{path}.webhook_url")
    if hook is not None:
        return SlackTarget(webhook_url=hook)
    return SlackBotTarget(
        token=secrets[f"{path}.bot_token"],
        channel=slack.channel or "",
        api_url=slack.api_url.rstrip("/"),
        updates_in_channel=slack.updates_in_channel,
    )


def webhook_target(path: str, secrets: Secrets) -> Target:
    """Make the target of a webhook, all of whose keys are secrets."""
    return WebhookTarget(
        url=secrets[f"{path}.url"],
        secret=secrets.get(f"{path}.secret"),
        previous_secret=secrets.get(f"{path}.previous_secret"),
    )


def file_target(file: FileShape, folder: Path) -> Target:
    """Make the target of files, whose names are relative to a folder."""
    return FileTarget(
        atom=str(folder / file.atom) if file.atom else None,
        entries=file.entries,
        jsonl=str(folder / file.jsonl) if file.jsonl else None,
        max_bytes=file.max_bytes,
    )


def alertmanager_target(alertmanager: AlertmanagerShape, path: str, secrets: Secrets) -> Target:
    """Make the target of an Alertmanager."""
    return AlertmanagerTarget(
        url=secrets[f"{path}.url"],
        token=secrets.get(f"{path}.token"),
        labels=dict(alertmanager.labels),
        lasts=alertmanager.lasts,
    )
