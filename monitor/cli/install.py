"""`install-service` and `uninstall-service`: the service under systemd, step by step."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import click

from monitor.cli import service_files
from monitor.cli.service_files import NAME, Place
from monitor.errors import SeedwatchError

# Two stops of the service, and some.
SECONDS = 300


def register(main: click.Group) -> None:
    """Add the commands to those of the program."""
    main.add_command(install_service)
    main.add_command(uninstall_service)


def _place(*, user: bool) -> Place:
    if user:
        return service_files.of_user(os.environ, Path.home())
    if os.geteuid() != 0:
        raise SeedwatchError("a service of the system needs root: use sudo, or --user for your own")
    return service_files.of_system()


@click.command("install-service")
@click.option("--user", is_flag=True, help="A service of yours: no root needed.")
@click.option("--now", is_flag=True, help="Enable and start it, too.")
def install_service(*, user: bool, now: bool) -> None:
    """Install it as a systemd service: unit, folders, configuration.

    Prints each step. Files that are there and were changed are kept; those of an
    older version are renewed. `uninstall-service` takes it back.
    """
    place = _place(user=user)
    hidden = None if user else service_files.unreachable(service_files.parts_of_program())
    if hidden is not None:
        raise SeedwatchError(
            f"the service could not read {hidden}: it has a user of its own, and sees no home"
            " folders. Install seedwatch elsewhere and call it there:"
            " python3 -m venv /opt/seedwatch && /opt/seedwatch/bin/pip install seedwatch"
            " && /opt/seedwatch/bin/seedwatch install-service"
        )
    command = service_files.program()
    service_files.write(place, command, click.echo)
    if not user:
        click.echo("user   none to make: systemd makes one at each start (DynamicUser=yes)")
    _systemctl(place, "daemon-reload")
    if now:
        _systemctl(place, "enable", "--now", NAME)
    _tell_next(place, command, now=now)


def _tell_next(place: Place, command: Sequence[str], *, now: bool) -> None:
    config = place.config / "seedwatch.yaml"
    systemctl = " ".join(["systemctl", *place.scope])
    journal = " ".join(["journalctl", *place.scope, "-u", NAME])
    seedwatch = " ".join(command)
    click.echo("\nNext:")
    click.echo(f"  edit {config}")
    click.echo(f"  {seedwatch} --config {config} check")
    if now:
        click.echo(f"  {systemctl} reload {NAME}")
    else:
        click.echo(f"  {systemctl} enable --now {NAME}")
    click.echo(f"  {systemctl} status {NAME}; {journal} -f")
    if place.scope:
        click.echo("To have it run while you are logged out: loginctl enable-linger")


@click.command("uninstall-service")
@click.option("--user", is_flag=True, help="The service of yours.")
@click.option("--purge", is_flag=True, help="Also what you changed, the secrets and the database.")
def uninstall_service(*, user: bool, purge: bool) -> None:
    """Stop the service and take back what `install-service` did.

    What you changed, your secrets and the database stay, unless --purge is given.
    """
    place = _place(user=user)
    if place.unit.exists():
        _systemctl(place, "disable", "--now", NAME)
    service_files.remove(place, click.echo)
    if purge:
        for folder in (place.config, *_state_folders(place)):
            _purge(folder)
    _systemctl(place, "daemon-reload")
    for folder in (place.config, place.state):
        if folder.exists():
            click.echo(f"kept     {folder}: `uninstall-service --purge` removes it, for good")


def _state_folders(place: Place) -> tuple[Path, ...]:
    # systemd keeps the folders of dynamic users in `private/`, and links to them.
    return (place.state.parent / "private" / NAME, place.state)


def _purge(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    elif folder.is_dir():
        shutil.rmtree(folder)
    else:
        return
    click.echo(f"removed  {folder}")


def _systemctl(place: Place, *words: str) -> None:
    """Have systemd do something, or say what is to be done where it does not run."""
    whole = ["systemctl", *place.scope, *words]
    if not _is_running(place):
        click.echo(f"systemd does not run here; to be done where it does: {' '.join(whole)}")
        return
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            whole, check=False, capture_output=True, text=True, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SeedwatchError(f"`{' '.join(whole)}` failed: {error}") from error
    if done.returncode != 0:
        raise SeedwatchError(f"`{' '.join(whole)}` failed: {done.stderr.strip()}")
    click.echo(f"ran      {' '.join(whole)}")


def _is_running(place: Place) -> bool:
    if not place.scope:
        # Source: sd_booted(3).
        return Path("/run/systemd/system").is_dir()
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return Path(runtime, "systemd", "private").exists()
