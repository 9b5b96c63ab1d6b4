"""Payments that debtors announce in remittance advices, as matching takes them in.

An advice names what a transfer will pay. It never overrides the amount of the line: one that fits by reference or payer
explains a line of exactly its total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

_LEAST_REFERENCE = 4
"""A shorter reference stands in many texts by chance."""


@dataclass(frozen=True, slots=True)
class AnnouncedItem:
    """A document that an announced payment pays: an invoice by its id, or by its number as the debtor writes it.

    ``paid_minor`` is below 0 for a credit note that the debtor nets; ``deducted_minor``, 0 or above, is what the debtor
    keeps back of the document.
    """

    paid_minor: int
    invoice_id: str | None = None
    written: str | None = None
    deducted_minor: int = 0


@dataclass(frozen=True, slots=True)
class AnnouncedPayment:
    """An advice that no payment has joined yet; amounts in minor units of its currency.

    ``total_minor`` is the amount of the transfer, the sum of what the items pay. ``references`` are those under which
    the transfer is expected. A line after ``expires_on`` does not join it.
    """

    advice_id: str
    entity_id: str
    customer_id: str | None
    currency: str
    total_minor: int
    announced_on: date
    items: tuple[AnnouncedItem, ...]
    expected_on: date | None = None
    expires_on: date = date.max
    payer_name: str | None = None
    payer_account: str | None = None
    references: tuple[str, ...] = ()

    def is_named_in(self, texts: Sequence[str]) -> bool:
        """Return True if one of the texts of a line contains a reference of the advice, in any spacing and case."""
        found = [_plain(text) for text in texts]
        keys = [key for each in self.references if len(key := _plain(each)) >= _LEAST_REFERENCE]
        return any(key in text for key in keys for text in found)


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text)).upper()
