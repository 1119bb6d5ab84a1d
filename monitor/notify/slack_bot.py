"""Post messages to a channel of Slack as a bot (https://docs.slack.dev/reference/methods/).

Unlike an incoming webhook, the Web API says how it knows a message (`ts`). So updates of a story go
into the thread of its first message, and that message can be edited in place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from monitor.alerts.payload import encode
from monitor.errors import DeliveryError
from monitor.notify.http import About, post_json, refusal
from monitor.notify.slack import body_of
from monitor.notify.slack_words import NO_THREAD, about_word
from monitor.notify.told import secrets_of
from monitor.notify.tools import Tools
from monitor.records import Message, Sent
from monitor.targets import Secret, SlackBotTarget

_MAX_ID = 64


class SlackBotNotifier:
    """Posts the blocks; an update into the thread of its story's first message.

    A retry after an unanswered request may show twice; the delivery's id is in the metadata of
    both, so that a program can tell.
    """

    def __init__(self, target: SlackBotTarget, tools: Tools) -> None:
        self._target = target
        self._tools = tools

    def send(self, message: Message) -> Sent:
        """Post it; if what its thread hangs on is gone or closed, by itself."""
        body = {"channel": self._target.channel, **body_of(message), **_metadata(message)}
        thread = self._thread(message)
        said = self._ask("chat.postMessage", {**body, **thread})
        if thread and said.get("error") in NO_THREAD:
            said = self._ask("chat.postMessage", body)
        self._check(said)
        return Sent(
            answer=f"ok {said.get('ts', '')}"[:_MAX_ID].strip(), receipt=self._receipt(said)
        )

    def edit(self, message: Message, receipt: Mapping[str, str]) -> None:
        """Put the message in the place of the one that the receipt is of.

        Raises `DeliveryError`; permanent, too, if that message is gone or may not be edited.
        """
        body = {"channel": receipt.get("channel", ""), "ts": receipt.get("ts", "")}
        self._check(self._ask("chat.update", {**body, **body_of(message), **_metadata(message)}))

    def knock(self) -> None:
        """Ask whether the token is good; posts nothing.

        Raises `DeliveryError`. Source: https://docs.slack.dev/reference/methods/auth.test
        """
        self._check(self._ask("auth.test", {}))

    def _thread(self, message: Message) -> dict[str, Any]:
        earlier = message.earlier or {}
        # A thread of the channel that was configured before is none of this one.
        if "ts" not in earlier or earlier.get("to") != self._target.channel:
            return {}
        return {"thread_ts": earlier["ts"], "reply_broadcast": self._target.updates_in_channel}

    def _receipt(self, said: Mapping[str, Any]) -> dict[str, str]:
        known = {name: said.get(name) for name in ("channel", "ts")}
        if not all(isinstance(one, str) and 0 < len(one) <= _MAX_ID for one in known.values()):
            return {}
        return {**{name: str(one) for name, one in known.items()}, "to": self._target.channel}

    def _ask(self, method: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for a method, and give what it says; what says nothing is raised."""
        headers = {
            "Authorization": f"Bearer {self._target.token.reveal()}",
            "Content-Type": "application/json; charset=utf-8",
        }
        # Not secret: but a proxy's address may hold a login.
        url = Secret(f"{self._target.api_url}/{method}")
        answer = post_json(self._tools, url, encode(body), headers)
        said = _object(answer.text)
        if answer.status == 200 and "ok" in said:
            return said
        # Words first: some errors come with a status of their own.
        is_about = about_word(str(said.get("error", "")))
        if answer.status == 200:
            is_about = About.MOMENT
        raise refusal(answer, self._tools.clock(), *self._secrets(), is_about=is_about)

    def _check(self, said: Mapping[str, Any]) -> None:
        if said["ok"] is True:
            return
        word = str(said.get("error", ""))[:_MAX_ID] or "no error named"
        needed = str(said.get("needed", ""))[:_MAX_ID]
        is_about = about_word(word) or About.MESSAGE
        raise DeliveryError(
            f"Slack: {word} ({needed} is needed)" if needed else f"Slack: {word}",
            permanent=is_about is not About.MOMENT,
            scope="destination" if is_about is About.DESTINATION else "message",
        )

    def _secrets(self) -> tuple[str, ...]:
        return (self._target.token.reveal(), *secrets_of(self._target.api_url))


def _metadata(message: Message) -> dict[str, Any]:
    # People do not see it; who reads the channel by program can tell a repeat by it.
    return {
        "metadata": {"event_type": "seedwatch_alert", "event_payload": {"message_id": message.id}}
    }


def _object(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
