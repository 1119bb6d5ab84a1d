"""Weighing seeds in a process that ends: what it takes to import scikit-learn ends with it.

    daemon -> terms and rarities, as JSON -> a fresh Python with scikit-learn -> weights -> daemon

JSON writes a float so that it is read back as the same one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta

from monitor.errors import WeighingError
from monitor.topics.profile import Counted, weigh_here

_START = "import sys; sys.path[:] = {path!r}; from monitor.weighing import main; main()"
# It takes a second or two; a machine may be very busy.
WITHIN = timedelta(minutes=2)


def weigh_apart(counted: Sequence[Counted]) -> list[dict[str, float]]:
    """Weigh as `weigh_here` does, to the last bit, in a process of its own.

    Raises `WeighingError` if that fails, with what it said last.
    """
    if not counted:
        return []
    asked = json.dumps([{"texts": one.texts, "rarity": one.rarity} for one in counted])
    try:
        answer = subprocess.run(  # noqa: S603 -- this very interpreter
            [sys.executable, "-I", "-c", _START.format(path=sys.path)],
            input=asked.encode(),
            capture_output=True,
            check=True,
            timeout=WITHIN.total_seconds(),
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        cause = said[-1] if said else f"it ended with status {error.returncode}"
        raise WeighingError(cause) from error
    except subprocess.TimeoutExpired as error:
        raise WeighingError(f"it took more than {WITHIN.total_seconds():g} s") from error
    except OSError as error:
        raise WeighingError(f"no process for it: {error.strerror}") from error
    weights: list[dict[str, float]] = json.loads(answer.stdout)
    return weights


def main() -> None:
    """Weigh what comes over standard input; the process calls it."""
    asked = [Counted(**one) for one in json.load(sys.stdin.buffer)]
    sys.stdout.write(json.dumps(weigh_here(asked)))
