"""Where a configuration is looked for. Imports nothing heavy: completion asks at each key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def places(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Give the places where a configuration is looked for, in their order."""
    home = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return (
        Path("config/seedwatch.yaml"),
        Path("seedwatch.yaml"),
        home / "seedwatch" / "seedwatch.yaml",
        Path("/etc/seedwatch/seedwatch.yaml"),
    )
