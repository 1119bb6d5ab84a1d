"""What a destination's configuration is known by."""

from __future__ import annotations

from dataclasses import replace

from monitor.targets import EmailTarget, Secret, SlackTarget, Target, WebhookTarget, fingerprint

MAIL = EmailTarget(
    to="desk@example.org",
    sender="seedwatch@example.org",
    host="mail.example.org",
    port=587,
    security="starttls",
    username="me",
    password=Secret("letmein"),
)


def test_a_fingerprint_changes_with_all_that_may_be_mended() -> None:
    """Another host, port, login or secret is another configuration; the same one is the same."""
    others: list[Target] = [
        replace(MAIL, host="mx.example.org"),
        replace(MAIL, port=25),
        replace(MAIL, username=None),
        replace(MAIL, password=Secret("letmein2")),
        replace(MAIL, password=None),
        SlackTarget(webhook_url=Secret("https://a.example")),
        SlackTarget(webhook_url=Secret("https://b.example")),
        WebhookTarget(url=Secret("https://a.example")),
        WebhookTarget(url=Secret("https://a.example"), secret=Secret("x")),
    ]
    prints = [fingerprint(one) for one in (MAIL, *others)]
    assert len(set(prints)) == len(prints)
    assert fingerprint(replace(MAIL, password=Secret("letmein"))) == prints[0]
    assert {len(one) for one in prints} == {8}
    assert "letmein" not in repr(MAIL)
