"""Entries of events. The receipt of a payment and its allocations by one command are one entry, as accountants book it.

The lines on the customers' account are the movements of the event, item by item: an entry never nets the open amounts
of two invoices. So the lines of one item add up to its open amount, and those of a customer to its aged balance.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.books import PAYER_UNKNOWN, Movement, movements
from encours.contracts.events import invoice, loss, payment
from reporting_svc.domain.journal.chart import Chart, LedgerAccount
from reporting_svc.domain.journal.entry import JournalEntry, Posting
from reporting_svc.domain.journal.receipt_vat import VatChange
from reporting_svc.domain.journal.rules import RULES, Counterpart

Value = Callable[[int, str, str], int]
"""Amount in a currency, and the item that dates its rate: the value in the currency of the books."""

_MERGED = frozenset(
    kind.TYPE
    for kind in (
        invoice.PaymentApplied,
        invoice.PaymentUnapplied,
        payment.PaymentReceived,
        payment.PaymentReversed,
        payment.PaymentRestored,
        payment.CreditNoteIssued,
    )
)
"""Types whose events about one payment, of one command and one day, are one entry."""
BOOKED = sorted({*RULES, invoice.DepositFreed.TYPE, loss.InvoiceProvisioned.TYPE})
"""Types of events that make entries."""


RETURNS = (payment.PaymentReversed, payment.PaymentRestored)
"""Types of events that take a receipt back, or take that back."""


class DeductedAdvance(NamedTuple):
    """Net amount of a deposit in minor units that a final invoice has taken off, and that invoice's number and day."""

    number: str
    issued_on: date
    currency: str
    net_minor: int


@dataclass(frozen=True, slots=True)
class BookingContext:
    """Rates, and what earlier events say about the events to be booked."""

    value: Value
    deductions: Mapping[tuple[str, str], DeductedAdvance] = field(default_factory=dict)
    """By final invoice and deposit, of the deposits that the events set free."""
    provided: Mapping[int, int] = field(default_factory=dict)
    """Provision before each event that sets one, by the position of the event; minor units."""
    in_cash: Collection[str] = ()
    """Payments received in cash, of those that the events return or restore."""
    receipt_vat: Mapping[int, Sequence[VatChange]] = field(default_factory=dict)
    """Changes of VAT that is due on receipt, by the position of the event."""


class Booking:
    """Makes the entries of one entity, whose books are in ``currency``."""

    def __init__(self, chart: Chart, currency: str) -> None:
        self._chart, self._currency = chart, currency

    def entries(self, events: Iterable[Recorded], known: BookingContext) -> list[JournalEntry]:
        """Return the entries of the events of one command, in the order of their first events.

        Raises ``KeyError`` for a type that moves money and has no rule.
        """
        found: list[JournalEntry] = []
        merged: dict[tuple[object, ...], JournalEntry] = {}
        for e in events:
            if isinstance(e.data, invoice.DepositFreed):
                found += self._freed(e, e.data, known)
            if isinstance(e.data, loss.InvoiceProvisioned):
                found += self._provisioned(e, e.data, known)
            if e.type not in RULES:
                continue
            counterpart = self._counterpart(e, known)
            postings = self._postings(e, counterpart, known.value)
            if e.type not in _MERGED:
                found.append(self._entry(e, counterpart, postings))
                continue
            key = (e.data.payment_id, e.effective_on)  # type: ignore[attr-defined]
            if (entry := merged.get(key)) is None:
                merged[key] = entry = self._entry(e, counterpart, [])
                found.append(entry)
            elif counterpart.rest is not None:  # the receipt names the entry, not the allocation
                entry.journal, entry.label = self._chart.journals[counterpart.journal], counterpart.label
                entry.piece = counterpart.piece
            entry.postings += postings
        for entry in merged.values():
            entry.postings = _netted(entry.postings)
        return [entry for entry in found if entry.postings]

    def _counterpart(self, e: Recorded, known: BookingContext) -> Counterpart:
        """Return the counterpart of an event; notes and coins that go back leave the cash desk, not the bank."""
        if e.position in known.receipt_vat:
            return self._on_receipt(e, known.receipt_vat[e.position])
        found = RULES[e.type](e.data, self._chart)
        if isinstance(e.data, RETURNS) and e.data.payment_id in known.in_cash:
            return replace(found, journal="cash", rest=self._chart["cash"])
        return found

    def _on_receipt(self, e: Recorded, changes: Sequence[VatChange]) -> Counterpart:
        """Return the counterpart with the VAT that becomes due, and that which waits for payments (PCG 4458)."""
        without: dict[str, Any] = {"vat": ()} if hasattr(e.data, "vat") else {}
        if hasattr(e.data, "vat_minor"):
            without["vat_minor"] = 0
        found = RULES[e.type](replace(e.data, **without), self._chart)
        lines = []
        for change in changes:  # one pair of lines a rate: the two have the same value in another currency
            lines.append((self._chart.vat_at(change.rate_bps), -change.due_minor))
            lines.append((self._chart["vat_waiting"], -change.waiting_minor))
        extras = (*(line for line in lines if line[1]), *found.extras)
        return replace(found, extras=extras)

    def _freed(self, e: Recorded, freed: invoice.DepositFreed, known: BookingContext) -> list[JournalEntry]:
        """Book a deposit as an advance again (PCG 4191): the final invoice that deducted it is cancelled or replaced.

        The credit notes on that invoice take back what it added to the debt, and not what the deposit took off.
        """
        final = freed.final_invoice_id
        deducted = known.deductions.get((final, freed.invoice_id))
        # None if the final invoice was set aside: then it is not booked either.
        if deducted is None or not deducted.net_minor:
            return []
        label = f"Reprise d'acompte déduit par {deducted.number}"
        lines = [
            self._line(known.value, self._chart[purpose], minor, deducted.currency, dated_by=final)
            for purpose, minor in (("sales", deducted.net_minor), ("advances", -deducted.net_minor))
        ]
        return [self._entry(e, Counterpart(journal="sales", label=label, piece=deducted.number), lines)]

    def _provisioned(
        self, e: Recorded, provision: loss.InvoiceProvisioned, known: BookingContext
    ) -> list[JournalEntry]:
        """Book the change of a provision (PCG 491): a charge (6817), or its release (7817)."""
        change = provision.amount_minor - known.provided.get(e.position, 0)
        if not change:
            return []
        label = "Dépréciation de créance" if change > 0 else "Reprise de dépréciation"
        purpose = "impairment_charges" if change > 0 else "impairment_releases"
        lines = [
            self._line(
                known.value, self._chart[each], minor, provision.currency, dated_by=provision.invoice_id
            )
            for each, minor in ((purpose, change), ("impairments", -change))
        ]
        counterpart = Counterpart(journal="miscellaneous", label=label, piece_of=provision.invoice_id)
        return [self._entry(e, counterpart, lines)]

    def _entry(self, e: Recorded, counterpart: Counterpart, postings: list[Posting]) -> JournalEntry:
        return JournalEntry(
            self._chart.journals[counterpart.journal],
            e.position,
            e.recorded_at,
            e.effective_on,
            counterpart.label,
            counterpart.piece,
            counterpart.piece_of,
            postings,
        )

    def _postings(self, e: Recorded, counterpart: Counterpart, value: Value) -> list[Posting]:
        moved = movements(e)
        lines = self._settled(moved, value) if counterpart.rest is None else self._valued(moved, value)
        currency, item = (moved[0].currency, lines[0].item_id) if lines else _document(e)
        for account, minor in counterpart.extras:
            lines.append(self._line(value, account, minor, currency, dated_by=item or ""))
        rest = -sum(line.amount_minor for line in lines)
        if rest:
            if counterpart.rest is None:  # funds in another currency than the invoice, at an agreed rate
                account = self._chart["exchange_gain" if rest < 0 else "exchange_loss"]
                lines.append(Posting(account, rest, rest, self._currency))
            else:
                foreign = -sum(line.foreign_minor for line in lines if line.currency == currency)
                lines.append(Posting(counterpart.rest, rest, foreign, currency))
        return lines

    def _valued(self, moved: Sequence[Movement], value: Value) -> list[Posting]:
        """Return the customers' lines, each at the rate of its own item."""
        lines: list[Posting] = []
        for m in moved:
            if m.item_minor:
                lines.append(self._on_item(value, m, m.invoice_id, m.item_minor))
            if m.cash_minor:
                lines.append(self._on_item(value, m, m.payment_id, -m.cash_minor))
            if m.exchange_minor:  # of the books' value alone: the invoice's own amount stays
                account, item = self._chart["customers"], m.invoice_id
                lines.append(Posting(account, m.exchange_minor, 0, self._currency, m.customer_id, item))
        return lines

    def _settled(self, moved: Sequence[Movement], value: Value) -> list[Posting]:
        """Return the lines of funds that move between items: a foreign invoice at the value of the funds.

        The difference from its value at issue is an event of its own.
        """
        lines = self._valued(moved, value)
        funds = [n for n, line in enumerate(lines) if line.item_id and line.item_id.startswith("pay_")]
        if len(lines) == 2 and len(funds) == 1:
            settled = lines[1 - funds[0]]
            if settled.currency != self._currency:
                lines[1 - funds[0]] = replace(settled, amount_minor=-lines[funds[0]].amount_minor)
        return lines

    def _on_item(self, value: Value, m: Movement, item_id: str | None, minor: int) -> Posting:
        account = self._chart["suspense" if m.customer_id == PAYER_UNKNOWN else "customers"]
        return self._line(value, account, minor, m.currency, m.customer_id, item_id)

    def _line(
        self,
        value: Value,
        account: LedgerAccount,
        minor: int,
        currency: str,
        customer_id: str | None = None,
        item_id: str | None = None,
        dated_by: str = "",
    ) -> Posting:
        own_minor = minor if currency == self._currency else value(minor, currency, item_id or dated_by)
        return Posting(account, own_minor, minor, currency, customer_id, item_id)


def _document(e: Recorded) -> tuple[str, str | None]:
    """Return currency and item of an event without lines on the customers' account, such as a relief of VAT alone."""
    return e.data.currency, getattr(e.data, "invoice_id", None)  # type: ignore[attr-defined]


def _netted(postings: list[Posting]) -> list[Posting]:
    """Return the lines with those of the same account, item and currency in one, without those that are 0."""
    if len(postings) == 2:
        return postings
    sums: dict[tuple[str, str | None, str | None, str], Posting] = {}
    for line in postings:
        key = (line.account.number, line.customer_id, line.item_id, line.currency)
        if (known := sums.get(key)) is not None:
            line = replace(
                line,
                amount_minor=known.amount_minor + line.amount_minor,
                foreign_minor=known.foreign_minor + line.foreign_minor,
            )
        sums[key] = line
    return [line for line in sums.values() if line.amount_minor or line.foreign_minor]
