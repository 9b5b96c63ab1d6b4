"""Entries and their lines [écritures]: amounts are signed minor units, a debit above 0."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from reporting_svc.domain.journal.chart import Journal, LedgerAccount


class Posting(msgspec.Struct, frozen=True, gc=False):
    """One line of an entry.

    ``amount_minor`` is in the currency of the books, ``foreign_minor`` in ``currency``, the document's. A line of a
    customer has ``customer_id`` and ``item_id``, the invoice or payment that the amount is open on: the lines of one
    item that add up to 0 are lettered.
    """

    account: LedgerAccount
    amount_minor: int
    foreign_minor: int
    currency: str
    customer_id: str | None = None
    item_id: str | None = None


class JournalEntry(msgspec.Struct, gc=False):
    """An entry; its lines add up to 0.

    ``piece`` is the document's own reference; without it, ``piece_of`` is the invoice whose number is the reference.
    """

    journal: Journal
    position: int
    recorded_at: datetime
    effective_on: date
    label: str
    piece: str | None
    piece_of: str | None
    postings: list[Posting]

    @property
    def is_balanced(self) -> bool:
        """Return true if debit is credit."""
        return not sum(each.amount_minor for each in self.postings)
