"""Post messages to a Slack incoming webhook."""

from __future__ import annotations

import json

from monitor.alerts.blocks import mrkdwn
from monitor.alerts.payload import encode
from monitor.notify.http import post_json, refusal
from monitor.notify.tools import Tools
from monitor.records import Answer, Message, Sent
from monitor.targets import SlackTarget

# Errors of Slack that are about the moment, whatever the status that carries them.
_PASSING = frozenset({"rate_limited", "ratelimited", "rollup_error", "internal_error"})


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
        body = {
            "text": mrkdwn(message.subject),
            "blocks": list(message.blocks),
            # No previews, and nothing in a text becomes a link or a mention by itself.
            "unfurl_links": False,
            "unfurl_media": False,
            "parse": "none",
            "link_names": False,
        }
        answer = post_json(self._tools, self._url, encode(body), {})
        if answer.status == 200 and answer.text.strip() == "ok":
            return Sent(answer="ok")
        raise refusal(answer, self._url, self._tools.clock(), permanent=_is_permanent(answer))


def _is_permanent(answer: Answer) -> bool | None:
    """Judge what Slack judges by words; None leaves it to the status.

    Source: api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks; a 200 with
    `{"ok": false}` is the Web API at a URL that is no incoming webhook.
    """
    said = answer.text.strip()
    if answer.status == 200 and said.startswith("{"):
        try:
            said = str(json.loads(said).get("error", ""))
        except ValueError:
            return False
        return said not in _PASSING
    return False if said in _PASSING else None
