"""Parsing in a process of its own: what it gives, and what a bad document can do to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import ParseError
from monitor.feeds.contents import ITEMS, Wanted, contents_of
from monitor.parsing import Limits, Parsers
from monitor.parsing.pool import _Process
from monitor.parsing.wire import Answer, pack, unpack_answer
from monitor.records import Document, Hints
from tests.fakes import made

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "feeds" / "golden"
FEED = made.document((GOLDEN / "rss20.xml").read_bytes())
RICH = made.document(
    b"<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel><title>T</title>"
    b"<ttl>60</ttl><skipHours><hour>3</hour></skipHours><skipDays><day>Sunday</day></skipDays>"
    b"<atom:link rel='hub' href='https://hub.example/'/><atom:link rel='self' href='/f'/>"
    b"<item><guid>1</guid><title>t</title><pubDate>Wed, 01 Jan 2020 10:00:00 GMT</pubDate></item>"
    b"</channel></rss>"
)
# feedparser takes for ever on some hundred thousand attributes, were the guard not there; what the
# guard lets through and costs most is many items. Here the limits are made small instead.
LARGE = made.document(
    b"<rss version='2.0'><channel>"
    + b"".join(b"<item><guid>%d</guid><title>t</title></item>" % n for n in range(2_000))
    + b"</channel></rss>"
)
SMALL_LIMIT = timedelta(milliseconds=20)
PATIENCE_SECONDS = 30.0

Make = Callable[..., Parsers]


@pytest.fixture
def pool() -> Iterator[Make]:
    """Give pools that are closed in the end."""
    made_ones: list[Parsers] = []

    def make(most: int = 1, **limits: object) -> Parsers:
        made_ones.append(Parsers(Limits(**limits), most=most))  # type: ignore[arg-type]
        return made_ones[-1]

    yield make
    for one in made_ones:
        one.close()


def cause(parsers: Parsers, document: Document = LARGE) -> str:
    """Parse what cannot be parsed, and give the cause."""
    with pytest.raises(ParseError) as caught:
        parsers.read(document)
    return str(caught.value)


def children() -> set[int]:
    """Give the ids of this process's own children."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return {int(one) for one in listed}


def wait_until(claim: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not claim():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    """Say whether a process has ended, reaped by its parent or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_it_gives_what_parsing_here_gives(pool: Make) -> None:
    """A document gives the same records from another process, whatever is wanted of it."""
    parsers = pool()
    for wanted in (ITEMS, Wanted(hub=True, survey=True), Wanted(items=False, hub=True)):
        assert parsers.read(RICH, wanted) == contents_of(RICH, wanted)
    whole = parsers.read(RICH, Wanted(hub=True, survey=True))
    assert whole.said is not None
    assert whole.said.hints == Hints(ttl=timedelta(hours=1), skip_hours=(3,), skip_days=(6,))
    assert whole.said.items[0].published_at is not None
    assert whole.hub is not None
    assert whole.survey is not None
    seen = parsers.read(RICH).imprint
    part = parsers.read(RICH, seen=seen)
    assert part == contents_of(RICH, seen=seen)
    assert [place for place, _ in part.gaps] == [0]


def test_no_feed_is_an_error_in_the_same_words(pool: Make) -> None:
    """A document that is no feed is refused in the parser's own words, and hurts nothing."""
    parsers = pool()
    assert cause(parsers, made.document(b"hello")) == "not XML: it begins with 'hello'"
    assert parsers.read(FEED).said


def test_nothing_is_started_before_it_is_needed(pool: Make) -> None:
    """A pool that parses nothing costs no process, and one that does keeps one."""
    before = children()
    parsers = pool(most=3)
    assert children() == before
    for _ in range(5):
        parsers.read(FEED)
    assert len(children() - before) == 1
    parsers.close()
    assert children() == before


def test_a_process_can_be_started_ahead(pool: Make) -> None:
    """Who knows that a document will come need not wait for the start of a process."""
    parsers = pool()
    parsers.warm()
    parsers.warm()
    (process,) = parsers._idle
    assert parsers.read(FEED).said
    assert parsers._idle == [process]
    parsers.close()
    parsers.warm()
    assert parsers._idle == []


def test_too_much_time_spoils_one_document(pool: Make) -> None:
    """A document that takes too long ends with its process; the next one gets a new one."""
    parsers = pool(cpu=SMALL_LIMIT)
    assert cause(parsers) == "reading it takes more than 0.02 s of processor time"
    assert parsers.read(FEED).said


def test_a_wait_counts_too(pool: Make) -> None:
    """The limit by the clock ends what the limit of the processor does not."""
    parsers = pool(wall=SMALL_LIMIT)
    assert cause(parsers) == "reading it takes more than 0.02 s"


def test_too_much_memory_spoils_one_document(pool: Make) -> None:
    """A document that takes too much memory is refused in words, and the next one is read."""
    parsers = pool(memory_bytes=60 * 1024 * 1024)
    words = made.document(b"<rss><channel><item><title>" + b"word " * 4_000_000)
    assert cause(parsers, words) == "reading it takes more than 60 MB"
    assert parsers.read(FEED).said


def test_a_death_from_outside_spoils_one_document(pool: Make) -> None:
    """A process that is killed over a document is told, and replaced."""
    parsers = pool(cpu=timedelta(minutes=1))
    parsers.read(FEED)
    with ThreadPoolExecutor(1) as thread:
        (process,) = parsers._idle
        parsing = thread.submit(cause, parsers, large_enough())
        wait_until(lambda: process in parsers._busy)
        process.kill()
        assert parsing.result() == "the process that read it died (SIGKILL)"
    assert parsers.read(FEED).said


def large_enough() -> Document:
    """Make a document that takes seconds: as many tags as may be."""
    item = b"<item><title>t</title>" + b"<author>a@b (c)</author>" * 45 + b"</item>"
    return made.document(b"<rss version='2.0'><channel>" + item * 2_000 + b"</channel></rss>")


def test_a_process_that_died_idle_is_replaced(pool: Make) -> None:
    """Who dies while nothing is asked of it costs no document."""
    parsers = pool()
    parsers.read(FEED)
    (process,) = parsers._idle
    process.kill()
    process.wait()
    assert parsers.read(FEED).said


def test_a_slow_document_holds_up_only_its_own_process(pool: Make) -> None:
    """While one document is slow, others are read in the second process."""
    parsers = pool(most=2, cpu=timedelta(minutes=1))
    with ThreadPoolExecutor(1) as thread:
        slow = thread.submit(parsers.read, large_enough())
        wait_until(lambda: bool(parsers._busy))
        assert parsers.read(FEED).said
        assert not slow.done()
        parsers.close()
        with pytest.raises(ParseError):
            slow.result()


def test_a_closed_pool_refuses(pool: Make) -> None:
    """After its end nothing is started any more."""
    parsers = pool()
    parsers.close()
    assert cause(parsers, FEED) == "seedwatch is stopping"


def test_the_secrets_of_the_environment_stay_here(
    pool: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that reads hostile bytes knows no secret of the daemon's environment."""
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "https://hooks.example/secret")
    parsers = pool()
    parsers.read(FEED)
    (pid,) = (process._process.pid for process in parsers._idle)
    assert b"SLACK" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_it_holds_no_file_of_the_daemon(pool: Make, tmp_path: Path) -> None:
    """Not a database, not a lock: nothing that the daemon has open goes along."""
    with (tmp_path / "seedwatch.db").open("w") as database:
        os.set_inheritable(database.fileno(), True)
        parsers = pool()
        parsers.read(FEED)
        (pid,) = (process._process.pid for process in parsers._idle)
        held = {str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()}
    assert not [one for one in held if "seedwatch.db" in one]
    assert sum(one.startswith("socket:") for one in held) == 1


def test_it_knows_the_parser_and_nothing_else(pool: Make) -> None:
    """The process is small: neither database nor tables of languages nor HTTP client is loaded."""
    code = (
        "import monitor.parsing.worker, sys;"
        "print(*{name.partition('.')[0] for name in sys.modules} &"
        " {'sqlalchemy', 'sklearn', 'numpy', 'requests', 'py3langid', 'apscheduler', 'structlog'})"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() == ""
    assert pool is not None


PARENT = """
import sys, threading, time
from tests.parsing.test_pool import FEED, ITEMS, large_enough
from monitor.parsing import Limits, Parsers
from monitor.parsing.wire import Job, pack
from datetime import timedelta
parsers = Parsers(Limits(cpu=timedelta(minutes=5), wall=timedelta(minutes=5)), most=1)
if sys.argv[1] == "starting":
    # A job that is not read before the end: the connection is reset.
    parsers.warm()
    job = Job(document=FEED, wanted=ITEMS, seen=b"", limits=Limits())
    parsers._idle[0]._socket.sendall(pack(job))
else:
    parsers.read(FEED)
(process,) = parsers._idle
if sys.argv[1] == "busy":
    threading.Thread(
        target=parsers.read, args=(large_enough(),)
    ).start()
    while process not in parsers._busy:
        time.sleep(0.01)
print(process._process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("state", ["starting", "idle", "busy"])
def test_it_dies_with_the_daemon(state: str) -> None:
    """When the daemon is killed outright, its processes end without a word, busy or not."""
    daemon = subprocess.Popen(
        [sys.executable, "-c", PARENT, state],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with daemon:
        assert daemon.stdout is not None
        assert daemon.stderr is not None
        pid = int(daemon.stdout.readline())
        daemon.kill()
        # It writes to the same place, which ends when both are gone.
        assert daemon.stderr.read() == ""
    wait_until(lambda: is_gone(pid))


def test_signals_for_the_daemon_are_not_for_it(pool: Make) -> None:
    """A service manager that tells all processes to end leaves the reading to the daemon."""
    parsers = pool()
    parsers.read(FEED)
    (process,) = parsers._idle
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(process._process.pid, number)
    assert parsers.read(FEED).said
    assert parsers._idle == [process]


class _Trap:
    """What pickle would run."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)


@pytest.mark.parametrize("outcome", [_Trap(), Path("/etc/passwd"), ValueError("x")])
def test_an_answer_is_records_and_nothing_else(outcome: object) -> None:
    """An answer that would run code, or is of any class but the known, is refused."""
    packed = pack(Answer(outcome=outcome, is_last=False))[4:]
    with pytest.raises(Exception, match="is no record"):
        unpack_answer(packed)


def test_a_process_that_cannot_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no process can be had, the document says so; nothing is parsed in the daemon."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ParseError, match="no process to read it in: No such file"):
        _Process()
