"""The files of the service under systemd: what is written where, and how it is taken back.

Every file that is written is noted in a receipt with the hash of what was written. What has been
changed since belongs to the operator: neither another install nor the uninstall touches it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monitor.cli.starter import starter_folder
from monitor.errors import SeedwatchError

NAME = "seedwatch"
UNIT = f"{NAME}.service"
RECEIPT = ".written-by-install-service.json"
# Hidden from the service by `ProtectHome=yes`.
HIDDEN = (Path("/root"), Path("/home"), Path("/run/user"))
# What stands for itself in a command line of a unit file.
PLAIN = re.compile(r"[\w./+@:-]+")
STUB = """\
Each file in this folder is one secret, without anything around it. Name it in seedwatch.yaml by its
path, as in

    webhook_url_file: credentials/slack-url

The service itself cannot read this folder: systemd hands it the files at its start. After a change:
systemctl restart seedwatch
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the service of the system, or that of one user, has its files."""

    # Name of the shipped unit below `systemd/`.
    template: str
    # The command line's beginning in the shipped unit, up to the configuration.
    placeholder: str
    unit: Path
    config: Path
    # Where the database is; `owned` by systemd if it makes the folder.
    state: Path
    systemd_owns_state: bool
    # Options that make systemctl speak of this service.
    scope: tuple[str, ...] = ()


def of_system(root: Path = Path("/")) -> Place:
    """Give the places of a service of the system below a root folder."""
    return Place(
        template=UNIT,
        placeholder="/opt/seedwatch/bin/seedwatch --config /etc/seedwatch/seedwatch.yaml",
        unit=root / "etc/systemd/system" / UNIT,
        config=root / "etc" / NAME,
        state=root / "var/lib" / NAME,
        systemd_owns_state=True,
    )


def of_user(environ: Mapping[str, str], home: Path) -> Place:
    """Give the places of a service of one user."""
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    return Place(
        template=f"user/{UNIT}",
        placeholder="%h/.local/bin/seedwatch --config %E/seedwatch/seedwatch.yaml",
        unit=config / "systemd/user" / UNIT,
        config=config / NAME,
        state=Path(environ.get("XDG_STATE_HOME") or home / ".local/state") / NAME,
        systemd_owns_state=False,
        scope=("--user",),
    )


def program() -> tuple[str, ...]:
    """Give the command that runs this very seedwatch."""
    beside = Path(sys.executable).with_name(NAME)
    return (str(beside),) if os.access(beside, os.X_OK) else (sys.executable, "-m", "monitor")


def parts_of_program() -> tuple[Path, ...]:
    """Give what has to be readable to run it: command, interpreter, libraries, package."""
    python = Path(sys.executable)
    prefixes = (Path(sys.prefix), Path(sys.base_prefix))
    return (python.parent, python.resolve(), *prefixes, Path(__file__).parent)


def unreachable(parts: Sequence[Path]) -> Path | None:
    """Give the first of some paths that another user in the service's sandbox cannot read."""
    for part in parts:
        if any(part.is_relative_to(hidden) for hidden in HIDDEN):
            return part
        if any(not one.stat().st_mode & 0o001 for one in (part, *part.parents)):
            return part
    return None


@dataclass(slots=True, kw_only=True)
class Receipt:
    """What was written, by path: the SHA-256 of its text."""

    path: Path
    written: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Receipt:
        """Read the receipt in a folder; without one nothing was written."""
        path = folder / RECEIPT
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls(path=path)
        except (OSError, ValueError) as error:
            raise SeedwatchError(f"{path} cannot be read: {error}") from error
        return cls(path=path, written={str(name): str(digest) for name, digest in found.items()})

    def is_ours(self, path: Path) -> bool:
        """Whether a file is still as it was written."""
        return self.written.get(str(path)) == _digest(path.read_bytes())

    def note(self, path: Path, text: str) -> None:
        """Note what is written, before anything else can go wrong."""
        self.written[str(path)] = _digest(text.encode())
        self.path.write_text(json.dumps(self.written, indent=1), encoding="utf-8")


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def files(place: Place, command: Sequence[str]) -> Iterator[tuple[Path, str, int]]:
    """Give each file that the service needs, with its text and its mode.

    Raises `SeedwatchError` if the command cannot stand in a unit file.
    """
    starter = starter_folder()
    config = place.config / "seedwatch.yaml"
    words = [*command, "--config", str(config)]
    strange = [word for word in words if not PLAIN.fullmatch(word)]
    if strange:
        raise SeedwatchError(
            f"{strange[0]!r} has characters that a unit file cannot hold: use a path of letters,"
            " digits and . _ + @ : -"
        )
    for source in sorted((starter / "config").rglob("*.opml")):
        target = place.config / source.relative_to(starter / "config")
        yield target, source.read_text(encoding="utf-8"), 0o644
    for source in sorted((starter / "seeds").glob("*.txt")):
        yield place.config / "seeds" / source.name, source.read_text(encoding="utf-8"), 0o644
    schema = starter / "config" / "schema.json"
    yield place.config / schema.name, schema.read_text(encoding="utf-8"), 0o644
    yield place.config / "credentials" / "README", STUB, 0o600
    text = (starter / "config" / config.name).read_text(encoding="utf-8")
    text = _exchanged(text, "../seeds/", "seeds/")
    store = f"sqlite:///{place.state / 'seedwatch.db'}"
    yield config, _exchanged(text, "sqlite:///seedwatch.db", store), 0o644
    unit = (starter / "systemd" / place.template).read_text(encoding="utf-8")
    yield place.unit, _exchanged(unit, place.placeholder, " ".join(words)), 0o644


def _exchanged(text: str, old: str, new: str) -> str:
    assert old in text, f"the shipped file has no {old!r}"
    return text.replace(old, new)


def write(place: Place, command: Sequence[str], tell: Callable[[str], object]) -> None:
    """Write what is missing, renew what is still as we wrote it, keep the rest; say each step.

    Raises `SeedwatchError` if a file cannot be written.
    """
    wanted = list(files(place, command))
    try:
        _make_folder(place.config, 0o755, tell)
        receipt = Receipt.read(place.config)
        _make_folder(place.config / "credentials", 0o700, tell)
        if not place.systemd_owns_state:
            _make_folder(place.state, 0o700, tell)
        for path, text, mode in wanted:
            _write(path, text, mode, receipt, tell)
    except OSError as error:
        raise SeedwatchError(f"{error.filename} cannot be written: {error.strerror}") from error


def _make_folder(folder: Path, mode: int, tell: Callable[[str], object]) -> None:
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir()
    # Not left to the umask: who calls may have one that shuts the service out.
    folder.chmod(mode)
    tell(f"made   {folder}")


def _write(
    path: Path, text: str, mode: int, receipt: Receipt, tell: Callable[[str], object]
) -> None:
    if path.exists():
        if path.read_bytes() == text.encode():
            tell(f"as is  {path}")
            return
        if not receipt.is_ours(path):
            tell(f"kept   {path}: it is yours")
            return
    if not path.parent.is_dir():
        _make_folder(path.parent, 0o755, tell)
    receipt.note(path, text)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    tell(f"wrote  {path}")


def remove(place: Place, tell: Callable[[str], object]) -> None:
    """Remove what `write` wrote and nobody has changed since, and folders that are empty then.

    Raises `SeedwatchError` if a file cannot be removed.
    """
    receipt = Receipt.read(place.config)
    try:
        for name in reversed(receipt.written):
            path = Path(name)
            if not path.exists():
                continue
            if path != place.unit and not receipt.is_ours(path):
                tell(f"kept     {path}: changed since")
                continue
            path.unlink()
            tell(f"removed  {path}")
        receipt.path.unlink(missing_ok=True)
        for folder in _folders(place, receipt):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
                tell(f"removed  {folder}")
    except OSError as error:
        raise SeedwatchError(f"{error.filename} cannot be removed: {error.strerror}") from error


def _folders(place: Place, receipt: Receipt) -> list[Path]:
    """Give the folders that were made, the inner ones first; not those that others share."""
    inner = {Path(name).parent for name in receipt.written} | {place.config, place.state}
    mine = {one for one in inner if one.is_relative_to(place.config) or one == place.state}
    return sorted(mine, key=lambda one: -len(one.parts))
