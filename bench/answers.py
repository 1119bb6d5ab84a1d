"""How long each command takes until its first output, against `python -c pass` in the same run.

    python -m bench.answers [--times 5]

On a pipe, where no line stands in until the answer: this is the answer itself.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMANDS = (
    "--help", "init other", "check", "feeds lists kenya", "feeds list", "alerts", "deliveries",
    "feedback list", "silence list", "preview belarus-eu-border", "topics list", "status",
)  # fmt: skip


def first_output(words: list[str], folder: Path) -> float:
    """Give the seconds until a program prints something, or ends."""
    begun = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own words
        words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        took = time.perf_counter() - begun
        process.stdout.read()
    return took


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=5)
    times = parser.parse_args().times
    program = [sys.executable, "-m", "monitor"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([*program, "init"], cwd=folder, check=True, capture_output=True)  # noqa: S603
        make = (
            "from pathlib import Path; from monitor.config import load; from monitor.app import"
            " open_database; open_database(load(Path('config/seedwatch.yaml'), {}))"
        )
        subprocess.run([sys.executable, "-c", make], cwd=folder, check=True)  # noqa: S603
        bare = [first_output([sys.executable, "-c", "pass"], folder) for _ in range(times)]
        base = statistics.median(bare)
        print(f"{'python -c pass':28} {base:6.2f} s")
        for command in COMMANDS:
            # `init` refuses a folder that it has written to already.
            runs = [
                first_output([*program, *command.replace("other", f"o{n}").split()], folder)
                for n in range(times)
            ]
            middle = statistics.median(runs)
            print(f"{command:28} {middle:6.2f} s  {middle / base:6.1f} x")


if __name__ == "__main__":
    main()
