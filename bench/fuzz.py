"""Try mutated feeds on parser and identity, for as long as one likes.

    nice python bench/fuzz.py --minutes 10 [--seed N] [--keep FOLDER]

The seeds are the golden feeds of the tests. What is mutated, and what must hold, is in
`tests/fakes/mutations.py`: the tests run the same for a moment.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.fakes.mutations import SEEDS, check, mutated

# One document may take so long, mutated or not; most take a millisecond.
MOST_SECONDS = 1.0


def main() -> None:
    """Mutate and check until the time is over; end with 1 if something did not hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=None, help="to see the same again")
    parser.add_argument("--keep", type=Path, help="where documents that fail are written")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)  # noqa: S311 -- to see the same again
    # One of them loads the tables of languages.
    for body in SEEDS:
        check(body, random.Random(0))  # noqa: S311 -- of no matter here
    give_up_at = time.monotonic() + 60 * options.minutes
    outcomes: Counter[str] = Counter()
    failures: dict[str, bytes] = {}
    slowest = 0.0
    while time.monotonic() < give_up_at:
        body = mutated(chance.choice(SEEDS), chance)
        started = time.thread_time()
        try:
            outcomes[check(body, chance)] += 1
        except Exception:  # noqa: BLE001 -- whatever comes out is what is looked for
            failures.setdefault(traceback.format_exc(limit=-2), body)
        spent = time.thread_time() - started
        slowest = max(slowest, spent)
        if spent > MOST_SECONDS:
            failures.setdefault(f"it took {spent:.1f} s", body)
    told = ", ".join(f"{count:,} {what}" for what, count in outcomes.most_common())
    print(f"seed {seed}: {outcomes.total():,} documents: {told}; slowest {slowest:.2f} s")
    for place, (what, body) in enumerate(failures.items()):
        print(f"\n{what}")
        if options.keep:
            path = options.keep / f"{seed}-{place}.xml"
            path.write_bytes(body)
            print(f"kept in {path}")
        else:
            print(repr(body[:2_000]))
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
