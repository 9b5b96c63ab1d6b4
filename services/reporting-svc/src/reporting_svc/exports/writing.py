"""Numbered lines of entries: numbers without a gap, references, auxiliary accounts and letters.

A file of a whole year begins with the balances of the years before it, as one entry (LPF A47 A-1 VII 3°).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from encours.contracts import Recorded
from encours.contracts.events.invoice import DepositFreed, InvoiceIssued
from encours.contracts.events.loss import InvoiceProvisioned
from reporting_svc.domain.journal.booking import RETURNS, Booking, BookingContext, DeductedAdvance
from reporting_svc.domain.journal.chart import Chart, LedgerAccount
from reporting_svc.domain.journal.entry import JournalEntry, Posting
from reporting_svc.domain.journal.receipt_vat import CHANGES_VAT, VatChange
from reporting_svc.exports.line import ExportLine
from reporting_svc.exports.valuation import Valuation
from reporting_svc.read_models.journal.letters import BroughtItem, Letter, Letters
from reporting_svc.read_models.journal.source import Auxiliary, JournalSource

_NO_CUSTOMER = Auxiliary("", "")
_RESULT_CLASSES = ("6", "7")


@dataclass(frozen=True, slots=True)
class BookedEntries:
    """Entries up to a position, the letters of their items, and the numbers of the invoices that they cite."""

    entries: Sequence[JournalEntry]
    letters: Mapping[tuple[str, str], Letter]
    numbers: Mapping[str, str]
    position: int


@dataclass(frozen=True, slots=True)
class JournalWriter:
    """Makes the lines of one export."""

    chart: Chart
    currency: str
    zone: ZoneInfo
    source: JournalSource
    auxiliaries: Mapping[str, Auxiliary]
    letters: Letters
    valuation: Valuation
    booking: Booking
    has_foreign: bool
    """Items in another currency than that of the books exist."""
    vat_on_receipts: bool
    """The law of the entity makes VAT on services due on receipt, and there is such an invoice."""

    async def booked(
        self, source: AsyncIterator[list[list[Recorded]]]
    ) -> AsyncGenerator[BookedEntries, None]:
        """Iterate over the entries of commands, with the letters and the numbers of their items."""
        async for commands in source:
            entries = await self.entries(commands)
            items = {p.item_id[4:] for entry in entries for p in entry.postings if p.item_id is not None}
            letters = await self.letters.of(items)
            cited = {entry.piece_of[4:] for entry in entries if entry.piece_of is not None}
            numbers = await self.letters.numbers(cited) if cited else {}
            yield BookedEntries(entries, letters, numbers, commands[-1][-1].position)

    def lines(self, found: BookedEntries, number: int) -> tuple[list[ExportLine], int]:
        """Return the lines of entries, numbered behind ``number``, and the number of their last entry."""
        lines: list[ExportLine] = []
        for entry in found.entries:
            number += 1
            cited = entry.piece_of or ""
            piece = entry.piece or found.numbers.get(cited[4:]) or cited or str(entry.position)
            validated_on = max(entry.recorded_at.astimezone(self.zone).date(), entry.effective_on)
            for posting in entry.postings:
                lines.append(self._line(entry, posting, number, piece, validated_on, found.letters))
        return lines, number

    async def entries(self, commands: Sequence[Sequence[Recorded]]) -> list[JournalEntry]:
        """Return the entries of commands, in the order of the ledger."""
        every = [e for events in commands for e in events]
        freed = {e.data.final_invoice_id for e in every if isinstance(e.data, DepositFreed)}
        returned = {e.data.payment_id for e in every if isinstance(e.data, RETURNS)}
        provisioned = {e.data.invoice_id for e in every if isinstance(e.data, InvoiceProvisioned)}
        deductions = await self.source.deductions(freed) if freed else {}
        known = BookingContext(
            value=self.valuation.of_items(await self._began_on(every, deductions)),
            deductions=deductions,
            provided=await self.source.provided(provisioned) if provisioned else {},
            in_cash=await self.source.in_cash(returned) if returned else (),
            receipt_vat=await self._receipt_vat(every),
        )
        return [entry for events in commands for entry in self.booking.entries(events, known)]

    async def _receipt_vat(self, events: Sequence[Recorded]) -> Mapping[int, Sequence[VatChange]]:
        if not self.vat_on_receipts:
            return {}
        moved = {e.data.invoice_id[4:] for e in events if isinstance(e.data, CHANGES_VAT)}  # type: ignore[attr-defined]
        on_receipt = await self.letters.on_receipt(moved) if moved else []
        return await self.source.receipt_vat(on_receipt) if on_receipt else {}

    async def _began_on(
        self, events: Sequence[Recorded], deductions: Mapping[tuple[str, str], DeductedAdvance]
    ) -> Mapping[str, date]:
        """Return the day on which each item began, by the digits of its id; none if all are in the books' currency."""
        if not self.has_foreign:
            return {}
        items = {digits for e in events for digits in _items_of(e)}
        # A final invoice that deposits cover wholly has no amount of its own, so no line dates it.
        issued = {e.data.invoice_id[4:]: e.effective_on for e in events if isinstance(e.data, InvoiceIssued)}
        issued |= {final[4:]: each.issued_on for (final, _), each in deductions.items()}
        return {**issued, **await self.letters.began_on(items)}

    def _line(
        self,
        entry: JournalEntry,
        posting: Posting,
        number: int,
        piece: str,
        validated_on: date,
        letters: Mapping[tuple[str, str], Letter],
    ) -> ExportLine:
        auxiliary, letter = _NO_CUSTOMER, None
        if posting.customer_id:
            auxiliary = self.auxiliaries.get(posting.customer_id) or Auxiliary(posting.customer_id, "")
            letter = letters.get(((posting.item_id or "")[4:], posting.customer_id[4:]))
        minor = posting.amount_minor
        return ExportLine(
            entry.journal.code,
            entry.journal.label,
            number,
            entry.effective_on,
            posting.account.number,
            posting.account.label,
            auxiliary.number,
            auxiliary.label,
            piece,
            entry.label,
            minor if minor > 0 else 0,
            -minor if minor < 0 else 0,
            letter.code if letter else "",
            letter.on if letter else None,
            validated_on,
            posting.foreign_minor,
            None if posting.currency == self.currency else posting.currency,
        )

    async def opening(
        self, before: Counter[LedgerAccount], first_on: date
    ) -> AsyncIterator[list[ExportLine]]:
        """Iterate over the lines of the opening entry: open items one by one, then the other accounts.

        ``before`` are the balances of the earlier years without the open items. Income and expenses are the result
        that is brought forward.
        """
        total = 0
        async for items in self.letters.brought_forward():
            letters = await self.letters.of({item.digits for item in items})
            lines = [self._open_item(item, letters, first_on) for item in items]
            total += sum(line.debit_minor - line.credit_minor for line in lines)
            yield lines
        lines = []
        for account, minor in sorted(before.items(), key=lambda each: each[0].number):
            if minor and not account.number.startswith(_RESULT_CLASSES):
                lines.append(self._opening_line(account, minor, first_on))
                total += minor
        if total:
            brought = "loss_brought_forward" if total < 0 else "profit_brought_forward"
            lines.append(self._opening_line(self.chart[brought], -total, first_on))
        if lines:
            yield lines

    def _open_item(
        self, item: BroughtItem, letters: Mapping[tuple[str, str], Letter], first_on: date
    ) -> ExportLine:
        known = item.customer_digits != "0" * 32
        customer_id = f"cus_{item.customer_digits}"
        account = self.chart["customers" if known else "suspense"]
        line = self._opening_line(
            account, self.valuation.at(item.minor, item.currency, item.began_on), first_on
        )
        if known:
            auxiliary = self.auxiliaries.get(customer_id) or Auxiliary(customer_id, "")
            line.auxiliary, line.auxiliary_label = auxiliary.number, auxiliary.label
        line.piece = item.number or f"{'inv' if item.is_invoice else 'pay'}_{item.digits}"
        if letter := letters.get((item.digits, item.customer_digits)):
            line.letter, line.lettered_on = letter.code, letter.on
        if item.currency != self.currency:
            line.foreign_minor, line.currency = item.minor, item.currency
        return line

    def _opening_line(self, account: LedgerAccount, minor: int, first_on: date) -> ExportLine:
        journal = self.chart.journals["opening"]
        return ExportLine(
            journal=journal.code,
            journal_label=journal.label,
            number=1,
            booked_on=first_on,
            account=account.number,
            account_label=account.label,
            auxiliary="",
            auxiliary_label="",
            piece="AN",
            label=f"À-nouveau au {first_on:%d/%m/%Y}",
            debit_minor=max(minor, 0),
            credit_minor=max(-minor, 0),
            letter="",
            lettered_on=None,
            validated_on=first_on,
            foreign_minor=minor,
            currency=None,
        )


def balances(entries: Iterable[JournalEntry]) -> Counter[LedgerAccount]:
    """Return the sums by account, without the lines of items, which are carried forward one by one."""
    found: Counter[LedgerAccount] = Counter()
    for entry in entries:
        for posting in entry.postings:
            if posting.item_id is None:
                found[posting.account] += posting.amount_minor
    return found


def _items_of(e: Recorded) -> Iterable[str]:
    """Return the digits of the invoices and the payment that an event names."""
    for name in ("invoice_id", "payment_id", "final_invoice_id"):
        found = getattr(e.data, name, None)
        if found:
            yield found[4:]
