"""The files of the service: written, renewed, and taken back without touching what is not ours."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli import main
from monitor.cli.service_files import RECEIPT, Place, of_system, of_user, remove, unreachable, write
from monitor.config import load
from monitor.errors import SeedwatchError

COMMAND = ("/opt/seedwatch/bin/seedwatch",)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Give the places of a system that has nothing yet."""
    return of_system(tmp_path)


@pytest.fixture
def shut() -> Iterator[None]:
    """Let new files be closed to others, as root's umask often does."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def mode(path: Path) -> str:
    """Give the permissions of a path."""
    return oct(stat.S_IMODE(path.stat().st_mode))


def tree(folder: Path) -> set[Path]:
    """Give all that is below a folder."""
    return {path for path in folder.rglob("*") if path.is_file()}


def install(place: Place, command: tuple[str, ...] = COMMAND) -> list[str]:
    """Write the files; give the steps that were told."""
    steps: list[str] = []
    write(place, command, steps.append)
    return steps


def uninstall(place: Place) -> list[str]:
    """Take them back; give the steps that were told."""
    steps: list[str] = []
    remove(place, steps.append)
    return steps


def test_what_is_written_is_right(place: Place) -> None:
    """The configuration passes its check, and has its database where the service may write."""
    install(place)
    settings = load(place.config / "seedwatch.yaml", {})
    assert settings.store_url == f"sqlite:///{place.state}/seedwatch.db"
    assert len(settings.feeds) > 50
    config = place.config / "seedwatch.yaml"
    unit = place.unit.read_text(encoding="utf-8")
    assert f"ExecStart={COMMAND[0]} --config {config} run\n" in unit
    assert f"ExecReload=+{COMMAND[0]} --config {config} check\n" in unit


@pytest.mark.usefixtures("shut")
def test_who_may_read_what(place: Place) -> None:
    """The service's user may read all but the secrets, whatever the umask of who installs."""
    install(place)
    assert mode(place.config / "credentials") == "0o700"
    assert mode(place.config / "credentials" / "README") == "0o600"
    for path in (place.config, place.config / "feeds", place.config / "seeds"):
        assert mode(path) == "0o755"
    for path in (place.config / "seedwatch.yaml", place.config / "feeds" / "eu.opml", place.unit):
        assert mode(path) == "0o644"


def test_each_step_is_told(place: Place, tmp_path: Path) -> None:
    """Each file and folder that is made has its line, and a second time nothing is made."""
    told = "\n".join(install(place))
    for path in tree(tmp_path) - {place.config / RECEIPT}:
        assert f"wrote  {path}" in told
    assert {line.split()[0] for line in install(place)} == {"as"}


def test_an_uninstall_undoes_an_install(place: Place, tmp_path: Path) -> None:
    """What was there before is there after, and nothing else."""
    other = place.unit.parent / "other.service"
    other.parent.mkdir(parents=True)
    other.write_text("[Unit]\n")
    install(place)
    uninstall(place)
    assert tree(tmp_path) == {other}
    assert not place.config.exists()
    assert uninstall(place) == []


def test_what_was_changed_is_kept(place: Place) -> None:
    """Neither another install nor the uninstall touches what the operator wrote."""
    install(place)
    config = place.config / "seedwatch.yaml"
    config.write_text("mine")
    secret = place.config / "credentials" / "slack-url"
    secret.write_text("secret")
    assert f"kept   {config}: it is yours" in install(place)
    assert f"kept     {config}: changed since" in uninstall(place)
    assert config.read_text() == "mine"
    assert secret.read_text() == "secret"


def test_what_was_there_before_is_kept(place: Place) -> None:
    """A configuration that was there before the install outlives the uninstall."""
    config = place.config / "seedwatch.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("mine")
    install(place)
    uninstall(place)
    assert config.read_text() == "mine"


def test_a_newer_version_renews_what_is_ours(place: Place) -> None:
    """A unit that nobody changed follows the program; one that was changed stays."""
    install(place, ("/opt/old/bin/seedwatch",))
    assert f"wrote  {place.unit}" in install(place)
    place.unit.write_text("mine")
    assert f"kept   {place.unit}: it is yours" in install(place, ("/opt/new/bin/seedwatch",))


def test_a_path_that_a_unit_cannot_hold_is_refused(place: Place, tmp_path: Path) -> None:
    """A path with a space or a % is named, and nothing is written."""
    for odd in ("/opt/a b/seedwatch", "/opt/100%/seedwatch", "/opt/$HOME/seedwatch"):
        with pytest.raises(SeedwatchError, match="characters that a unit file cannot hold"):
            install(place, (odd,))
    assert tree(tmp_path) == set()


def test_a_receipt_that_is_damaged_is_named(place: Place) -> None:
    """What was written is not guessed at."""
    install(place)
    (place.config / RECEIPT).write_text("{")
    with pytest.raises(SeedwatchError, match="cannot be read"):
        uninstall(place)


def test_a_user_has_places_of_their_own(tmp_path: Path) -> None:
    """Without root all is below the user's own folders, the state readable by them alone."""
    place = of_user({}, tmp_path)
    install(place)
    assert mode(place.state) == "0o700"
    settings = load(tmp_path / ".config/seedwatch/seedwatch.yaml", {})
    assert settings.store_url == f"sqlite:///{tmp_path}/.local/state/seedwatch/seedwatch.db"
    assert "%h" not in (tmp_path / ".config/systemd/user/seedwatch.service").read_text()
    uninstall(place)
    assert tree(tmp_path) == set()
    assert not place.state.exists()


def test_what_the_service_cannot_read_is_found(tmp_path: Path) -> None:
    """Home folders, and folders that are closed to others, are no place for the program."""
    assert unreachable([Path("/usr/bin"), Path("/root/venv")]) == Path("/root/venv")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert unreachable([closed]) == closed
    assert unreachable([Path("/usr/bin")]) is None


def test_for_the_system_one_has_to_be_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not root is told of `sudo` and of `--user`."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for command in ("install-service", "uninstall-service"):
        done = CliRunner().invoke(main, [command])
        assert done.exit_code == 1
        assert "use sudo, or --user" in done.output


def test_without_a_systemd_it_says_what_is_to_be_done(tmp_path: Path) -> None:
    """Where no systemd runs the files are written, and the commands are given."""
    environ = {
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_RUNTIME_DIR": str(tmp_path),
    }
    done = CliRunner().invoke(main, ["install-service", "--user", "--now"], env=environ)
    assert done.exit_code == 0, done.output
    assert "to be done where it does: systemctl --user daemon-reload" in done.output
    assert "to be done where it does: systemctl --user enable --now seedwatch" in done.output
    assert "loginctl enable-linger" in done.output
    done = CliRunner().invoke(main, ["uninstall-service", "--user", "--purge"], env=environ)
    assert done.exit_code == 0, done.output
    assert tree(tmp_path) == set()
