"""The container's files agree with the program and each other, as far as that needs no engine."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from monitor.cli import main
from monitor.config import load

ROOT = Path(__file__).parents[1]
# What an instruction of the shell form would look like: a shell as process 1 passes no signal on.
EXEC_FORM = re.compile(r"^\[.*\]$", re.DOTALL)


def instructions() -> list[tuple[str, str]]:
    """Read the Dockerfile: each instruction with the rest of its line, comments left out."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    pairs = [line.split(maxsplit=1) for line in joined.splitlines() if line.strip()]
    return [(word.upper(), rest.strip()) for word, rest in pairs]


def all_of(name: str) -> list[str]:
    """Give the rest of each instruction of a name."""
    return [rest for word, rest in instructions() if word == name]


def setting(name: str) -> str:
    """Give a variable that the image sets."""
    (found,) = re.findall(rf"\b{name}=(\S+)", " ".join(all_of("ENV")))
    return str(found)


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    """Give the service of the compose file."""
    compose = YAML(typ="safe", pure=True).load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = compose["services"]["seedwatch"]
    return found


def test_what_is_copied_is_there_and_reaches_the_engine() -> None:
    """Each source of a COPY exists, and `.dockerignore` lets it through."""
    let_through = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    sources = [
        source
        for rest in all_of("COPY")
        if not rest.startswith("--from")
        for source in shlex.split(rest)[:-1]
    ]
    assert set(sources) == let_through
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_build_has_all_that_the_wheel_is_made_of() -> None:
    """Whatever the wheel takes in is copied before it is built."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = build["tool"]["hatch"]["build"]["targets"]["wheel"]
    project = build["project"]
    wanted = {
        *wheel["packages"],
        *wheel["force-include"],
        *wheel["shared-data"],
        *project["license-files"],
        project["readme"],
    }
    copied = [Path(one) for rest in all_of("COPY") for one in shlex.split(rest)[:-1]]
    missing = [
        one
        for one in wanted
        if not any(Path(one) == copy or copy in Path(one).parents for copy in copied)
    ]
    assert missing == []


def test_no_shell_stands_between() -> None:
    """Every command is in exec form, so that signals reach the program itself."""
    commands = [*all_of("RUN"), *all_of("CMD"), *all_of("ENTRYPOINT")]
    commands += [rest.partition("CMD")[2].strip() for rest in all_of("HEALTHCHECK")]
    assert [one for one in commands if not EXEC_FORM.match(one)] == []
    assert all(isinstance(json.loads(one), list) for one in commands)


def test_what_is_called_is_a_command() -> None:
    """The start and the health check call commands that there are, as they take their options."""
    (start,) = map(json.loads, all_of("CMD"))
    (entry,) = map(json.loads, all_of("ENTRYPOINT"))
    (check,) = [json.loads(rest.partition("CMD")[2]) for rest in all_of("HEALTHCHECK")]
    for program, *words in ([*entry, *start], check):
        assert program == "seedwatch"
        assert CliRunner().invoke(main, [*words, "--help"]).exit_code == 0


def test_it_runs_as_nobody_in_particular() -> None:
    """The image ends with a user by number who is not root, and whose folder is the volume."""
    (user,) = all_of("USER")
    number, _, group = user.partition(":")
    assert (int(number) > 0, int(group) > 0) == (True, True)
    (volume,) = map(json.loads, all_of("VOLUME"))
    assert all_of("WORKDIR")[-1:] == volume
    (owned,) = [json.loads(rest) for rest in all_of("RUN") if rest.startswith('["install"')]
    assert owned[-1:] == volume
    assert owned[owned.index("--owner") + 1] == number
    assert all_of("STOPSIGNAL") == ["SIGTERM"]


def test_the_base_is_pinned_and_one_that_is_tested() -> None:
    """Both stages begin at one tag, of a Python that the package says it runs on."""
    bases = {rest.split()[0] for rest in all_of("FROM")}
    assert bases == {"python:${PYTHON_VERSION}-slim-bookworm"}
    (version,) = [rest for rest in all_of("ARG") if rest.startswith("PYTHON_VERSION=")]
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = f"Programming Language :: Python :: {version.partition('=')[2]}"
    assert named in build["project"]["classifiers"]


def test_the_lock_is_held_to_its_hashes() -> None:
    """What is fetched is checked by hash; all later installs ask no index."""
    pips = [json.loads(rest) for rest in all_of("RUN") if rest.startswith('["pip"')]
    fetches = [one for one in pips if "download" in one]
    assert ["--require-hashes" in one and "--no-deps" in one for one in fetches] == [True]
    assert all("--no-index" in one for one in pips if "install" in one)


def test_the_starter_files_fit_into_the_container(service: dict[str, Any], tmp_path: Path) -> None:
    """What `init` writes, with the store that the docs say, is right where it is mounted."""
    (volume,) = map(json.loads, all_of("VOLUME"))
    text = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    (old, new) = re.findall(r"sed -i 's\|(.+?)\|(.+?)\|'", text)[0]
    CliRunner().invoke(main, ["init", str(tmp_path)], catch_exceptions=False)
    path = tmp_path / "config" / "seedwatch.yaml"
    changed, count = re.subn(old, new, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    path.write_text(changed, encoding="utf-8")
    assert count == 1
    settings = load(path, {})
    assert settings.store_url == f"sqlite:///{volume[0]}/seedwatch.db"
    mounts = dict(one.split(":")[:2] for one in service["volumes"])
    inside = mounts["./seedwatch"]
    assert setting("SEEDWATCH_CONFIG") == f"{inside}/{path.relative_to(tmp_path)}"
    assert mounts["state"] == volume[0]


def test_compose_locks_it_in(service: dict[str, Any]) -> None:
    """The example takes away what the program does not need, and bounds what it may use."""
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert "./seedwatch:/etc/seedwatch:ro" in service["volumes"]
    assert service["pids_limit"]
    assert service["mem_limit"]


def test_secrets_come_as_files(service: dict[str, Any]) -> None:
    """No secret is an environment variable, and each that is asked for is defined."""
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    compose = YAML(typ="safe", pure=True).load(text)
    assert "environment" not in service
    assert set(service["secrets"]) == set(compose["secrets"])
    for name in service["secrets"]:
        assert f"/run/secrets/{name}" in text
