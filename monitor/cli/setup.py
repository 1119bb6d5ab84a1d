"""`init`: before the service runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from monitor.cli.starter import starter_folder
from monitor.errors import SeedwatchError


def init(folder: Path) -> None:
    """Write the starter files into a folder; refuse if the configuration is there already."""
    target = folder / "config" / "seedwatch.yaml"
    if target.exists():
        raise SeedwatchError(f"{target} exists already: nothing was written")
    starter = starter_folder()
    # The lists of feeds stay where they are installed: `builtin:` names them there.
    for part in ("config", "seeds"):
        for source in sorted((starter / part).rglob("*")):
            goal = folder / part / source.relative_to(starter / part)
            if source.is_file() and source.suffix in {".yaml", ".json", ".txt"}:
                goal.parent.mkdir(parents=True, exist_ok=True)
                if not goal.exists():
                    shutil.copyfile(source, goal)
    click.echo(f"Wrote {target}, its schema and a first seed. Next:")
    if folder != Path():
        click.echo(f"  cd {folder}")
    click.echo("  seedwatch check            is everything right?")
    click.echo("  seedwatch once --dry-run   what would it tell me now?")
    click.echo("  seedwatch run              start the service")
