"""The shape of the configuration file: keys, kinds of values, defaults, bounds.

The JSON schema that editors use is made of these models. What one key cannot tell alone (files,
references, secrets) is left to the modules that build records of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from monitor.config.channel_shapes import (
    AlertmanagerShape,
    FileShape,
    SlackShape,
    WebhookShape,
)
from monitor.config.fields import (
    Address,
    Addresses,
    AllowedAddress,
    AtLeastEvery,
    BareKind,
    Burst,
    Callback,
    Contact,
    Days,
    DigestEvery,
    Every,
    FailuresTold,
    Flag,
    Format,
    GiveUpAfter,
    GroupName,
    GroupWait,
    Language,
    Level,
    ListenAt,
    MaxBytes,
    Name,
    Names,
    PerHost,
    Phrase,
    Port,
    QuietHours,
    ReportTime,
    Security,
    Spacing,
    Threshold,
    Timeout,
    Times,
    Url,
    Workers,
    Zone,
)
from monitor.config.keep import KeepShape
from monitor.config.part import Shape, as_written
from monitor.config.watch_shapes import HealthShape, HeartbeatShape


class ExpectShape(Shape):
    """What `seedwatch check` tries on the topic: headlines, `file:NAME`, or addresses."""

    match: list[Phrase] = Field(default=[], description="What must be on-topic.")
    ignore: list[Phrase] = Field(default=[], description="What must be off-topic.")


class TopicShape(Shape):
    """What you watch: texts known to be on-topic, the feeds to read, and who is told."""

    seeds: Names = Field(
        description="Text files, or folders with *.txt and *.md, relative to this file."
    )
    feeds: Names | None = Field(
        default=None, description="Groups of feeds to read, those inside them too. Default: all."
    )
    threshold: Threshold = as_written(
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
    urgent: Flag = Field(
        default=False, description="Send its alerts in the quiet hours of receivers, too."
    )
    report: Flag = Field(
        default=True, description="Whether its receivers get its report, see `reports`."
    )
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
    slack: SlackShape | None = Field(default=None, description="A channel of Slack.")
    email: EmailShape | None = Field(default=None, description="Mail through an SMTP server.")
    webhook: WebhookShape | None = Field(default=None, description="An HTTP endpoint of yours.")
    apprise: AppriseShape | None = Field(default=None, description="A service that Apprise knows.")
    file: FileShape | None = Field(default=None, description="An Atom feed, JSON Lines, or both.")
    alertmanager: AlertmanagerShape | None = Field(
        default=None, description="A Prometheus Alertmanager."
    )

    @model_validator(mode="before")
    @classmethod
    def _kind_alone(cls, value: Any) -> Any:
        # `- console:` has no value in YAML; a kind that needs keys then says which it lacks.
        if isinstance(value, Mapping):
            return {kind: {} if keys is None else keys for kind, keys in value.items()}
        return value


class TemplatesShape(Shape):
    """What messages of one receiver look like: templates of Jinja2, a part each."""

    subject: str | None = Field(default=None, description="The subject, and the title of pushes.")
    subject_file: str | None = Field(default=None, description="A file that holds it.")
    text: str | None = Field(
        default=None, description="Plain text: of mail, of the console, of Apprise's services."
    )
    text_file: str | None = Field(default=None, description="A file that holds it.")
    html: str | None = Field(default=None, description="The page in mail.")
    html_file: str | None = Field(default=None, description="A file that holds it.")
    slack: str | None = Field(default=None, description="What Slack shows, in its mrkdwn.")
    slack_file: str | None = Field(default=None, description="A file that holds it.")


class PollingShape(Shape):
    """How feeds are polled."""

    every: Every = as_written(
        "15m",
        "The average time between two polls of a feed: busy feeds sooner, quiet ones later.",
    )
    at_most_every: Every | None = Field(
        default=None,
        description="However busy a feed is, it is polled no more often. Default: 5m, or `every`.",
    )
    at_least_every: AtLeastEvery = as_written(
        "6h", "However quiet a feed is, it is polled this often."
    )
    per_host: PerHost = Field(default=1, description="Polls at the same time of one host.")
    host_spacing: Spacing = as_written(
        "5s", "Between the beginnings of two polls of one host, however many of its feeds are due."
    )
    workers: Workers = Field(default=16, description="Polls at the same time in all.")
    timeout: Timeout = as_written("30s", "For one poll, from the first byte to the last.")
    max_bytes: MaxBytes = as_written("8MB", "Larger documents are refused.")
    tell_after_failures: FailuresTold = Field(
        default=5,
        description="Failures of a feed in a row after which the `operator` is told.",
    )
    contact: Contact | None = Field(
        default=None, description="E-mail or web address shown to those we poll (User-Agent)."
    )
    allow_addresses: tuple[AllowedAddress, ...] = Field(
        default=(),
        description="Addresses, networks and hosts inside that may be polled. Default: none.",
    )


class DeliveryShape(Shape):
    """How long a delivery may take."""

    timeout: Timeout = as_written("15s", "For one attempt.")
    group_wait: GroupWait = as_written(
        "30s", "How long a first alert waits for others of its topic to share a message; 0s: none."
    )
    give_up_after: GiveUpAfter = as_written("3d", "A delivery that is older expires.")


class WebSubShape(Shape):
    """Let hubs push feeds to you (WebSub); without this section nothing listens."""

    callback_url: Callback = Field(
        description="The public address at which your reverse proxy passes hubs on to `listen`."
    )
    listen: ListenAt = as_written("127.0.0.1:8787", "Address and port to listen at.")


class ReportsShape(Shape):
    """When each topic is reported on: what was read and told, and what came closest."""

    at: ReportTime = as_written("mon 09:00", "Day and time of a week, or a time of each day.")
    zone: Zone = as_written("UTC", "The zone of that time, such as Europe/Warsaw.")


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


DestinationForm = Annotated[
    Annotated[BareKind, Tag("<bare>")] | Annotated[DestinationShape, Tag("<kinds>")],
    Discriminator(_destination_form),
]


class DigestShape(Shape):
    """When what waits is sent as one message: `every` so often, or `at` times of day."""

    every: DigestEvery | None = Field(
        default=None, description="From one to the next, counted from midnight."
    )
    at: Times | None = Field(default=None, description="Times of day, like 08:00.")
    days: Days | None = Field(
        default=None, description="On which days: mon-fri, or sat,sun. Default: all."
    )


class ReceiverShape(Shape):
    """Where messages go to, and when they are wanted."""

    to: Annotated[list[DestinationForm], Field(min_length=1)] = Field(
        description="The places that messages go to."
    )
    zone: Zone = as_written("UTC", "Whose clock times of day are of, like Europe/Warsaw.")
    group_wait: GroupWait | None = Field(
        default=None, description="Default: `delivery.group_wait`."
    )
    digest: DigestShape | None = Field(
        default=None, description="Send what comes in digests. Default: at once."
    )
    quiet: QuietHours | None = Field(
        default=None,
        description="Hold what comes in these hours, like 22:00-07:00. Default: none.",
    )
    burst: Burst | None = Field(
        default=None,
        description="Alerts of a topic sent at once in an hour; more are a digest. Default: all.",
    )


def _receiver_form(value: Any) -> str | None:
    if isinstance(value, list | tuple):
        return "<list>"
    return "<receiver>" if isinstance(value, Mapping) else None


# Marks in pydantic's places that stand for the form of a value and not for a key.
TAGS = frozenset({"<url>", "<feed>", "<opml>", "<bare>", "<kinds>", "<list>", "<receiver>"})
Feed = Annotated[
    Annotated[Url, Tag("<url>")]
    | Annotated[FeedShape, Tag("<feed>")]
    | Annotated[OpmlShape, Tag("<opml>")],
    Discriminator(_feed_form),
]
ReceiverForm = Annotated[
    Annotated[list[DestinationForm], Field(min_length=1), Tag("<list>")]
    | Annotated[ReceiverShape, Tag("<receiver>")],
    Discriminator(_receiver_form),
]


class ConfigShape(Shape):
    """The configuration of seedwatch: give it a news article, it tells you when the story moves."""

    topics: Annotated[dict[Name, TopicShape], Field(min_length=1)] = Field(
        description="What you watch, by name."
    )
    feeds: Annotated[
        dict[GroupName, Annotated[list[Feed], Field(min_length=1)]], Field(min_length=1)
    ] = Field(description="Groups of feeds, by name; `a/b` lies in `a`.")
    receivers: Annotated[dict[Name, ReceiverForm], Field(min_length=1)] = Field(
        description="Who is told, by name: the places that messages go to, and when."
    )
    operator: Names | None = Field(
        default=None,
        description="Receivers that are told when something is wrong with the service itself."
        " Default: nobody; `status` and the log say it.",
    )
    templates: dict[Name, TemplatesShape] = Field(
        default={}, description="What messages look like, by receiver. Default: the usual forms."
    )
    reports: ReportsShape | None = Field(
        default_factory=ReportsShape,
        description="When each topic is reported on, to its receivers. null: never.",
    )
    polling: PollingShape = Field(default_factory=PollingShape, description="How feeds are polled.")
    delivery: DeliveryShape = Field(
        default_factory=DeliveryShape, description="How long a delivery may take."
    )
    websub: WebSubShape | None = Field(
        default=None, description="Let hubs push feeds to you. Default: nothing listens."
    )
    health: HealthShape | None = Field(
        default=None, description="Let others watch the service. Default: nothing listens."
    )
    heartbeat: HeartbeatShape | None = Field(
        default=None, description="Call a URL while all goes well. Default: none."
    )
    store: str = Field(
        default="sqlite:///seedwatch.db",
        description="The database: sqlite:///FILE (relative to this file) or postgresql://…",
    )
    keep: KeepShape = Field(
        default_factory=KeepShape, description="How long what is stored is kept."
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
    "reports": '{at: "mon 09:00", zone: Europe/Warsaw}',
    "templates": '{me: {subject: "{{ alert.title }}"}}',
    "templates.*": '{subject: "{{ alert.title }}"}',
    "websub": '{callback_url: "https://alerts.example.org/websub"}',
    "websub.callback_url": '"https://alerts.example.org/websub"',
    "health": '{listen: "127.0.0.1:9464"}',
    "heartbeat": '{url: "${HEARTBEAT_URL}"}',
    "keep": "{items: 90d, alerts: forever}",
    "receivers": "{me: [console]}",
    "receivers.*": "[console]",
    "operator": "[me]",
    "receivers.*.to": "[console]",
    "receivers.*.zone": "Europe/Warsaw",
    "receivers.*.digest": '{at: ["08:00", "17:00"]}',
    "receivers.*.digest.at": '["08:00", "17:00"]',
    "receivers.*.quiet": '"22:00-07:00"',
    "receivers.*.slack": '{webhook_url: "${SLACK_WEBHOOK_URL}"}',
    "receivers.*.email": "{to: desk@example.org, smtp: {host: localhost}}",
    "receivers.*.email.to": "desk@example.org",
    "receivers.*.email.smtp": "{host: localhost}",
    "receivers.*.email.smtp.host": "localhost",
    "receivers.*.webhook": '{url: "${WEBHOOK_URL}"}',
    "receivers.*.apprise": '{url: "${APPRISE_URL}"}',
    "receivers.*.file": "{atom: alerts.xml}",
    "receivers.*.alertmanager": '{url: "http://localhost:9093"}',
}

_SHAPES: Mapping[str, type[Shape]] = {
    "<feed>": FeedShape,
    "<opml>": OpmlShape,
    "<kinds>": DestinationShape,
    "<receiver>": ReceiverShape,
    "digest": DigestShape,
    "console": ConsoleShape,
    "slack": SlackShape,
    "email": EmailShape,
    "smtp": SmtpShape,
    "webhook": WebhookShape,
    "apprise": AppriseShape,
    "file": FileShape,
    "alertmanager": AlertmanagerShape,
    "expect": ExpectShape,
    "polling": PollingShape,
    "delivery": DeliveryShape,
    "reports": ReportsShape,
    "websub": WebSubShape,
    "health": HealthShape,
    "heartbeat": HeartbeatShape,
    "log": LogShape,
    "keep": KeepShape,
}


def known_keys(place: tuple[int | str, ...]) -> tuple[str, ...]:
    """Return the keys that may stand at a place that pydantic names."""
    if not place:
        shape: type[Shape] = ConfigShape
    elif len(place) == 2 and place[0] == "topics":
        shape = TopicShape
    elif len(place) == 2 and place[0] == "templates":
        shape = TemplatesShape
    else:
        shape = _SHAPES[str(place[-1])]
    return tuple(field.alias or name for name, field in shape.model_fields.items())
