"""A reminder as an e-mail, in plain text and HTML; the same bytes on every retry.

The standard library's MIME classes under the policy ``compat32`` take 0.5 ms for a message,
:class:`email.message.EmailMessage` 2 ms, most of it to parse the headers that it has just written. A day may have
thousands of messages. All content is 7-bit, which every server accepts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.charset import BASE64, QP, Charset
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr
from typing import Any, Protocol

from encours.kernel.email import is_address
from encours.kernel.texts import one_line
from encours.mail.senders import Sender

_POLICY = compat32.clone(linesep="\r\n", mangle_from_=False)
_UTF8 = Charset("utf-8")
_UTF8.header_encoding, _UTF8.body_encoding = BASE64, QP
_MAX_NAME = 200


class MailText(Protocol):
    """Text of a message; ``html`` is a complete document."""

    @property
    def subject(self) -> str:
        """Subject."""

    @property
    def text(self) -> str:
        """Plain text."""

    @property
    def html(self) -> str:
        """The same in HTML."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """File that goes with a message. The name is ASCII, the type has a subtype and no parameters."""

    name: str
    media_type: str
    content: bytes


def message_id(ledger: str, reminder_id: str) -> str:
    """Return the Message-ID, made of the id of what it is for, so that recipients recognize a message sent twice."""
    return f"<{reminder_id}@{ledger.replace('_', '-')}.encours.invalid>"


def email_bytes(
    message: MailText,
    *,
    identity: str,
    written_at: datetime,
    sender: Sender,
    to_name: str,
    to: str,
    thread: str | None = None,
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """Return the bytes to send. Raises ``ValueError`` for a recipient that is not an e-mail address.

    ``thread``: Message-ID of the first reminder to the debtor, under which mail programs show this one (RFC 5322
    3.6.4). ``Auto-Submitted`` keeps automatic answers away (RFC 3834 5).
    """
    if not is_address(to):
        raise ValueError(f"{to[:100]!r} is not an e-mail address")
    boundary = f"=_{identity.strip('<>').partition('@')[0]}"
    texts = MIMEMultipart("alternative", boundary, policy=_POLICY)
    for kind, content in (("plain", message.text), ("html", message.html)):
        texts.attach(MIMEText(content, kind, _UTF8, policy=_POLICY))  # type: ignore[arg-type] # takes a Charset
    mail = texts
    if attachments:
        mail = MIMEMultipart("mixed", f"{boundary}=", policy=_POLICY)
        mail.attach(texts)
        for each in attachments:
            part = MIMEApplication(each.content, each.media_type.partition("/")[2], policy=_POLICY)
            part.replace_header("Content-Type", each.media_type)
            part.add_header("Content-Disposition", "attachment", filename=each.name)
            mail.attach(part)
    headers: dict[str, Any] = {
        "From": _mailbox(sender.name, sender.address),
        "To": _mailbox(to_name, to),
        "Subject": _header(message.subject),
        "Message-ID": identity,
        "Date": format_datetime(written_at),
        "Auto-Submitted": "auto-generated",
    }
    if sender.reply_to:
        headers["Reply-To"] = sender.reply_to
    if thread:
        headers |= {"In-Reply-To": thread, "References": thread}
    for name, value in headers.items():
        mail[name] = value
    return mail.as_bytes()


def _mailbox(name: str, address: str) -> Header | str:
    shown = one_line(name)[:_MAX_NAME]
    if _is_plain(shown):
        return formataddr((shown, address))
    mailbox = _header(shown)
    mailbox.append(f"<{address}>", "us-ascii")
    return mailbox


def _header(text: str) -> Header:
    """Return a header's text, as encoded words where it is not plain (RFC 2047)."""
    return Header(one_line(text), "us-ascii" if _is_plain(text) else _UTF8, header_name="Subject")


def _is_plain(text: str) -> bool:
    """Return True for ASCII in which a mail program sees no encoded word."""
    return text.isascii() and "=?" not in text
