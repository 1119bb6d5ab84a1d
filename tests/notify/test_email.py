"""E-mail, against a mail server that answers by script."""

from __future__ import annotations

import re
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from monitor.errors import DeliveryError
from monitor.notify import build
from monitor.records import Message, Notifier
from monitor.targets import EmailTarget, Secret
from tests.fakes.alerts import message
from tests.fakes.mail import CERTIFICATE, DROP, MailServer
from tests.fakes.post import PlainPost
from tests.fakes.raw import RawServer, Visitor

LOGIN = ("seedwatch", "correct-horse-battery")
Security = Literal["starttls", "tls", "none"]


def mailbox(
    mail: MailServer, *, security: Security = "none", login: tuple[str, str] | None = None
) -> Notifier:
    """Return a notifier for one mailbox behind this server."""
    return notifier_of(
        EmailTarget(
            to="Desk <desk@example.org>",
            sender="seedwatch <seedwatch@example.org>",
            host="127.0.0.1",
            port=mail.port,
            security=security,
            username=login[0] if login else None,
            password=Secret(login[1]) if login else None,
        )
    )


def notifier_of(target: EmailTarget, seconds: float = 5.0) -> Notifier:
    """Return the notifier for a target."""
    timeout = timedelta(seconds=seconds)
    return build(target, post=PlainPost(), timeout=timeout, clock=lambda: datetime.now(UTC))


def failure(notifier: Notifier, sent: Message | None = None) -> DeliveryError:
    """Return the failure of sending."""
    with pytest.raises(DeliveryError) as caught:
        notifier.send(sent or message())
    assert LOGIN[1] not in str(caught.value)
    return caught.value


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the certificate of the test server, as an operator with an own authority does."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


def test_what_is_sent() -> None:
    """One mail: text and HTML, addressed, dated by the alert, named by the delivery."""
    sent = message("0190d1f0-7a6b-7c31-9a55-3f2f1f9b8a10", title="Kuźnica: «граница» " * 9)
    with MailServer() as mail:
        assert mailbox(mail).send(sent).answer == "2.0.0 Ok: queued as TEST1"
        (taken,) = mail.mails
    assert taken.sender == "seedwatch@example.org"
    assert taken.recipients == ("desk@example.org",)
    assert taken.message["Subject"] == sent.subject
    assert taken.message["From"] == "seedwatch <seedwatch@example.org>"
    assert taken.message["To"] == "Desk <desk@example.org>"
    assert taken.message["Date"] == "Mon, 08 Nov 2021 14:10:00 +0000"
    assert taken.message["Message-ID"] == "<0190d1f0-7a6b-7c31-9a55-3f2f1f9b8a10@seedwatch>"
    assert taken.message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in taken.message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert taken.part("plain") == sent.text
    assert taken.part("html") == sent.html


def test_seven_bits_and_short_lines() -> None:
    """Every line is ASCII and at most 998 bytes, so that any server takes it as it is."""
    with MailServer() as mail:
        mailbox(mail).send(message(title="граница 🇵🇱 " * 20, url="https://x.test/" + "y" * 1_900))
        (taken,) = mail.mails
    assert taken.raw.isascii()
    assert max(len(line) for line in taken.raw.split(b"\r\n")) <= 998


def test_a_subject_with_line_breaks_stays_one_header() -> None:
    """Line breaks in a subject become spaces: no header and no recipient can be added."""
    hostile = replace(message(), subject="hello\r\nBcc: victim@example.org\r\n\r\nbody")
    with MailServer() as mail:
        mailbox(mail).send(hostile)
        (taken,) = mail.mails
    assert taken.message["Subject"] == "hello Bcc: victim@example.org body"
    assert taken.message["Bcc"] is None
    assert taken.recipients == ("desk@example.org",)


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    "answer,permanent",
    [
        ("421 4.3.2 going down", False),
        ("450 4.2.1 greylisted", False),
        ("451 4.7.1 try later", False),
        ("550 5.1.1 no such user", True),
        ("552 5.3.4 too big", True),
        ("554 5.7.1 refused", True),
    ],
)
def test_what_a_refusal_means(
    verb: Literal["MAIL", "RCPT", "DATA"], answer: str, *, permanent: bool
) -> None:
    """A 4xx may pass, a 5xx is permanent, and the server's words are told."""
    with MailServer() as mail:
        mail.script(verb, answer)
        error = failure(mailbox(mail))
        assert mail.mails == []
    assert error.permanent is permanent
    assert error.code == int(answer[:3])
    assert str(error) == f"SMTP {answer[:3]}: {answer[4:]}"


@pytest.mark.parametrize(
    "verb, answer, scope",
    [
        ("MAIL", "550 5.1.8 sender rejected", "destination"),
        ("MAIL", "552 5.3.4 too big", "message"),
        ("RCPT", "550 5.1.1 no such user", "destination"),
        ("RCPT", "551 5.1.6 moved", "destination"),
        ("RCPT", "552 5.2.2 mailbox full", "message"),
        ("DATA", "550 5.7.1 looks like spam", "message"),
        ("DATA", "552 5.3.4 too big", "message"),
        ("DATA", "554 5.6.0 no", "message"),
    ],
)
def test_what_a_refusal_is_about(
    verb: Literal["MAIL", "RCPT", "DATA"], answer: str, scope: str
) -> None:
    """What is refused of the mail ends this mail; who sends, and to whom, ends the destination."""
    with MailServer() as mail:
        mail.script(verb, answer)
        error = failure(mailbox(mail))
    assert (error.permanent, error.scope, error.unsure) == (True, scope, False)


# Every code of RFC 5321 section 4.2.3 and RFC 4954 section 6 that refuses, by the command that it
# answers: later (tried again), message (this one is dead) or destination (nothing more goes there).
CODES = {
    "421 450 451 452 454 455": {"MAIL": "later", "RCPT": "later", "DATA": "later"},
    "500 501 502 503 504 530 534 535 538 550 551 553 554 555 556": {
        "MAIL": "destination",
        "RCPT": "destination",
        "DATA": "message",
    },
    "552": {"MAIL": "message", "RCPT": "message", "DATA": "message"},
}


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_every_code_has_its_meaning(verb: Literal["MAIL", "RCPT", "DATA"]) -> None:
    """Each code that refuses means, by the command it answers, what the table says."""
    found, expected = {}, {}
    with MailServer() as mail:
        for codes, follows in CODES.items():
            for code in codes.split():
                mail.script(verb, f"{code} no")
                error = failure(mailbox(mail))
                found[code] = error.scope if error.permanent else "later"
                expected[code] = follows[verb]
        assert mail.mails == []
    assert found == expected


@pytest.mark.parametrize("is_slow", [False, True])
def test_no_answer_after_the_mail_is_unsure(*, is_slow: bool) -> None:
    """If the server says nothing once it has the whole mail, it may have been taken: told so."""
    with RawServer(lambda visitor: _hear(visitor, is_slow=is_slow)) as server:
        target = EmailTarget(
            to="desk@example.org",
            sender="seedwatch@example.org",
            host="127.0.0.1",
            port=server.port,
            security="none",
        )
        error = failure(notifier_of(target, seconds=0.5))
    assert (error.permanent, error.unsure) == (False, True)


def _hear(visitor: Visitor, *, is_slow: bool) -> None:
    """Speak SMTP until the final dot, and then no more."""
    visitor.send(b"220 mail.example\r\n")
    for answer in (b"250 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n"):
        visitor.hear(b"\r\n")
        visitor.send(answer)
    visitor.hear(b"\r\n.\r\n")
    if is_slow:
        visitor.say_nothing()


def test_a_mail_that_breaks_off_is_sure() -> None:
    """What fails before the end of the mail has not arrived: nothing unsure about it."""
    with MailServer() as mail:
        mail.script("RCPT", DROP)
        assert not failure(mailbox(mail)).unsure


def test_updates_answer_the_story() -> None:
    """All mails of a story answer one that nobody sent, so that readers show them as a thread."""
    first = message("d-1")
    update = replace(message("d-2"), is_update=True)
    other = replace(message("d-3"), story_id="s-2")
    alone = replace(message("d-4"), story_id="")
    with MailServer() as mail:
        for one in (first, update, other, alone):
            mailbox(mail).send(one)
        threads = [
            (taken.message["In-Reply-To"], taken.message["References"]) for taken in mail.mails
        ]
    root = "<story-s-1@seedwatch>"
    assert threads[:2] == [(root, root)] * 2
    assert threads[2] == ("<story-s-2@seedwatch>",) * 2
    assert threads[3] == (None, None)


@pytest.mark.parametrize(
    "topic, listed",
    [
        ("belarus-eu-border", "<belarus-eu-border.seedwatch.example.org>"),
        ("", "<seedwatch.example.org>"),
        ("a>\r\nBcc: victim@example.org", "<seedwatch.example.org>"),
    ],
)
def test_a_topic_is_a_list(topic: str, listed: str) -> None:
    """Filters of mail readers find each topic by its List-Id, notices by that of them all."""
    with MailServer() as mail:
        mailbox(mail).send(replace(message(), topic=topic, story_id="<x>\r\nBcc: v@example.org"))
        (taken,) = mail.mails
    assert taken.message["List-Id"] == listed
    assert taken.message["In-Reply-To"] is None
    assert taken.message["Bcc"] is None


def test_html_stays_readable_in_the_dark_and_fetches_nothing() -> None:
    """The HTML sets no colour of text or ground, and loads nothing: no image, no style, no font."""
    html = message().html
    assert '<meta name="color-scheme" content="light dark">' in html
    assert not re.search(r"(?<!-)\b(?:color|background(?:-color)?)\s*:", html)
    assert not re.search(r"<(?:img|link|style|script|iframe|object|video|audio)\b|url\(", html)


def test_a_retry_is_the_same_mail() -> None:
    """After a refusal for now, and after an unanswered end of data, Message-ID is the same."""
    with MailServer() as mail:
        mail.script("DATA", "451 4.7.1 later", DROP, "")
        assert not failure(mailbox(mail)).permanent
        assert not failure(mailbox(mail)).permanent
        mailbox(mail).send(message())
        names = {taken.message["Message-ID"] for taken in mail.mails}
        assert len(mail.mails) == 2
    assert names == {"<d-1@seedwatch>"}


@pytest.mark.usefixtures("trust")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_under_tls_with_a_login(security: Security) -> None:
    """With TLS the login and the mail go through the verified connection."""
    with MailServer(security=security, login=LOGIN) as mail:
        mailbox(mail, security=security, login=LOGIN).send(message())
        (taken,) = mail.mails
    assert taken.under_tls
    assert taken.login == LOGIN[0]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_nobody(security: Security) -> None:
    """A certificate that nobody vouches for stops the delivery, for now, before the login."""
    with MailServer(security=security, login=LOGIN) as mail:
        error = failure(mailbox(mail, security=security, login=LOGIN))
        assert mail.mails == []
    assert not error.permanent
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)


def test_starttls_is_never_given_up() -> None:
    """A server that offers no STARTTLS gets neither login nor mail; that may pass."""
    with MailServer(login=LOGIN) as mail:
        error = failure(mailbox(mail, security="starttls", login=LOGIN))
        assert mail.mails == []
    assert not error.permanent
    assert str(error) == "STARTTLS extension not supported by server."


def test_a_wrong_password() -> None:
    """A login that is refused is permanent, and the password is not told."""
    with MailServer(login=LOGIN) as mail:
        error = failure(mailbox(mail, login=(LOGIN[0], "wrong-horse")))
        assert mail.mails == []
    assert (error.permanent, error.code) == (True, 535)
    assert "wrong-horse" not in str(error)


def test_a_password_that_smtp_cannot_spell() -> None:
    """A password outside of ASCII is a permanent failure, told without it."""
    with MailServer(login=LOGIN) as mail:
        error = failure(mailbox(mail, login=(LOGIN[0], "hasło-ściśle-tajne")))
    assert error.permanent
    assert "tajne" not in str(error)


def test_a_server_that_is_always_just_in_time() -> None:
    """Answers that each come in time but together too late end the attempt; that may pass."""
    with MailServer() as mail:
        mail.slow_down(0.3)
        target = EmailTarget(
            to="desk@example.org",
            sender="seedwatch@example.org",
            host="127.0.0.1",
            port=mail.port,
            security="none",
        )
        error = failure(notifier_of(target, seconds=0.4))
        assert mail.mails == []
    assert not error.permanent


def test_a_bad_address_goes_nowhere() -> None:
    """An address with a line break is a permanent failure; nothing is sent."""
    with MailServer() as mail:
        target = EmailTarget(
            to="desk@example.org\r\nBcc: victim@example.org",
            sender="seedwatch@example.org",
            host="127.0.0.1",
            port=mail.port,
            security="none",
        )
        assert failure(notifier_of(target)).permanent
        assert mail.mails == []


def test_a_server_that_breaks_off_after_the_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the mail is taken it is delivered, whatever becomes of the good-bye."""
    monkeypatch.setattr("smtplib.SMTP.quit", lambda _smtp: (_ for _ in ()).throw(TimeoutError()))
    with MailServer() as mail:
        assert mailbox(mail).send(message()).answer.startswith("2.0.0 Ok")


@pytest.mark.parametrize("greeting,permanent", [(b"421 busy", False), (b"554 not here", True)])
def test_a_greeting_that_refuses(greeting: bytes, *, permanent: bool) -> None:
    """A server that refuses before a word was said is judged by its code as well."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(greeting + b"\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        target = EmailTarget(
            to="desk@example.org",
            sender="seedwatch@example.org",
            host="127.0.0.1",
            port=listener.getsockname()[1],
            security="none",
        )
        error = failure(notifier_of(target))
        thread.join()
    assert error.permanent is permanent
    assert error.scope == ("destination" if permanent else "message")
