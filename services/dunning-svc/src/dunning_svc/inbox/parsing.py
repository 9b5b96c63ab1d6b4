"""Parsing of an incoming message. Whatever the bytes are, a :class:`Mail` is returned, and never an exception.

What cannot be parsed is ``unreadable`` and waits for a person; its bytes are stored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, date
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

import structlog

from dunning_svc.domain.reply.mail import CitedReminder, DeliveryReport, Mail
from dunning_svc.inbox.html_text import text_of_html
from dunning_svc.inbox.reports import decoded, is_report, reports_of
from encours.contracts.events.dunning.replies import ReplyKind

MAX_TEXT = 100_000
_MAX_PARTS = 200
_MAX_HEADER = 500
_REMINDER = re.compile(r"rem_[0-9a-f]{32}")
_MESSAGE_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,300}>")
_ABSENT = re.compile(
    r"\b(out of (?:the )?office|automatic reply|auto[- ]?reply|autoreply|away from|absence|absent|réponse automatique|"
    r"message automatique|abwesenheit|abwesend|automatische antwort|nicht im büro|urlaub|vacation)\b",
    re.IGNORECASE,
)

log = structlog.get_logger()


def parse(content: bytes, recipients: tuple[str, ...] = ()) -> Mail:
    """Return the parsed message. ``recipients`` are those of the envelope, where it is known."""
    digest = hashlib.sha256(content).hexdigest()
    try:
        return _parsed(content, digest, recipients)
    except Exception as error:
        log.warning("mail.unreadable", sha256=digest, error=type(error).__name__)
        return Mail("unreadable", digest, len(content))


def _parsed(content: bytes, digest: str, recipients: tuple[str, ...]) -> Mail:
    message = message_from_bytes(content)
    if not message.keys():
        return Mail("unreadable", digest, len(content))
    to_bounce_address = any(_REMINDER.search(each) for each in recipients)
    reported = is_report(message, to_bounce_address=to_bounce_address)
    reports = tuple(reports_of(message)) if reported else ()
    text = _text(message)
    kind = _kind(message, reports, reported=reported)
    return Mail(
        kind,
        digest,
        len(content),
        message_id=_message_id(message),
        sender=_sender(message),
        subject=_header(message, "Subject"),
        written_on=_date(message),
        text=text,
        cited=tuple(_cited(message, content, recipients, kind)),
        reports=reports,
    )


def _kind(message: Message, reports: tuple[DeliveryReport, ...], *, reported: bool) -> ReplyKind:
    if any(each.action in ("failed", "delayed") for each in reports):
        return "bounce"
    if reports:
        return "receipt"
    if reported:
        # A server's words about a delivery must not be read as a debtor's about goods.
        return "receipt" if message.get_content_type() == "multipart/report" else "unreadable"
    return "automatic" if _is_automatic(message) else "reply"


def _is_automatic(message: Message) -> bool:
    """Return True for an answer that no person wrote, by its headers (RFC 3834 5) or by its subject."""
    submitted = str(message.get("Auto-Submitted", "no")).strip().lower()
    if submitted and not submitted.startswith("no"):
        return True
    if any(
        message.get(name) is not None for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-From")
    ):
        return True
    if str(message.get("Precedence", "")).strip().lower() in ("auto_reply", "auto-reply", "junk"):
        return True
    return _ABSENT.search(_header(message, "Subject") or "") is not None


def _message_id(message: Message) -> str | None:
    found = _MESSAGE_ID.search(str(message.get("Message-ID", "")))
    return found[0] if found else None


def message_id_of(content: bytes) -> str | None:
    """Return the Message-ID of the bytes, if it can be read; the same bytes always yield the same."""
    head = content[:65_536].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    found = re.search(rb"^message-id:\s*(<[^<>\x00-\x20\x7f]{1,300}>)", head, re.IGNORECASE | re.MULTILINE)
    return found[1].decode("latin-1") if found else None


def _header(message: Message, name: str) -> str | None:
    value = message.get(name)
    if value is None:
        return None
    return _plain(decoded(str(value)))[:_MAX_HEADER] or None


def _plain(text: str) -> str:
    """Return the text on one line, without characters that no store takes."""
    kept = "".join(
        c if c.isprintable() or c.isspace() else " " for c in text.encode("utf-8", "replace").decode()
    )
    return " ".join(kept.split())


def _sender(message: Message) -> str | None:
    for _, address in getaddresses([str(value) for value in message.get_all("From", [])]):
        if "@" in address:
            return _plain(address)[:254]
    return None


def _date(message: Message) -> date | None:
    try:
        at = parsedate_to_datetime(str(message.get("Date", "")))
        return at.astimezone(UTC).date() if at.tzinfo else at.date()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _text(message: Message) -> str:
    """Return the text of the first plain part that is no attachment, else of the first HTML part."""
    html = ""
    for part in _parts(message):
        if part.get_content_disposition() == "attachment" or part.is_multipart():
            continue
        if part.get_content_type() == "text/plain":
            return _decoded(part)
        if part.get_content_type() == "text/html" and not html:
            html = text_of_html(_decoded(part))
    return html


def _parts(message: Message) -> Iterator[Message]:
    for number, part in enumerate(message.walk()):
        if number >= _MAX_PARTS or part.get_content_type() == "message/rfc822":
            return
        yield part


def _decoded(part: Message) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    try:
        text = raw.decode(charset)
    except (LookupError, ValueError):
        text = raw.decode("utf-8", "replace")
    return text.encode("utf-8", "replace").decode()[:MAX_TEXT].replace("\x00", " ")


def _cited(
    message: Message, content: bytes, recipients: tuple[str, ...], kind: ReplyKind
) -> Iterator[CitedReminder]:
    """Yield the reminders that the message names: envelope and headers first, those of a bounce in its whole text."""
    seen: set[str] = set()
    addressed = [
        *recipients,
        *(str(v) for name in ("Delivered-To", "X-Original-To", "To") for v in message.get_all(name, [])),
    ]
    answered = [str(message.get("In-Reply-To", ""))]
    earlier = _REMINDER.findall(" ".join(str(v) for v in message.get_all("References", [])))
    for found, by in (
        (_REMINDER.findall(" ".join(addressed)), "bounce_address"),
        (_REMINDER.findall(" ".join(answered)), "message_id"),
        (list(reversed(earlier)), "message_id"),
        (
            _REMINDER.findall(content[:1_000_000].decode("latin-1")) if kind in ("bounce", "receipt") else [],
            "message_id",
        ),
    ):
        for reminder_id in found:
            if reminder_id not in seen:
                seen.add(reminder_id)
                yield CitedReminder(reminder_id, by)  # type: ignore[arg-type]
