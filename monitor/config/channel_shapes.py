"""The shapes of destinations that have more than a URL."""

from __future__ import annotations

from pydantic import Field

from monitor.config.fields import Channel, Entries, FileBytes, Flag, Lasts, Phrase, Url
from monitor.config.part import Shape, as_written


class SlackShape(Shape):
    """A channel of Slack, through an incoming webhook or as a bot."""

    webhook_url: str | None = Field(
        default=None, description="The URL of an incoming webhook; a secret."
    )
    webhook_url_file: str | None = Field(default=None, description="A file that holds the URL.")
    bot_token: str | None = Field(
        default=None,
        description="The token of a bot with the scope chat:write; it begins with xoxb-.",
    )
    bot_token_file: str | None = Field(default=None, description="A file that holds the token.")
    channel: Channel | None = Field(
        default=None, description="Where the bot posts: the channel's id, or its name as '#news'."
    )
    updates_in_channel: Flag = Field(
        default=False, description="Show updates in the channel, too, not in their thread alone."
    )
    api_url: Url = Field(
        default="https://slack.com/api", description="Of the Web API; GovSlack has its own."
    )


class WebhookShape(Shape):
    """An HTTP endpoint of yours; it gets JSON, signed by the Standard Webhooks scheme."""

    url: str | None = Field(default=None, description="Where to send; may hold a token.")
    url_file: str | None = Field(default=None, description="A file that holds the URL.")
    secret: str | None = Field(
        default=None,
        description="The key that signs: base64 of 24 to 64 bytes. Default: unsigned.",
    )
    secret_file: str | None = Field(default=None, description="A file that holds the key.")
    previous_secret: str | None = Field(
        default=None,
        description="The key before, which signs as well until your endpoint knows the new one.",
    )
    previous_secret_file: str | None = Field(default=None, description="A file that holds it.")


class FileShape(Shape):
    """Files that others read: an Atom feed, JSON Lines, or both."""

    atom: str | None = Field(
        default=None, description="The Atom feed to write, relative to this file."
    )
    entries: Entries = Field(default=100, description="How many of the newest the feed holds.")
    jsonl: str | None = Field(
        default=None, description="The JSON Lines to add to, relative to this file."
    )
    max_bytes: FileBytes = as_written(
        "10MB", "Of each file; full JSON Lines are kept once, as the same name with .1."
    )


class AlertmanagerShape(Shape):
    """A Prometheus Alertmanager, for its own routes, silences and people on call."""

    url: str | None = Field(
        default=None, description="Its address, without /api/v2/alerts; may hold a login."
    )
    url_file: str | None = Field(default=None, description="A file that holds the address.")
    token: str | None = Field(default=None, description="Sent as a bearer token. Default: none.")
    token_file: str | None = Field(default=None, description="A file that holds the token.")
    labels: dict[str, Phrase] = Field(
        default={}, description="Labels for its routes, beside our own; texts."
    )
    lasts: Lasts = as_written("1h", "After it an alert resolves.")
