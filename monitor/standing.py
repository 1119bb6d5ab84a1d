"""How the configuration stands: which one is in force, and what is wrong with the file since.

The daemon writes it into a card in its runtime folder, where a command of an operator finds it even
while the file is too wrong to say where the database is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self

CARD = "configuration.json"
# Where systemd makes runtime folders: of the system, of a user.
RUNTIME_NAME = "seedwatch"
MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of the configuration file and of the one in force."""

    # The file, absolute.
    config: Path
    # Since when what is in force is so.
    since: datetime
    # When the file was last seen to differ from what is in force; None: it is what is in force.
    changed_at: datetime | None = None
    # Why it was refused, a line each; empty: it was not, it was only not taken over.
    faults: tuple[str, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether the file is what is in force."""
        return self.changed_at is None

    def taken(self, now: datetime) -> Standing:
        """Give it once the file is in force."""
        return Standing(config=self.config, since=now)

    def changed(self, now: datetime, faults: tuple[str, ...] = ()) -> Standing:
        """Give it once the file differs from what is in force."""
        return replace(self, changed_at=now, faults=faults)

    def sentence(self) -> str:
        """Say what an operator has to know; empty while the file is what is in force.

        >>> from datetime import UTC
        >>> began = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
        >>> standing = Standing(config=Path("/etc/seedwatch/seedwatch.yaml"), since=began)
        >>> standing.sentence()
        ''
        >>> later = datetime(2026, 11, 24, 18, 3, tzinfo=UTC)
        >>> standing.changed(later).sentence()
        'seedwatch.yaml was changed (18:03 UTC) and not taken over: reload the service'
        >>> standing.changed(later, ("empty", "old")).sentence()
        'seedwatch.yaml was refused (18:03 UTC), the old configuration stays: empty (and 1 more)'
        """
        if self.changed_at is None:
            return ""
        at = f"{self.changed_at:%H:%M} UTC"
        if not self.faults:
            return f"{self.config.name} was changed ({at}) and not taken over: reload the service"
        more = f" (and {len(self.faults) - 1} more)" if self.faults[1:] else ""
        return (
            f"{self.config.name} was refused ({at}), the old configuration stays:"
            f" {self.faults[0]}{more}"
        )

    # -- the card

    def write(self, folder: Path) -> None:
        """Write the card, whole or not at all.

        Raises `OSError`.
        """
        facts = {
            "config": str(self.config),
            "since": self.since.isoformat(),
            "changed_at": self.changed_at.isoformat() if self.changed_at else None,
            "faults": list(self.faults),
        }
        fresh = folder / f"{CARD}.new"
        fresh.write_text(json.dumps(facts), encoding="utf-8")
        fresh.replace(folder / CARD)

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Read the card in a folder; None if there is none that can be read."""
        try:
            with (folder / CARD).open("rb") as file:
                facts = json.loads(file.read(MAX_BYTES))
            changed_at = facts["changed_at"]
            return cls(
                config=Path(facts["config"]),
                since=datetime.fromisoformat(facts["since"]),
                changed_at=datetime.fromisoformat(changed_at) if changed_at else None,
                faults=tuple(map(str, facts["faults"])),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None


def runtime_folder(environ: Mapping[str, str]) -> Path | None:
    """Give the folder that the service manager made for this run; None if it made none.

    Source: systemd.exec(5), `RuntimeDirectory=`.
    """
    named = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return Path(named) if named else None


def standing_of(config: Path, environ: Mapping[str, str]) -> Standing | None:
    """Find how a configuration file stands with the service that runs on it; None: none tells."""
    mine = environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    for folder in (Path("/run") / RUNTIME_NAME, Path(mine) / RUNTIME_NAME):
        found = Standing.read(folder)
        if found is not None and found.config == config.absolute():
            return found
    return None
