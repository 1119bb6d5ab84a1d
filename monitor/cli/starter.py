"""Where the files lie that a newcomer starts from."""

from __future__ import annotations

from pathlib import Path


def starter_folder() -> Path:
    """Give the folder that holds the starter `config/`, `seeds/` and `systemd/`.

    They are packed into the wheel; in a checkout they are where a developer reads them.
    """
    packed = Path(__file__).parent.parent / "starter"
    return packed if packed.is_dir() else Path(__file__).parents[2]
