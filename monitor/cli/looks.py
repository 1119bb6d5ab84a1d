"""`status` and `doctor`: the commands that look whether all is well."""

from __future__ import annotations

import click


def register(main: click.Group) -> None:
    """Add the commands to those of the program."""
    main.add_command(status_command)
    main.add_command(doctor_command)


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@click.option("--feeds", is_flag=True, help="How often each feed is polled, and why.")
@click.pass_context
def status_command(ctx: click.Context, /, *, as_json: bool, feeds: bool) -> None:
    """Say how it is: topics, feeds, deliveries, and what is wrong.

    Begins with its health in a word: well; ailing (`-`: it does its work, and
    somebody ought to look); broken (`!`: nobody is told before it is mended).

    The exit code is 0 for well and ailing, since of a thousand feeds a few
    always fail; 1 for broken.

    \b
    Examples:
      seedwatch status
      seedwatch status --json | jq -r '.health, .ailments[]'
    """  # noqa: D301 - click's own mark
    from monitor.cli import status

    ctx.exit(0 if status.status(ctx.obj, as_json=as_json, every_feed=feeds) else 1)


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@click.option("--no-feeds", is_flag=True, help="Ask no feed.")
@click.option("--offline", is_flag=True, help="Touch nothing outside of this machine.")
@click.pass_context
def doctor_command(ctx: click.Context, /, *, as_json: bool, no_feeds: bool, offline: bool) -> None:
    """Look closely at all that it needs, and say what helps.

    The configuration, permissions, the database, the clock, names, TLS, each
    receiver (connected to, and logged in where that sends nothing) and each feed
    once (hosts side by side, as far apart as when they are polled). Nothing is
    stored, and no message is sent.

    The exit code is 0 if there is no fault (`!`), else 1; warnings (`-`) are none.

    \b
    Examples:
      seedwatch doctor --no-feeds
      seedwatch doctor --json | jq -r '.findings[] | .grade + ": " + .what'
    """  # noqa: D301 - click's own mark
    from monitor.cli import doctor

    plan = doctor.Plan(feeds=not (no_feeds or offline), network=not offline)
    ctx.exit(0 if doctor.doctor(ctx.obj, plan, as_json=as_json) else 1)
