"""Reports of mail servers and mail programs: standard ones by their fields, others by ``flufl.bounce``.

A delivery status notification has one group of fields per recipient (RFC 3464 2.3), a disposition notification fields
about the display (RFC 8098 3). Older servers write bounces for people; ``flufl.bounce`` knows their forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message

from flufl.bounce import all_failures

from dunning_svc.domain.reply.mail import Action, DeliveryReport
from encours.kernel.email import is_address

_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_ACTIONS: dict[str, Action] = {"failed": "failed", "delayed": "delayed", "delivered": "delivered"}
_MAX_RECIPIENTS = 100
_DAEMON = re.compile(
    r"mailer-daemon|postmaster|mail delivery|mail administrator|mdaemon|bounce", re.IGNORECASE
)
_ANSWERS = re.compile(r"\s*(re|aw|antw|tr|fwd?|wg)\s*:", re.IGNORECASE)
_RETURNED = re.compile(
    r"undeliver|non-?delivery|delivery (?:status|failure|has failed|report|problem)|failure notice|returned mail|"
    r"mail delivery|delivery notification|could not be delivered|nondeliverable"
    r"|non remis|échec de la remise|unzustellbar",
    re.IGNORECASE,
)


def is_report(message: Message, *, to_bounce_address: bool) -> bool:
    """Return True if the message may be a report, so that no reply of a person is taken for one."""
    if to_bounce_address or message.get_content_type() == "multipart/report":
        return True
    if str(message.get("Return-Path", "")).strip() == "<>" or message.get("X-Failed-Recipients") is not None:
        return True
    sender, subject = str(message.get("From", "")), decoded(str(message.get("Subject", "")))
    if _DAEMON.search(sender):
        return True
    return _ANSWERS.match(subject) is None and _RETURNED.search(subject) is not None


def decoded(header: str) -> str:
    """Return the text of a header with encoded words (RFC 2047); the header itself if they cannot be read."""
    try:
        return str(make_header(decode_header(header)))
    except (ValueError, LookupError):
        return header


def reports_of(message: Message) -> Iterator[DeliveryReport]:
    """Yield the reports of a message, those of the standard first."""
    standard = [*_delivery_status(message), *_disposition(message)]
    yield from standard[:_MAX_RECIPIENTS]
    if not standard:
        yield from _by_form(message)


def _delivery_status(message: Message) -> Iterator[DeliveryReport]:
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status" or not part.is_multipart():
            continue
        for group in part.get_payload():
            if not isinstance(group, Message):
                continue
            action = _ACTIONS.get(_first_word(group.get("Action", "")))
            written_to, final = group.get("Original-Recipient"), group.get("Final-Recipient")
            if action is None or (written_to is None and final is None):
                continue
            recipient = _typed(written_to) or _typed(final)
            status = _STATUS.search(str(group.get("Status", "")))
            diagnostic = group.get("Diagnostic-Code")
            yield DeliveryReport(
                action, recipient, status and status[1], None if diagnostic is None else _one_line(diagnostic)
            )


def _disposition(message: Message) -> Iterator[DeliveryReport]:
    for part in message.walk():
        if part.get_content_type() != "message/disposition-notification":
            continue
        fields = _fields(part)
        if "displayed" in str(fields.get("Disposition", "")).lower():
            yield DeliveryReport(
                "displayed", _typed(fields.get("Original-Recipient")) or _typed(fields.get("Final-Recipient"))
            )


def _fields(part: Message) -> Message:
    """Return the fields of a part, which Python parses as text or as messages, depending on the type."""
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        return payload[0]
    raw = part.get_payload(decode=True)
    return message_from_bytes(raw if isinstance(raw, bytes) else b"")


def _by_form(message: Message) -> Iterator[DeliveryReport]:
    temporary, permanent = all_failures(message)
    status = _STATUS.search(_text(message))
    diagnostic = status and _one_line(_line_of(_text(message), status.start()))
    grouped: tuple[tuple[Action, frozenset[bytes]], ...] = (("failed", permanent), ("delayed", temporary))
    for action, found in grouped:
        for recipient in sorted(found)[:_MAX_RECIPIENTS]:
            yield DeliveryReport(
                action, recipient.decode("utf-8", "replace"), status and status[1], diagnostic
            )


def _text(message: Message) -> str:
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            raw = part.get_payload(decode=True)
            return raw.decode("utf-8", "replace")[:20_000] if isinstance(raw, bytes) else ""
    return ""


def _line_of(text: str, place: int) -> str:
    start = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    return text[start : end if end >= 0 else len(text)]


def _first_word(value: object) -> str:
    words = str(value).strip().lower().split()
    return words[0] if words else ""


def _typed(value: object) -> str | None:
    """Return the address of ``rfc822; a@example.com``."""
    if value is None:
        return None
    address = str(value).rpartition(";")[2].strip().strip("<>").strip()
    return address if is_address(address) else None


def _one_line(value: object) -> str:
    text = str(value).encode("utf-8", "replace").decode()
    return " ".join("".join(c if c.isprintable() or c.isspace() else " " for c in text).split())[:500]
