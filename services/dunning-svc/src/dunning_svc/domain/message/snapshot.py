"""All that a message is made of, as plain values. Its hash stands for subject, text and every amount."""

from __future__ import annotations

import hashlib
from datetime import date

import msgspec

from dunning_svc.domain.formats import MessageLang
from encours.contracts.base import Value
from encours.contracts.events.dunning.reminders import DunnedItem
from encours.contracts.events.dunning.thanks import SettledInvoice
from encours.contracts.events.dunning.together import DunnedDebtor


class PaymentAccount(Value, frozen=True, kw_only=True):
    """Account that the message asks to pay into."""

    iban: str
    bic: str
    holder: str


class MessageSnapshot(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Content of a message before it is put into words. Amounts are minor units of ``currency``.

    A field that is added needs a default: it is left out of the JSON, and hashes of earlier messages stay the same.
    """

    day: date
    language: MessageLang
    currency: str
    customer: str
    creditor: str
    creditor_address: str
    creditor_email: str
    creditor_country: str
    account: PaymentAccount | None
    items: tuple[DunnedItem, ...]
    credit_minor: int
    amount_minor: int
    late_terms_hidden: bool = False
    settled: tuple[SettledInvoice, ...] = ()
    """Invoices of a thank-you, which has no ``items``; ``amount_minor`` is what was paid of them."""
    debtors: tuple[DunnedDebtor, ...] = ()
    """Customers that the items are of, where they are several or another one pays."""

    @property
    def announced(self) -> tuple[DunnedItem, ...]:
        """Items that are listed separately because they are not due yet and not claimed."""
        return tuple(item for item in self.items if item.days_past_due <= 0 and item.asked_minor == 0)

    @property
    def asked(self) -> tuple[DunnedItem, ...]:
        """The other items."""
        return tuple(item for item in self.items if item.days_past_due > 0 or item.asked_minor != 0)

    @property
    def subjects(self) -> tuple[DunnedItem, ...] | tuple[SettledInvoice, ...]:
        """Invoices that the message is about: those that it claims, or thanks for."""
        return self.settled or self.asked


def hash_of(content: MessageSnapshot) -> str:
    """Return ``sha256:`` and the digest of the snapshot's canonical JSON (RFC 8785)."""
    return f"sha256:{hashlib.sha256(msgspec.json.encode(content, order='sorted')).hexdigest()}"
