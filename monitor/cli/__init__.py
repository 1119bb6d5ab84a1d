"""The command line: what each command takes. What it does is imported when it is called.

`seedwatch --help` answers in under 0.3 s because nothing heavy is imported up here.

Exit codes: 0 fine, 1 it failed, 2 usage, 65 the database is damaged or of a newer version, 78 the
configuration is wrong (EX_DATAERR and EX_CONFIG of sysexits.h, which systemd can be told not to
restart on).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from monitor import __version__
from monitor.cli import (
    add_command,
    check_commands,
    completion,
    data_commands,
    examples,
    feed_commands,
    install,
    looks,
    manual,
    past_commands,
    topic_commands,
    waiting,
    word_commands,
)
from monitor.errors import ConfigError, RefusedStoreError, SeedwatchError

EX_DATAERR = 65
EX_CONFIG = 78


class _Group(click.Group):
    """Commands in the order in which a newcomer needs them, and errors in one place."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """List them as they are defined."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Turn errors that are meant for the user into lines and exit codes."""
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            for fault in error.faults:
                click.echo(str(fault), err=True)
            ctx.exit(EX_CONFIG)
        except SeedwatchError as error:
            click.echo(f"seedwatch: {error}", err=True)
            ctx.exit(EX_DATAERR if isinstance(error, RefusedStoreError) else 1)


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="First steps: `seedwatch demo` shows it without network or secrets;"
    " `seedwatch init` writes a configuration; `seedwatch run` starts the service.",
)
@click.option(
    "-c",
    "--config",
    envvar="SEEDWATCH_CONFIG",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The configuration; default: the first of ./config/seedwatch.yaml, ./seedwatch.yaml,"
    " ~/.config/seedwatch/seedwatch.yaml, /etc/seedwatch/seedwatch.yaml.",
)
@click.version_option(__version__, "-V", "--version", prog_name="seedwatch")
@click.pass_context
def main(ctx: click.Context, config: Path | None) -> None:
    """Give it a news article; it tells you, once, when the story moves."""
    ctx.obj = config
    # The service has lines of its own to begin with.
    if ctx.invoked_subcommand != "run" and (line := waiting.begin("seedwatch: one moment …")):
        ctx.call_on_close(line.end)


def _json_option(command: Any) -> Any:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(command)


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")
def init(folder: Path) -> None:
    """Write a configuration and a first seed into FOLDER.

    Nothing that exists is overwritten.
    """
    from monitor.cli import setup

    setup.init(folder)


add_command.register(main)


@main.command()
@click.pass_obj
def run(config: Path | None) -> None:
    """Run the service until SIGTERM; SIGHUP reloads the configuration."""
    from monitor.cli import service

    service.run(config)


@main.command()
@click.option("--dry-run", is_flag=True, help="Store and send nothing: say what would happen.")
@_json_option
@click.pass_obj
def once(config: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Poll what is due once, deliver, and end."""
    from monitor.cli import one_round

    one_round.once(config, dry_run=dry_run, as_json=as_json)


@main.command()
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Work in this folder and keep it.",
)
def demo(keep: Path | None) -> None:
    """Play a stream of 2021 in quick motion: no network, no secret, no waiting."""
    from monitor.demo import play

    play.demo(keep)


looks.register(main)


# Not named `feeds`, for the same reason as `feedback_group`.
@main.group("feeds", cls=_Group)
def feeds_group() -> None:
    """Say how each feed is, look closely at one, and change which there are."""


feed_commands.add_to(feeds_group)


@main.command()
@click.option("--topic", help="Only alerts of this topic.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many at most."
)
@_json_option
@click.pass_obj
def alerts(config: Path | None, *, topic: str | None, limit: int, as_json: bool) -> None:
    """List the latest alerts and what became of their deliveries."""
    from monitor.cli import report

    report.alerts(config, topic=topic, limit=limit, as_json=as_json)


@main.command()
@click.option(
    "--state",
    type=click.Choice(("all", "waiting", "lost", "delivered", "dead", "expired")),
    default="all",
    show_default=True,
    help="`lost` are those that did not arrive.",
)
@click.option("--destination", help="Only those of this one, e.g. newsroom/1-slack.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many at most."
)
@_json_option
@click.pass_obj
def deliveries(
    config: Path | None, *, state: str, destination: str | None, limit: int, as_json: bool
) -> None:
    """List deliveries: what waits, what arrived, what did not and why."""
    from monitor.cli import outbox

    wanted = outbox.Wanted(state=state, destination=destination, limit=limit)
    outbox.deliveries(config, wanted, as_json=as_json)


@main.command()
@click.argument("what", metavar="ID|DESTINATION")
@click.pass_obj
def redeliver(config: Path | None, *, what: str) -> None:
    """Send what did not arrive again, under the same id.

    ID is that of a delivery that is dead or has expired; its first characters
    will do. A DESTINATION that is paused or down is tried again at once.
    """
    from monitor.cli import outbox

    outbox.redeliver(config, what)


@main.command()
@click.argument("what", metavar="ITEM|URL")
@_json_option
@click.pass_obj
def why(config: Path | None, *, what: str, as_json: bool) -> None:
    """Explain why an item did, or did not, become an alert.

    ITEM is the id in an alert (its first characters will do), or the address of an article. One
    that was never seen is fetched and judged as if it came now; nothing is stored or sent.
    """
    from monitor.cli import explain

    explain.why(config, what, as_json=as_json)


# Not named `feedback`, as the module that it imports from has that name here.
@main.group("feedback", cls=_Group)
def feedback_group() -> None:
    """Say that an item is, or is not, about a topic, and undo it.

    Each word moves the topic by a small, bounded step; a running service takes
    it over within ten seconds.
    """


word_commands.add_to(feedback_group)


@feedback_group.command("list")
@click.option("--topic", help="Only what was said on this topic.")
@_json_option
@click.pass_obj
def list_feedback(config: Path | None, *, topic: str | None, as_json: bool) -> None:
    """List what was said and still counts."""
    from monitor.cli import feedback as told

    told.show(config, topic, as_json=as_json)


@feedback_group.command()
@click.argument("judgement", metavar="[ID]", required=False)
@click.pass_obj
def undo(config: Path | None, *, judgement: str | None) -> None:
    """Undo what was said last, or what `list` shows under ID."""
    from monitor.cli import feedback as told

    told.undo(config, judgement)


@feedback_group.command()
@click.option("--topic", help="Only what was said on this topic.")
@click.pass_obj
def export(config: Path | None, *, topic: str | None) -> None:
    """Print it as text, a line of JSON each, to be kept or moved."""
    from monitor.cli import feedback as told

    told.export(config, topic)


@feedback_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def import_feedback(config: Path | None, *, file: Path) -> None:
    """Add what `export` printed; what is known already stays as it is."""
    from monitor.cli import feedback as told

    told.take(config, file)


topic_commands.register(main)


# Not named `silence`, for the same reason as `feedback_group`.
@main.group("silence", cls=_Group)
def silence_group() -> None:
    """Ask not to be told for a while, and see who has asked.

    A silence ends by itself. What it hides is judged and stored all the same:
    `seedwatch why` shows it.
    """


@silence_group.command("add")
@click.option("--topic", help="Nothing of this topic.")
@click.option("--story", metavar="ITEM", help="Nothing of the story that this item is in.")
@click.option("--source", help="Nothing that this feed alone has.")
@click.option("--receiver", help="Nothing to this receiver; others are told.")
@click.option("--for", "span", metavar="SPAN", help="How long: 90m, 48h, 7d.")
@click.option("--until", metavar="TIME", help="Until when: 2026-01-05T08:00+01:00.")
@click.option("--comment", required=True, help="Why; shown wherever it has an effect.")
@click.option("--author", help="Who asks for it. Default: your user name.")
@_json_option
@click.pass_obj
def add_silence(config: Path | None, /, *, as_json: bool, **wanted: Any) -> None:
    """Add a silence; a running service heeds it at once.

    Several of --topic, --story, --source and --receiver narrow it down.

    \b
    Examples:
      seedwatch silence add --for 48h --topic border --comment "moving desks"
      seedwatch silence add --for 7d --receiver pager --comment holiday
      seedwatch silence add --for 1d --story 6bf38f71 --comment "we know"
    """  # noqa: D301 - click's own mark
    from monitor.cli import silence

    silence.add(config, silence.Wanted(**wanted), as_json=as_json)


@silence_group.command("list")
@click.option("--all", "with_ended", is_flag=True, help="Also those that have ended.")
@_json_option
@click.pass_obj
def list_silences(config: Path | None, *, with_ended: bool, as_json: bool) -> None:
    """List the silences that hold, the latest first."""
    from monitor.cli import silence

    silence.show(config, with_ended=with_ended, as_json=as_json)


@silence_group.command("end")
@click.argument("beginning", metavar="ID")
@click.pass_obj
def end_silence(config: Path | None, *, beginning: str) -> None:
    """End a silence before its time; the first characters of its ID will do."""
    from monitor.cli import silence

    silence.end(config, beginning)


@main.command()
@click.argument(
    "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--topics",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Default: DIR/topics.jsonl.",
)
@click.option(
    "--decisions",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write each decision here, as a line of JSON.",
)
@click.option(
    "--set",
    "changes",
    metavar="KEY=VALUE",
    multiple=True,
    help="Change a default; `threshold=0.4`.",
)
@_json_option
def evaluate(
    folder: Path,
    topics: Path | None,
    decisions: Path | None,
    changes: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Measure tracking on the labelled set in DIR, by the daemon's own code.

    DIR holds items.jsonl[.gz] and topics.jsonl. C is NIST's tracking cost,
    P_miss + 4.9 P_fa.
    """
    from monitor.cli import measure

    measure.run(folder, topics, decisions, changes, as_json=as_json)


# Not named `preview`, for the same reason as `feedback_group`.
@main.command("preview")
@click.argument("topic")
@click.option("--receiver", help="Default: each receiver of the topic.")
@_json_option
@click.pass_obj
def show_preview(config: Path | None, *, topic: str, receiver: str | None, as_json: bool) -> None:
    """Show the last alert of TOPIC as its receivers get it.

    Nothing is sent. Templates of your own are applied; without an alert so far an
    example is shown. --json has all forms: text, HTML, Slack's blocks, the webhook's
    JSON.

    \b
    Examples:
      seedwatch preview belarus-eu-border --receiver newsroom
      seedwatch preview belarus-eu-border --json | jq -r '.[0].html' > page.html
    """  # noqa: D301 - click's own mark
    from monitor.cli import preview

    preview.preview(config, topic, receiver, as_json=as_json)


@main.command("test-alert")
@click.argument("receiver")
@_json_option
@click.pass_obj
def test_alert(config: Path | None, *, receiver: str, as_json: bool) -> None:
    """Send a test to RECEIVER the way a real alert goes.

    It takes the real delivery path, and reports what the other side said.
    """
    from monitor.cli import trial

    trial.test_alert(config, receiver, as_json=as_json)


past_commands.register(main)
data_commands.register(main)
check_commands.add_to(main)
install.register(main)
manual.register(main)
# After all that have names to complete.
completion.register(main)
examples.add_to(main)
