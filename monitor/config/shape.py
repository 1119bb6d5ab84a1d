"""The shape of the configuration file: keys, kinds of values, defaults, bounds.

The JSON schema that editors use is made of these models. What one key cannot tell alone (files,
references, secrets) is left to the modules that build records of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from monitor.config.fields import (
    Address,
    Addresses,
    AllowedAddress,
    AtLeastEvery,
    BareKind,
    Callback,
    Contact,
    Every,
    Format,
    GiveUpAfter,
    GroupName,
    Language,
    Level,
    ListenAt,
    MaxBytes,
    Name,
    Names,
    PerHost,
    Phrase,
    Port,
    Security,
    Spacing,
    Threshold,
    Timeout,
    Url,
    Workers,
)


class Shape(BaseModel):
    """A part of the file; a key that it does not know is a fault."""

    # Errors hide their input, which may be a secret; defaults stand here as in the file.
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True
    )


def _as_written(default: str, description: str) -> Any:
    # A default in the words of the file, so that the JSON schema shows what one may write.
    return Field(default=default, description=description)


class ExpectShape(Shape):
    """Texts that `seedwatch check` tries on the topic."""

    match: list[Phrase] = Field(default=[], description="Headlines that must be on-topic.")
    ignore: list[Phrase] = Field(default=[], description="Headlines that must be off-topic.")


class TopicShape(Shape):
    """What you watch: texts known to be on-topic, the feeds to read, and who is told."""

    seeds: Names = Field(
        description="Text files, or folders with *.txt and *.md, relative to this file."
    )
    feeds: Names | None = Field(
        default=None, description="Groups of feeds to read, those inside them too. Default: all."
    )
    threshold: Threshold = _as_written(
        "auto",
        "The score from which an item is on-topic: `auto`, 0 to 1, or a rate (`3 per week`).",
    )
    must_mention: list[Phrase] = Field(
        default=[], description="Only items that have one of these words or phrases."
    )
    never_mention: list[Phrase] = Field(
        default=[], description="No items that have one of these words or phrases."
    )
    receivers: Names = Field(description="Names of receivers that are told.")
    expect: ExpectShape = Field(
        default_factory=ExpectShape, description="Texts that `seedwatch check` tries."
    )


class FeedShape(Shape):
    """One feed with settings of its own."""

    url: Url = Field(description="Where the feed is.")
    every: Every | None = Field(
        default=None,
        description="The time between two polls, always. Default: as it pays, see `polling.every`.",
    )
    name: Phrase | None = Field(
        default=None, description="The outlet, as alerts show it. Default: its host."
    )
    lang: Language | None = Field(
        default=None, description="Language of its items: two letters of ISO 639-1."
    )


class OpmlShape(Shape):
    """A list of feeds in an OPML file."""

    opml: str = Field(
        description="The OPML file, relative to this file; `builtin:NAME` is a list of ours."
    )
    without: list[Url] = Field(default=[], description="Feeds of the list that are not polled.")


class SlackShape(Shape):
    """A Slack incoming webhook; its URL is a secret."""

    webhook_url: str | None = Field(default=None, description="Its URL, from Slack.")
    webhook_url_file: str | None = Field(default=None, description="A file that holds the URL.")


class SmtpShape(Shape):
    """The server that takes the mail."""

    host: Phrase = Field(description="Its name or address.")
    port: Port | None = Field(
        default=None, description="Default: 587 for starttls, 465 for tls, 25 for none."
    )
    security: Security | None = Field(
        default=None,
        description="Default: tls on port 465, none on this machine, else starttls.",
    )
    username: str | None = Field(default=None, description="If the server wants one.")
    password: str | None = Field(default=None, description="Best as ${VARIABLE}.")
    password_file: str | None = Field(default=None, description="A file that holds the password.")


class EmailShape(Shape):
    """Mail to one or more addresses."""

    to: Addresses = Field(description="An address or a list of them.")
    sender: Address = Field(
        default="seedwatch@localhost", alias="from", description="Who the mail is from."
    )
    smtp: SmtpShape = Field(description="The server that takes the mail.")


class WebhookShape(Shape):
    """An HTTP endpoint of yours; it gets JSON, signed by the Standard Webhooks scheme."""

    url: str | None = Field(default=None, description="Where to send; may hold a token.")
    url_file: str | None = Field(default=None, description="A file that holds the URL.")
    secret: str | None = Field(
        default=None,
        description="The key that signs: base64 of 24 to 64 bytes. Default: unsigned.",
    )
    secret_file: str | None = Field(default=None, description="A file that holds the key.")


class AppriseShape(Shape):
    """Any service that Apprise knows, see https://appriseit.com/services/."""

    url: str | None = Field(default=None, description="Its Apprise URL; holds its secrets.")
    url_file: str | None = Field(default=None, description="A file that holds the URL.")


class ConsoleShape(Shape):
    """Standard output; it has no settings."""


class DestinationShape(Shape):
    """One place that messages go to: one kind with its settings."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    console: ConsoleShape | None = Field(default=None, description="Standard output.")
    slack: SlackShape | None = Field(default=None, description="A Slack incoming webhook.")
    email: EmailShape | None = Field(default=None, description="Mail through an SMTP server.")
    webhook: WebhookShape | None = Field(default=None, description="An HTTP endpoint of yours.")
    apprise: AppriseShape | None = Field(default=None, description="A service that Apprise knows.")

    @model_validator(mode="before")
    @classmethod
    def _kind_alone(cls, value: Any) -> Any:
        # `- console:` has no value in YAML; a kind that needs keys then says which it lacks.
        if isinstance(value, Mapping):
            return {kind: {} if keys is None else keys for kind, keys in value.items()}
        return value


class PollingShape(Shape):
    """How feeds are polled."""

    every: Every = _as_written(
        "15m",
        "The average time between two polls of a feed: busy feeds sooner, quiet ones later.",
    )
    at_most_every: Every | None = Field(
        default=None,
        description="However busy a feed is, it is polled no more often. Default: 5m, or `every`.",
    )
    at_least_every: AtLeastEvery = _as_written(
        "6h", "However quiet a feed is, it is polled this often."
    )
    per_host: PerHost = Field(default=1, description="Polls at the same time of one host.")
    host_spacing: Spacing = _as_written(
        "5s", "Between the beginnings of two polls of one host, however many of its feeds are due."
    )
    workers: Workers = Field(default=16, description="Polls at the same time in all.")
    timeout: Timeout = _as_written("30s", "For one poll, from the first byte to the last.")
    max_bytes: MaxBytes = _as_written("8MB", "Larger documents are refused.")
    contact: Contact | None = Field(
        default=None, description="E-mail or web address shown to those we poll (User-Agent)."
    )
    allow_addresses: tuple[AllowedAddress, ...] = Field(
        default=(),
        description="Addresses, networks and hosts inside that may be polled. Default: none.",
    )


class DeliveryShape(Shape):
    """How long a delivery may take."""

    timeout: Timeout = _as_written("15s", "For one attempt.")
    give_up_after: GiveUpAfter = _as_written("3d", "A delivery that is older expires.")


class WebSubShape(Shape):
    """Let hubs push feeds to you (WebSub); without this section nothing listens."""

    callback_url: Callback = Field(
        description="The public address at which your reverse proxy passes hubs on to `listen`."
    )
    listen: ListenAt = _as_written("127.0.0.1:8787", "Address and port to listen at.")


class LogShape(Shape):
    """What the log shows, and how."""

    level: Level = Field(default="info", description="The least important lines to show.")
    format: Format = Field(default="auto", description="`auto`: plain on a terminal, else JSON.")


def _feed_form(value: Any) -> str | None:
    if isinstance(value, str):
        return "<url>"
    if isinstance(value, Mapping):
        return "<opml>" if "opml" in value else "<feed>"
    return None


def _destination_form(value: Any) -> str | None:
    if isinstance(value, str):
        return "<bare>"
    return "<kinds>" if isinstance(value, Mapping) else None


# Marks in pydantic's places that stand for the form of a value and not for a key.
TAGS = frozenset({"<url>", "<feed>", "<opml>", "<bare>", "<kinds>"})
Feed = Annotated[
    Annotated[Url, Tag("<url>")]
    | Annotated[FeedShape, Tag("<feed>")]
    | Annotated[OpmlShape, Tag("<opml>")],
    Discriminator(_feed_form),
]
DestinationForm = Annotated[
    Annotated[BareKind, Tag("<bare>")] | Annotated[DestinationShape, Tag("<kinds>")],
    Discriminator(_destination_form),
]


class ConfigShape(Shape):
    """The configuration of seedwatch: give it a news article, it tells you when the story moves."""

    topics: Annotated[dict[Name, TopicShape], Field(min_length=1)] = Field(
        description="What you watch, by name."
    )
    feeds: Annotated[
        dict[GroupName, Annotated[list[Feed], Field(min_length=1)]], Field(min_length=1)
    ] = Field(description="Groups of feeds, by name; `a/b` lies in `a`.")
    receivers: Annotated[
        dict[Name, Annotated[list[DestinationForm], Field(min_length=1)]], Field(min_length=1)
    ] = Field(description="Who is told, by name: each with the places that messages go to.")
    polling: PollingShape = Field(default_factory=PollingShape, description="How feeds are polled.")
    delivery: DeliveryShape = Field(
        default_factory=DeliveryShape, description="How long a delivery may take."
    )
    websub: WebSubShape | None = Field(
        default=None, description="Let hubs push feeds to you. Default: nothing listens."
    )
    store: str = Field(
        default="sqlite:///seedwatch.db",
        description="The database: sqlite:///FILE (relative to this file) or postgresql://…",
    )
    log: LogShape = Field(default_factory=LogShape, description="What the log shows, and how.")


# How a key that is missing or wrong is written, by its place; `*` is a name that the user gave.
EXAMPLES: Mapping[str, str] = {
    "topics": "{border: {seeds: [article.txt], receivers: [me]}}",
    "topics.*.seeds": "[article.txt]",
    "topics.*.feeds": "[world]",
    "topics.*.receivers": "[me]",
    "feeds": '{world: ["https://feeds.bbci.co.uk/news/world/rss.xml"]}',
    "feeds.*": '["https://feeds.bbci.co.uk/news/world/rss.xml"]',
    "feeds.*.url": '"https://feeds.bbci.co.uk/news/world/rss.xml"',
    "websub": '{callback_url: "https://alerts.example.org/websub"}',
    "websub.callback_url": '"https://alerts.example.org/websub"',
    "receivers": "{me: [console]}",
    "receivers.*": "[console]",
    "receivers.*.slack": '{webhook_url: "${SLACK_WEBHOOK_URL}"}',
    "receivers.*.email": "{to: desk@example.org, smtp: {host: localhost}}",
    "receivers.*.email.to": "desk@example.org",
    "receivers.*.email.smtp": "{host: localhost}",
    "receivers.*.email.smtp.host": "localhost",
    "receivers.*.webhook": '{url: "${WEBHOOK_URL}"}',
    "receivers.*.apprise": '{url: "${APPRISE_URL}"}',
}

_SHAPES: Mapping[str, type[Shape]] = {
    "<feed>": FeedShape,
    "<opml>": OpmlShape,
    "<kinds>": DestinationShape,
    "console": ConsoleShape,
    "slack": SlackShape,
    "email": EmailShape,
    "smtp": SmtpShape,
    "webhook": WebhookShape,
    "apprise": AppriseShape,
    "expect": ExpectShape,
    "polling": PollingShape,
    "delivery": DeliveryShape,
    "websub": WebSubShape,
    "log": LogShape,
}


def known_keys(place: tuple[int | str, ...]) -> tuple[str, ...]:
    """Return the keys that may stand at a place that pydantic names."""
    if not place:
        shape: type[Shape] = ConfigShape
    elif len(place) == 2 and place[0] == "topics":
        shape = TopicShape
    else:
        shape = _SHAPES[str(place[-1])]
    return tuple(field.alias or name for name, field in shape.model_fields.items())
