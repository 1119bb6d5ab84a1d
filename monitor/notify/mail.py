"""Write a message as a mail."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

from monitor.alerts.wording import MAX_SUBJECT, clean
from monitor.records import Message
from monitor.targets import EmailTarget

# Servers without 8BITMIME still exist, and smtplib does not ask: 7 bits pass everywhere.
_POLICY = SMTP.clone(cte_type="7bit")


# What may stand in a message id and in a list id as it is.
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")


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
    if _PLAIN.fullmatch(message.story_id):
        # All messages of a story answer one that nobody sent: readers that thread by references
        # (https://www.jwz.org/doc/threading.html) show them as one thread, whichever came first,
        # and whether or not the first one is still there.
        root = f"<story-{message.story_id}@seedwatch>"
        mail["In-Reply-To"] = root
        mail["References"] = root
    mail["List-Id"] = _list_id(message.topic, target.sender)
    # No vacation replies, please (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def _list_id(topic: str, sender: str) -> str:
    """Name the topic as a list (RFC 2919), for filters of mail readers."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    label = f"{topic}." if _PLAIN.fullmatch(topic) else ""
    return f"<{label}seedwatch.{domain}>"
