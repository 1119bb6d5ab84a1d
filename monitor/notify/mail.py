"""Write a message as a mail."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

from monitor.alerts.wording import MAX_SUBJECT, clean
from monitor.records import Message
from monitor.targets import EmailTarget

# Servers without 8BITMIME still exist, and smtplib does not ask: 7 bits pass everywhere.
_POLICY = SMTP.clone(cte_type="7bit")


def compose(message: Message, target: EmailTarget) -> EmailMessage:
    """Write the mail: text, and the same as HTML for readers that show it.

    Raises ValueError if an address holds a line break; the subject cannot, it is made one line.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["Subject"] = clean(message.subject, MAX_SUBJECT)
    mail["From"] = target.sender
    mail["To"] = target.to
    mail["Date"] = message.created_at
    # The same mail on every try, so that readers who look can drop the second.
    mail["Message-ID"] = f"<{message.id}@seedwatch>"
    # No vacation replies, please (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail
