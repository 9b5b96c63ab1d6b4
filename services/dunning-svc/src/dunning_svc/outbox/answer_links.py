"""Links by which debtors answer, added to e-mails as they leave.

They are no part of the message that the ledger proves: a message that is written again has none, and the ledger holds
nothing by which somebody could answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from html import escape

from dunning_svc.domain.answer.link import AnswerLink, signed
from dunning_svc.domain.formats import MessageLang, language_of
from dunning_svc.domain.message import cleaning
from dunning_svc.domain.message.render import Message
from encours.contracts.events.dunning.reminders import ReminderRequested

LINKS_MAX = 20
"""Most invoices of a message that have a link."""
_WORDS: Mapping[MessageLang, str] = {
    "en": "To answer without an account (payment date, payment made, objection, other contact):",
    "fr": "Pour nous répondre sans compte (date de règlement, règlement effectué, contestation, autre contact) :",
    "de": "Antworten ohne Anmeldung (Zahlungstermin, bereits bezahlt, Einwand, anderer Ansprechpartner):",
}


@dataclass(frozen=True, slots=True)
class AnswerLinks:
    """Maker of links: the address of the page, the key, and the days for which a link opens."""

    url: str
    key: bytes
    days: int

    def added(self, message: Message, ledger: str, reminder: ReminderRequested) -> Message:
        """Return the message with a link for each invoice that it claims."""
        items = [item for item in reminder.items if item.asked_minor][:LINKS_MAX]
        if not items:
            return message
        last_day = reminder.day + timedelta(days=self.days)
        links = [
            (
                cleaning.name(item.number),
                f"{self.url}/{signed(AnswerLink(ledger, reminder.reminder_id, item.invoice_id, last_day), self.key)}",
            )
            for item in items
        ]
        words = _WORDS[language_of(reminder.language)]
        text = "\n".join([words, *(f"{number}: {url}" for number, url in links)])
        rows = "<br>".join(f'<a href="{escape(url)}">{escape(number)}</a>' for number, url in links)
        html = message.html.replace("\n</body>", f"\n<p>{escape(words)}<br>{rows}</p>\n</body>", 1)
        return replace(message, text=f"{message.text}\n{text}\n", html=html)
