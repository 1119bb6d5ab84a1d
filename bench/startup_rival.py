"""The usual script, as a yardstick for `bench.startup`: polls, scores, prints; keeps nothing.

feedparser, requests, scikit-learn's TfidfVectorizer and APScheduler, with a set of guids in memory.
Not ours: no database, no outbox, no process apart for parsing, no limits, no politeness. Says
READY=1 at the end of its first tick, as ours does, and `rested` when each feed was polled once.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import feedparser
import requests
from apscheduler.schedulers.background import BackgroundScheduler
from sklearn.feature_extraction.text import TfidfVectorizer


def main() -> None:
    """Watch the feeds of a file for the topics of its seeds."""
    wanted = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    vectorizer = TfidfVectorizer(stop_words="english", sublinear_tf=True)
    profiles = vectorizer.fit_transform([Path(one).read_text("utf-8") for one in wanted["seeds"]])
    session = requests.Session()
    adapter = requests.adapters.HTTPAdapter(pool_maxsize=16)
    session.mount("http://", adapter)
    pool = ThreadPoolExecutor(16)
    tags: dict[str, str] = {}
    seen: set[str] = set()
    left = set(wanted["feeds"])
    lock = threading.Lock()

    def poll(url: str) -> None:
        known = {"If-None-Match": tags[url]} if url in tags else {}
        answer = session.get(url, timeout=30, headers=known)
        if answer.status_code == 200:
            entries: list[Any] = feedparser.parse(answer.content).entries
            fresh = [one for one in entries if one.get("id", one.link) not in seen]
            texts = [f"{one.title} {one.get('summary', '')}" for one in fresh]
            scores = vectorizer.transform(texts) @ profiles.T if texts else None
            with lock:
                seen.update(one.get("id", one.link) for one in fresh)
                if scores is not None and scores.max() > 0.5:
                    print("alert", flush=True)
            tags[url] = answer.headers.get("ETag", "")
        with lock:
            left.discard(url)
            if not left:
                Path("rested").touch()

    def tick() -> None:
        for url in wanted["feeds"]:
            pool.submit(poll, url)

    def first() -> None:
        tick()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])

    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(first)
    scheduler.add_job(tick, "interval", minutes=15)
    scheduler.start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
