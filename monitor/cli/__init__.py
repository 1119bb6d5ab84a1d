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
    feedback_commands,
    install,
    looks,
    manual,
    past_commands,
    silence_commands,
    topic_commands,
    waiting,
)
from monitor.cli.ordered import Ordered
from monitor.errors import ConfigError, RefusedStoreError, SeedwatchError

EX_DATAERR = 65
EX_CONFIG = 78


class _Main(Ordered):
    """All commands, and errors in one place."""

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
    cls=_Main,
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


# Not named `feeds`, as the module that does the work has that name.
@main.group("feeds", cls=Ordered)
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


past_commands.register(main)
main.add_command(feedback_commands.feedback_group)
topic_commands.register(main)
main.add_command(silence_commands.silence_group)


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


# Not named `preview`, for the same reason as `feeds_group`.
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


data_commands.register(main)
check_commands.add_to(main)
install.register(main)
manual.register(main)
# After all that have names to complete.
completion.register(main)
examples.add_to(main)
