"""Post messages to a Slack incoming webhook."""

from __future__ import annotations

import json
from typing import Any

from monitor.alerts.blocks import mrkdwn
from monitor.alerts.payload import encode
from monitor.notify.http import About, post_json, refusal
from monitor.notify.slack_words import about_word
from monitor.notify.told import secrets_of
from monitor.notify.tools import Tools
from monitor.records import Answer, Message, Sent
from monitor.targets import SlackTarget


class SlackNotifier:
    """Sends the blocks, with the subject as the text that notifications show.

    An incoming webhook tells no message id: no threads, no edits, and a retry after an unanswered
    request may show twice.
    """

    def __init__(self, target: SlackTarget, tools: Tools) -> None:
        self._url = target.webhook_url
        self._tools = tools

    def send(self, message: Message) -> Sent:
        """Post it; only a 200 whose body is `ok` is a success."""
        answer = post_json(self._tools, self._url, encode(body_of(message)), {})
        if answer.status == 200 and answer.text.strip() == "ok":
            return Sent(answer="ok")
        secrets = secrets_of(self._url.reveal())
        raise refusal(answer, self._tools.clock(), *secrets, is_about=_about(answer))


def body_of(message: Message) -> dict[str, Any]:
    """Give what both ways to post take: blocks, and the text that notifications show."""
    return {
        "text": mrkdwn(message.subject),
        "blocks": list(message.blocks),
        # No previews, and nothing in a text becomes a link or a mention by itself.
        "unfurl_links": False,
        "unfurl_media": False,
        "parse": "none",
        "link_names": False,
    }


def _about(answer: Answer) -> About | None:
    """Judge what Slack judges by words; None leaves it to the status.

    A 200 with `{"ok": false}` is the Web API at a URL that is no incoming webhook.
    """
    said = answer.text.strip()
    if answer.status == 200 and said.startswith("{"):
        try:
            said = str(json.loads(said).get("error", ""))
        except ValueError:
            return About.MOMENT
        return about_word(said) or About.MESSAGE
    return about_word(said)
