"""A mail server on loopback that answers by script and keeps the mails that it took.

with MailServer() as mail:
    mail.script("RCPT", "451 4.7.1 later", OK)
    ...
    assert mail.mails[0].message["Subject"] == "..."
"""

from __future__ import annotations

import asyncio
import email
import logging
import ssl
import threading
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Literal, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

# A self-signed certificate for 127.0.0.1, with its key: `SSL_CERT_FILE` makes clients trust it.
CERTIFICATE = Path(__file__).parent / "loopback.pem"

# It logs every line of every mail.
logging.getLogger("mail.log").setLevel(logging.WARNING)

OK = ""
# Hang up instead of an answer.
DROP = "drop"

Verb = Literal["EHLO", "MAIL", "RCPT", "DATA"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenMail:
    """One mail that the server said yes to (or hung up on after reading it)."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    # Whether it came under TLS, and after whose login.
    under_tls: bool
    login: str | None
    # `time.monotonic()` when it had been read.
    at: float

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return email.message_from_bytes(self.raw, policy=default)

    def part(self, subtype: Literal["plain", "html"]) -> str:
        """Return the text of one of its forms, with plain line ends."""
        body = self.message.get_body((subtype,))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")


class MailServer:
    """Listens on 127.0.0.1 at a free port from `with` to its end."""

    def __init__(
        self,
        *,
        security: Literal["none", "starttls", "tls"] = "none",
        login: tuple[str, str] | None = None,
    ) -> None:
        self._security = security
        self._delay = 0.0
        self._login = login
        self._lock = threading.Condition()
        self._mails: list[TakenMail] = []
        self._scripts: dict[str, list[str]] = {}
        context = None
        if security != "none":
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(CERTIFICATE)
        self._controller = _Controller(
            self,
            hostname="127.0.0.1",
            port=0,
            server_hostname="mail.test",
            ssl_context=context if security == "tls" else None,
            tls_context=context if security == "starttls" else None,
            require_starttls=security == "starttls",
            # Offered, not demanded: `TakenMail.login` tells who logged in.
            authenticator=self._authenticate if login else None,
            auth_require_tls=False,
        )

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._controller.port)

    @property
    def mails(self) -> list[TakenMail]:
        """The mails so far, in order of arrival."""
        with self._lock:
            return list(self._mails)

    def wait_for(self, count: int, seconds: float = 10.0) -> list[TakenMail]:
        """Return the mails once there are `count`; fails if they do not come."""
        with self._lock:
            come = self._lock.wait_for(lambda: len(self._mails) >= count, seconds)
        assert come, f"{len(self.mails)} of {count} mails came in {seconds} s"
        return self.mails

    def script(self, verb: Verb, *answers: str) -> None:
        """Answer a command by these lines in order, the last one repeating; `OK` is the usual."""
        with self._lock:
            self._scripts[verb] = list(answers)

    def slow_down(self, seconds: float) -> None:
        """Wait before each answer to EHLO, MAIL, RCPT and the end of DATA from now on."""
        self._delay = seconds

    async def _next(self, verb: Verb) -> str:
        await asyncio.sleep(self._delay)
        with self._lock:
            answers = self._scripts.get(verb) or [OK]
            return answers.pop(0) if len(answers) > 1 else answers[0]

    def _authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _how: str, who: Any
    ) -> Any:
        assert isinstance(who, LoginPassword)
        name, password = who.login.decode(), who.password.decode()
        right = (name, password) == self._login
        return AuthResult(success=right, handled=right, auth_data=name)

    # aiosmtpd calls these by name.

    async def handle_EHLO(  # noqa: N802 - its name
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        """Answer EHLO."""
        session.host_name = hostname
        answer = await self._next("EHLO")
        return [answer] if answer else responses

    async def handle_MAIL(  # noqa: N802 - its name
        self, server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Answer MAIL FROM."""
        answer = await self._next("MAIL")
        if not answer:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return self._say(server, answer or "250 OK")

    async def handle_RCPT(  # noqa: N802 - its name
        self, server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Answer RCPT TO."""
        answer = await self._next("RCPT")
        if not answer:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return self._say(server, answer or "250 OK")

    async def handle_DATA(  # noqa: N802 - its name
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        """Take the mail, or not."""
        answer = await self._next("DATA")
        if not answer or answer == DROP:
            taken = TakenMail(
                sender=envelope.mail_from,
                recipients=tuple(envelope.rcpt_tos),
                raw=envelope.original_content,
                under_tls=self._security == "tls" or session.ssl is not None,
                login=session.auth_data,
                at=time.monotonic(),
            )
            with self._lock:
                self._mails.append(taken)
                self._lock.notify_all()
        return self._say(server, answer or f"250 2.0.0 Ok: queued as TEST{len(self._mails)}")

    @staticmethod
    def _say(server: Any, answer: str) -> str:
        if answer == DROP:
            server.transport.abort()
        return answer


class _Controller(Controller):
    """Learns its port from the socket, so that no other process can take it in between."""

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        return self._listen(super()._create_server())

    async def _listen(self, creating: Awaitable[Any]) -> asyncio.AbstractServer:
        server: asyncio.Server = await creating
        self.port = server.sockets[0].getsockname()[1]
        return server
