"""Read a page in a process of its own, which the kernel ends if it takes too much.

As for feeds (see `monitor.parsing`), no check of ours runs while a parser does. Pages are read one
at a time and seldom, so that there is no pool: one process, one page, JSON back.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.article.page import Article, read_article
from monitor.errors import ArticleError, SeedwatchError
from monitor.records import Document

_START = "import sys; sys.path[:] = {path!r}; from monitor.article.apart import main; main()"
# What a Python may need to start; the environment may hold secrets.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
# Of an article: a book of a thousand pages.
MOST_CHARACTERS = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLimits:
    """What one page may take."""

    # Of a processor, its start included. Usual pages take a second.
    cpu: timedelta = timedelta(seconds=10)
    # By the clock, which goes on while others have the processor.
    wall: timedelta = timedelta(seconds=20)
    # The address space of the process, some 300 MB of which are libraries.
    memory_bytes: int = 1024 * 1024 * 1024


def read_apart(document: Document, limits: PageLimits | None = None) -> Article:
    """Find the article in a page as `read_article` does, within limits.

    Raises `ArticleError` if there is none, or if it took too much.
    """
    limits = limits or PageLimits()
    job = {
        "url": document.url,
        "type": document.content_type,
        "body": base64.b64encode(document.body).decode("ascii"),
        "cpu": limits.cpu.total_seconds(),
        "memory": limits.memory_bytes,
    }
    try:
        done = subprocess.run(  # noqa: S603 -- this very interpreter
            [sys.executable, "-I", "-c", _START.format(path=sys.path)],
            input=json.dumps(job).encode(),
            capture_output=True,
            timeout=limits.wall.total_seconds(),
            check=False,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        )
    except subprocess.TimeoutExpired:
        what = f"reading it takes more than {limits.wall.total_seconds():g} s"
        raise ArticleError(f"{document.url}: {what}") from None
    except OSError as error:
        raise ArticleError(f"no process to read the page in: {error.strerror}") from error
    if done.returncode != 0:
        what = "reading it takes too much time or memory, or breaks the parser"
        raise ArticleError(f"{document.url}: {what}")
    return _article(document.url, done.stdout)


def _article(url: str, answer: bytes) -> Article:
    """Check what the process says: it has read hostile bytes."""
    try:
        said: dict[str, Any] = json.loads(answer)
        if "error" in said:
            raise ArticleError(str(said["error"])[:300])
        at = said["published_at"]
        return Article(
            url=url,
            title=str(said["title"]),
            text=str(said["text"]),
            paragraphs=tuple(str(one) for one in said["paragraphs"]),
            lang=str(said["lang"]) if said["lang"] else None,
            published_at=datetime.fromisoformat(at) if at else None,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ArticleError(f"{url}: what was read of it makes no sense") from error


def main() -> None:
    """Read the page that standard input describes, within its limits; write what was found."""
    job: dict[str, Any] = json.load(sys.stdin)
    # Some systems know no such limit, or forbid to set it: then the clock's holds.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        seconds = int(job["cpu"])
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (job["memory"], hard))
    json.dump(_read(job), sys.stdout)


def _read(job: dict[str, Any]) -> dict[str, Any]:
    document = Document(
        url=job["url"],
        body=base64.b64decode(job["body"]),
        content_type=job["type"],
        content_language=None,
        fetched_at=datetime.now(UTC),
    )
    try:
        found = read_article(document)
    except SeedwatchError as error:
        return {"error": str(error)}
    kept: list[str] = []
    length = 0
    for paragraph in found.paragraphs:
        length += len(paragraph)
        if length > MOST_CHARACTERS:
            break
        kept.append(paragraph)
    return {
        "title": found.title,
        "text": found.text[:MOST_CHARACTERS],
        "paragraphs": kept,
        "lang": found.lang,
        "published_at": found.published_at.isoformat() if found.published_at else None,
    }
