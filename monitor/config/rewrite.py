"""Write a changed configuration, once it is known to be right as a whole."""

from __future__ import annotations

import codecs
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.config.files import UnreadableError, read_bytes
from monitor.config.load import MAX_BYTES, load
from monitor.config.settings import Settings
from monitor.errors import ConfigError, SeedwatchError


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A configuration as it would be written."""

    path: Path
    # As the file is now.
    was: bytes
    body: bytes
    text: str
    # What the new text loads to.
    settings: Settings


def read_text(path: Path) -> tuple[bytes, str]:
    """Read a configuration that has been loaded without a fault.

    Raises `SeedwatchError` if it is gone meanwhile.
    """
    try:
        was = read_bytes(path, MAX_BYTES)
        return was, was.decode("utf-8-sig")
    except (UnreadableError, UnicodeDecodeError) as error:
        raise SeedwatchError(str(error).replace("{}", str(path))) from error


def draft(path: Path, was: bytes, text: str, environ: Mapping[str, str]) -> Draft:
    """Load a new text in the place of the file, and give what it loads to.

    The text lies beside the file for that moment, since it names files relative to it. Raises
    `SeedwatchError` if it cannot, with what is wrong: the text was made by us.
    """
    body = _body(was, text)
    beside = _write_beside(path, body)
    try:
        settings = load(beside, environ)
    except ConfigError as error:
        why = "; ".join(f"{fault.path}: {fault.what}" for fault in error.faults[:3])
        raise SeedwatchError(
            f"nothing was written: {path.name} would no longer be right ({why})"
        ) from error
    finally:
        beside.unlink(missing_ok=True)
    return Draft(path=path, was=was, body=body, text=text, settings=replace(settings, path=path))


def write(made: Draft) -> None:
    """Put the new text in the place of the file, whole or not at all.

    Raises `SeedwatchError` if somebody has changed the file since, or if it cannot be written.
    """
    if read_text(made.path)[0] != made.was:
        raise SeedwatchError(f"nothing was written: {made.path} has changed meanwhile; try again")
    # A link stays one: what it leads to is written.
    place = made.path.resolve()
    beside = _write_beside(place, made.body)
    try:
        shutil.copymode(place, beside)
        beside.replace(place)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise SeedwatchError(f"{made.path} cannot be written: {error.strerror}") from error


def _body(was: bytes, text: str) -> bytes:
    # With a byte order mark where there was one.
    mark = codecs.BOM_UTF8 if was.startswith(codecs.BOM_UTF8) else b""
    return mark + text.encode()


def _write_beside(place: Path, body: bytes) -> Path:
    try:
        number, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=".new")
        with os.fdopen(number, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise SeedwatchError(
            f"nothing was written: no file can be made in {place.parent}: {error.strerror}"
        ) from error
    return Path(name)
