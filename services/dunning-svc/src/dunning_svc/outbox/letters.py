"""Letters: one file each, ready to print, written completely or not at all. Its SHA-256 is the evidence."""

from __future__ import annotations

import hashlib
import os
import tempfile
from html import escape
from pathlib import Path

from dunning_svc.domain.formats import MessageLang, day, language_of
from dunning_svc.domain.message.render import Message
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.contracts.recipients import recipient

_ATTENTION: dict[MessageLang, str] = {"fr": "À l'attention de", "en": "Attn:", "de": "z. Hd."}


def letter_path(folder: Path, ledger: str, reminder_id: str) -> Path:
    """Return the path of a reminder's letter; the same on every retry, so that it exists once."""
    return folder / ledger / f"{reminder_id}.html"


def letter_html(
    message: Message, reminder: ReminderRequested, customer: DebtorRow, creditor: CreditorRow
) -> bytes:
    """Return the message with a letterhead: sender, addressee, date and subject.

    Raises :class:`ValueError` without a postal address: a letter without one proves no notice.
    """
    if not customer.address:
        raise ValueError("the customer has no postal address")
    lang = language_of(reminder.language)
    to = recipient(customer, "escalation" if reminder.channel == "registered_letter" else "dunning")
    attention = [f"{_ATTENTION[lang]} {to.name}"] if to.role else []
    head = "".join(
        f"<p style='{style}'>{'<br>'.join(escape(line) for line in lines if line)}</p>\n"
        for style, lines in (
            ("", [creditor.name, *(creditor.address or "").splitlines()]),
            ("margin-left:55%", [customer.name, *attention, *customer.address.splitlines()]),
            ("margin-left:55%", [day(reminder.day, lang)]),
            ("font-weight:bold", [message.subject]),
        )
    )
    start, mark, rest = message.html.partition('max-width:44em">\n')
    return f"{start}{mark}{head}{rest}".encode()


def write_once(path: Path, content: bytes) -> str:
    """Write the file durably unless it exists, and return its digest as evidence. Idempotent."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".letter-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            content = path.read_bytes()
    finally:
        Path(temporary).unlink(missing_ok=True)
    return evidence_of(path, content)


def evidence_of(path: Path, content: bytes) -> str:
    """Return the digest of a letter's content, and the name of its file."""
    return f"sha256:{hashlib.sha256(content).hexdigest()} {path.name}"
