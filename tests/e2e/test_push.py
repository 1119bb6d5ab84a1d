"""The service with a hub on loopback: pushed news is told at once, and once."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

from tests.fakes.forks import forked
from tests.fakes.hub import CHALLENGE, HUB, Hub
from tests.fakes.news import off_topic, on_topic
from tests.fakes.service import scene, subject, told_once, wait_until


def free_port() -> int:
    """Give a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_what_is_pushed_is_told_once(tmp_path: Path) -> None:
    """An item comes by push and is told once, though polls bring it too; reload, restart or not."""
    with scene(tmp_path) as stage, Hub(port := free_port()) as hub:
        config = stage.service.config
        config["websub"] = {
            "callback_url": "https://alerts.example.org/websub",
            "listen": f"127.0.0.1:{port}",
        }
        config["polling"] |= {"at_least_every": "1h"}
        stage.open_feed("wire", "rss", off_topic(0))
        stage.news.name_hub("/wire", hub.address)
        stage.service.start(forked)

        request = hub.wait_for_request(1)
        assert hub.verify(request).text == CHALLENGE
        # Pushed before it is published: only the push can have brought it.
        first = on_topic(0)
        assert hub.push(request, stage.news.written("/wire", first)).status == 202
        stage.receivers.wait_until_told(first.title)
        stage.news.publish("/wire", first)
        stage.wait_until_read()

        # Forged, or from nobody: dropped.
        forged = stage.news.written("/wire", on_topic(8))
        assert hub.push(request, forged, secret="guessed").status == 202
        assert hub.push(request, forged, method="sha1").status == 202
        assert hub.push(request, forged, path="/websub/" + "x" * 43).status == 404

        stage.service.send(signal.SIGHUP)
        stage.service.wait_for("reloaded")
        second = on_topic(1)
        assert hub.push(request, stage.news.written("/wire", second)).status == 202
        stage.receivers.wait_until_told(second.title)
        stage.news.publish("/wire", second)

        (push,) = stage.service.ask("status")["pushes"]
        assert (push["feed"], push["state"], push["rejected"]) == ("wire", "live", 2)
        assert stage.service.stop() == 0
        stage.service.start(forked)
        third = on_topic(2)
        assert hub.push(request, stage.news.written("/wire", third)).status == 202
        stage.receivers.wait_until_told(third.title)
        stage.news.publish("/wire", third)
        stage.wait_until_read()
        stage.service.wait_until_settled()

        # Without the feed nothing is wanted of its hub.
        config["feeds"] = {"world": [{"name": "else", "url": stage.news.open_feed("/else")}]}
        stage.service.write()
        stage.service.send(signal.SIGHUP)
        farewell = hub.wait_for_request(2)
        assert farewell["hub.mode"] == "unsubscribe"
        assert hub.verify(farewell).status == 200
        wait_until(
            lambda: stage.service.sql("SELECT count(*) FROM subscriptions") == [(0,)],
            lambda: "the subscription is still there",
        )
        assert stage.service.stop() == 0

        assert len(hub.requests(HUB)) == 2
        subjects = [subject(one.title) for one in (first, second, third)]
        assert stage.receivers.told() == told_once(*subjects)
        assert [event["new_items"] for event in stage.service.events("pushed")] == [1, 1, 1]
        log = stage.service.log.read_text(encoding="utf-8")
        assert request["hub.secret"] not in log
        assert request["hub.callback"].rpartition("/")[2] not in log
