"""Send messages by e-mail through an SMTP server."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from monitor.errors import DeliveryError, Scope
from monitor.notify.mail import compose
from monitor.notify.smtp import Smtp, SmtpOverTls
from monitor.notify.told import told
from monitor.notify.tools import Tools
from monitor.records import Message, Sent
from monitor.targets import EmailTarget

TOO_LARGE = 552


class EmailNotifier:
    """Sends one mail to one mailbox, as text and HTML.

    Its Message-ID is made of the message's id, so a mail sent twice is the same mail to readers
    that look. TLS is never downgraded, and certificates are always verified.
    """

    def __init__(self, target: EmailTarget, tools: Tools) -> None:
        self._target = target
        self._seconds = tools.timeout.total_seconds()

    def send(self, message: Message) -> Sent:
        """Send it; an SMTP 5xx is permanent, all else (4xx, connection, TLS) may pass."""
        return Sent(answer=self._talk(message))

    def knock(self) -> None:
        """Connect and log in as for a mail, and hang up before any is sent.

        Raises `DeliveryError` as `send` does.
        """
        self._talk(None)

    def _talk(self, message: Message | None) -> str:
        try:
            mail = compose(message, self._target) if message is not None else None
            with self._connected() as smtp:
                return self._transmit(smtp, mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise self._refusal(code, said, self._scope(error, code)) from None
        except smtplib.SMTPResponseException as error:
            code = error.smtp_code
            raise self._refusal(code, error.smtp_error, self._scope(error, code)) from None
        except OSError as error:
            raise DeliveryError(self._told(error), permanent=False) from None
        except ValueError as error:
            # Last, for a bad certificate is both. An address with a line break, or a password
            # or host name that SMTP cannot spell.
            what = self._told(f"cannot be sent by mail: {error}")
            raise DeliveryError(what, permanent=True, scope="destination") from None

    @contextmanager
    def _connected(self) -> Iterator[Smtp | SmtpOverTls]:
        smtp = self._connect()
        try:
            yield smtp
        except smtplib.SMTPResponseException:
            raise
        except OSError as error:
            if smtp.is_unsure:
                # No answer to the end of the mail: it may have been taken. Sent again it has the
                # same Message-ID.
                raise DeliveryError(self._told(error), permanent=False, unsure=True) from None
            raise
        finally:
            smtp.close()

    def _transmit(self, smtp: Smtp | SmtpOverTls, mail: EmailMessage | None) -> str:
        if self._target.security == "starttls":
            # Not offered: raises. Temporary, for a relay may be restarting or someone may
            # be on the line; neither is a reason to lose the alert or to send it in clear.
            smtp.starttls(context=ssl.create_default_context())
        if self._target.username is not None:
            password = self._target.password
            smtp.login(self._target.username, password.reveal() if password else "")
        if mail is None:
            smtp.ehlo_or_helo_if_needed()
        else:
            smtp.send_message(mail)
        # The mail is taken: what goes wrong with the good-bye must not send it again.
        with contextlib.suppress(OSError):
            smtp.quit()
        return self._told(smtp.said)

    @staticmethod
    def _scope(error: smtplib.SMTPException, code: int) -> Scope:
        """Say what a refusal is about (RFC 5321 section 4.2).

        What is refused after DATA, and whatever is too large (552), is about this mail; who sends,
        who logs in, to whom, and a server that serves nobody are about the destination.
        """
        if isinstance(error, smtplib.SMTPDataError) or code == TOO_LARGE:
            return "message"
        return "destination"

    def _connect(self) -> Smtp | SmtpOverTls:
        host, port = self._target.host, self._target.port
        if self._target.security == "tls":
            context = ssl.create_default_context()
            return SmtpOverTls(host, port, timeout=self._seconds, context=context)
        return Smtp(host, port, timeout=self._seconds)

    def _refusal(self, code: int, said: bytes | str, scope: Scope) -> DeliveryError:
        permanent = 500 <= code <= 599
        return DeliveryError(
            told(f"SMTP {code}: {self._told(said)}"),
            permanent=permanent,
            code=code,
            scope=scope if permanent else "message",
        )

    def _told(self, said: object) -> str:
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        user, password = self._target.username or "", self._target.password
        if not password:
            return told(text)
        # Servers that repeat the command repeat it in base64.
        plain = b64encode(f"\0{user}\0{password.reveal()}".encode()).decode()
        return told(text, password.reveal(), plain, b64encode(password.reveal().encode()).decode())
