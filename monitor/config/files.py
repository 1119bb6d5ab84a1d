"""Read the files that a configuration names: whole, bounded, each failure a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

# The folder beside the configuration whose files `LoadCredential=` gives, and under what name.
CREDENTIALS = "credentials"
GIVEN_AS = "seedwatch"


class UnreadableError(ValueError):
    """A file cannot be had; the text has `{}` where its name belongs."""


def read_bytes(path: Path, limit: int) -> bytes:
    """Read a file of at most `limit` bytes.

    Raises `UnreadableError`.
    """
    try:
        with path.open("rb") as file:
            body = file.read(limit + 1)
    except IsADirectoryError:
        raise UnreadableError("{} is a folder, not a file") from None
    except FileNotFoundError:
        raise UnreadableError("{} does not exist") from None
    except OSError as error:
        raise UnreadableError(
            "{} cannot be read: " + (error.strerror or "no reason given")
        ) from None
    except ValueError:
        # A NUL in its name.
        raise UnreadableError("{} is not the name of a file") from None
    if len(body) > limit:
        raise UnreadableError("{} is larger than " + f"{limit} bytes")
    return body


def secret_path(name: str, folder: Path, environ: Mapping[str, str]) -> Path:
    """Say where a file with a secret lies: among systemd's credentials if there, else in `folder`.

    A service may not read `credentials/NAME` itself: its unit has all files of that folder given
    to it, each as `seedwatch_NAME`.

    Source: systemd.exec(5), `LoadCredential=`.
    """
    given = environ.get("CREDENTIALS_DIRECTORY")
    names = [name]
    in_folder, mark, bare = name.rpartition("/")
    if mark and in_folder == CREDENTIALS:
        names.append(f"{GIVEN_AS}_{bare}")
    for one in names if given else ():
        path = Path(str(given)) / one
        try:
            if path.is_file():
                return path
        except (OSError, ValueError):
            # No such name there: the folder is the place to say so.
            break
    return folder / name
