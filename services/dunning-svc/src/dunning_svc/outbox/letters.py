"""Letters as PDF files, ready to print, each written completely or not at all. The SHA-256 is the evidence.

The same message gives the same bytes: fonts are those of the typesetter, the only date is that of the decision.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Lock

import msgspec
import typst

from dunning_svc.domain.formats import MessageLang, day, language_of
from dunning_svc.domain.message import cleaning
from dunning_svc.domain.message.postal import printed
from dunning_svc.domain.message.render import Message
from dunning_svc.outbox.sheet import sheet_of
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.use_cases.messages import reader_of
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.contracts.recipients import recipient

_ATTENTION: dict[MessageLang, str] = {"fr": "À l'attention de", "en": "Attn:", "de": "z. Hd."}
_DETAILS: dict[MessageLang, tuple[str, str]] = {
    "fr": ("Date", "Référence"),
    "en": ("Date", "Reference"),
    "de": ("Datum", "Zeichen"),
}
_ONE_AT_A_TIME = Lock()
"""The compiler serves one thread at a time."""


def letter_path(folder: Path, ledger: str, reminder_id: str) -> Path:
    """Return the path of a reminder's letter; the same on every retry, so that it exists once."""
    return folder / ledger / f"{reminder_id}.pdf"


def letter_pdf(
    message: Message, reminder: ReminderRequested, customer: DebtorRow, creditor: CreditorRow
) -> bytes:
    """Return the message as a letter in PDF/A-2u (ISO 19005-2): sender, addressee, date, reference, subject, text.

    Raises :class:`ValueError` without a postal address, as a letter without one proves no notice, and for characters
    that the fonts do not have.
    """
    content = msgspec.json.encode(_content(message, reminder, customer, creditor)).decode()
    try:
        with _ONE_AT_A_TIME:
            pdf = _compiler().compile(
                _layout(), sys_inputs={"letter": content}, format="pdf", pdf_standards=["a-2u"]
            )
    except typst.TypstError as error:
        raise ValueError(f"the letter cannot be printed: {error.message}") from None
    assert isinstance(pdf, bytes)
    return pdf


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(ignore_system_fonts=True)


@cache
def _layout() -> bytes:
    return (files("dunning_svc") / "templates" / "letter.typ").read_bytes()


def _content(
    message: Message, reminder: ReminderRequested, customer: DebtorRow, creditor: CreditorRow
) -> dict[str, object]:
    if not customer.address:
        raise ValueError("the customer has no postal address")
    lang = language_of(reminder.language)
    to = recipient(customer, "escalation" if reminder.channel == "registered_letter" else "dunning")
    name = cleaning.name(creditor.name)
    sender = printed(
        creditor.address or "", sent_from=creditor.country, read_in=reader_of(customer, creditor)
    )
    date_label, reference_label = _DETAILS[lang]
    return {
        "sheet": sheet_of(creditor.country),
        "language": lang,
        "day": (reminder.day.year, reminder.day.month, reminder.day.day),
        "subject": message.subject,
        "creditor": name,
        "sender": [*sender, *([cleaning.name(creditor.email)] if creditor.email else [])],
        "return_line": " · ".join((name, *sender)),
        "addressee": [
            cleaning.name(customer.name),
            *([f"{_ATTENTION[lang]} {cleaning.name(to.name)}"] if to.role else []),
            *printed(customer.address, sent_from=creditor.country, read_in=creditor.country),
        ],
        "reference": reminder.reminder_id,
        "details": [(date_label, day(reminder.day, lang)), (reference_label, reminder.reminder_id)],
        "parts": message.parts,
    }


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
