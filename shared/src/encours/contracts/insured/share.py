"""Insured part of a customer's debts, to the cent, and the stop of cover.

A debt is covered by the covers that were in force when it was invoiced, up to what earlier debts leave of their
amounts. Of the covered debts of a customer the insurer pays its share, rounded half up once, less the deductible.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from operator import attrgetter

from encours.contracts.common import Reason
from encours.contracts.insured.claims import (
    CLAIMS,
    InsuredBook,
    InsuredInvoice,
    claim_days,
    covering,
    deadline_id_of,
    oldest_unpaid,
)
from encours.contracts.insured.covers import InsuranceCover
from encours.kernel.money import div_half_up, pro_rata

FULL_BPS = 10_000
_BY_ISSUE = attrgetter("issued_on", "invoice_id")
_SHIFT_DAYS = 14
"""More than any shift to a business day moves a deadline."""


@dataclass(frozen=True, slots=True)
class CoverStop:
    """Reason for which new deliveries to a customer are not covered on a day."""

    contract_code: str
    reason: Reason
    invoice_id: str | None = None
    days_past_due: int = 0


@dataclass(frozen=True, slots=True)
class InsuredShare:
    """Insured part of a customer's debts under one contract, minor units."""

    contract_code: str
    currency: str
    cover_minor: int
    """Amount that new deliveries may reach on the day."""
    covered_minor: int
    """Debts within the covers, as the contract counts them, with or without VAT."""
    insured_minor: int
    """Part that the insurer pays."""
    by_invoice: Mapping[str, int]
    lost_minor: int
    """Debts whose claim is lost because a deadline has passed."""
    stop: CoverStop | None = None
    first_loss_minor: int = 0
    """Part of all losses of a year that the insured bears."""


def insurable_minor(book: InsuredBook, invoice: InsuredInvoice) -> int:
    """Return the part of an invoice that can be covered: open, not disputed, and without cash at hand.

    With VAT or without as the contract says; an invoice of which the net amount is not known counts whole.
    """
    base = max(0, invoice.unpaid_minor - invoice.disputed_minor)
    if book.contract.conditions.vat_included or invoice.net_minor is None or invoice.total_minor <= 0:
        return base
    return div_half_up(base * invoice.net_minor, invoice.total_minor)


def lost_claims(book: InsuredBook, day: date, *, any_missed: bool | None = None) -> set[str]:
    """Return the open invoices for which a deadline of the claim has passed unmet. ``any_missed``: of the book."""
    if any_missed is None:
        any_missed = _any_missed(book)
    terms = book.contract.conditions
    sure = day - timedelta(days=min(terms.notice_days, terms.hand_over_days) - _SHIFT_DAYS)
    found = set()
    for invoice in book.invoices:
        # Most invoices are not that late; their deadlines, each with an id of its own, cost most of a large book.
        may_be_early = invoice.agreed_on is not None or invoice.customer_id in book.insolvent_since
        if not any_missed and not may_be_early and invoice.due_on >= sure:
            continue
        for kind, last, _ in claim_days(
            book.contract, invoice, book.insolvent_since.get(invoice.customer_id)
        ):
            if kind not in CLAIMS:
                continue
            facts = book.facts_of(
                deadline_id_of(book.contract.insurance_contract_id, kind, invoice.invoice_id)
            )
            handed = book.facts_of(
                deadline_id_of(book.contract.insurance_contract_id, "hand_over", invoice.invoice_id)
            ).met_on
            in_time = [on for on in (facts.met_on, handed) if on is not None and on <= last]
            if not in_time and (day > last or facts.missed_on is not None):
                found.add(invoice.invoice_id)
    return found


def _any_missed(book: InsuredBook) -> bool:
    """Return True if a miss of any deadline is recorded, whatever its last day is by now."""
    return any(each.missed_on is not None for each in book.facts.values())


def insured(
    book: InsuredBook, customer_id: str, day: date, *, any_missed: bool | None = None
) -> InsuredShare | None:
    """Return the insured part of a customer's debts on a day; ``None`` for one that the contract never covered."""
    covers = [each for each in book.covers if each.content.customer_id == customer_id]
    if not covers:
        return None
    lost = lost_claims(book, day, any_missed=any_missed)
    used: Counter[str] = Counter()
    covered: dict[str, int] = {}
    lost_minor = 0
    own = [each for each in book.invoices if each.customer_id == customer_id]
    for invoice in sorted(own, key=_BY_ISSUE):
        taken = _take(book, invoice, used)
        if invoice.invoice_id in lost:
            lost_minor += taken
        elif taken:
            covered[invoice.invoice_id] = taken
    total = sum(covered.values())
    terms = book.contract.conditions
    paid = max(0, div_half_up(total * terms.insured_share_bps, FULL_BPS) - terms.deductible_minor)
    shares = pro_rata(paid, list(covered.values())) if total else []
    stop = stop_of(book, customer_id, day)
    in_force = [each for each in covers if book.in_force(day) and each.covers(day)]
    return InsuredShare(
        contract_code=book.contract.code,
        currency=book.contract.currency,
        cover_minor=0 if stop else sum(each.amount_on(day) for each in in_force),
        covered_minor=total,
        insured_minor=paid,
        by_invoice=dict(zip(covered, shares, strict=True)),
        lost_minor=lost_minor,
        stop=stop,
        first_loss_minor=terms.first_loss_minor,
    )


def insured_of_all(book: InsuredBook, day: date) -> Iterator[tuple[str, InsuredShare]]:
    """Yield each debtor that the contract ever covered, with the insured part of its debts on a day."""
    invoices: dict[str, list[InsuredInvoice]] = {}
    for invoice in book.invoices:
        invoices.setdefault(invoice.customer_id, []).append(invoice)
    covers: dict[str, list[InsuranceCover]] = {}
    for cover in book.covers:
        covers.setdefault(cover.content.customer_id, []).append(cover)
    any_missed = _any_missed(book)
    for debtor, own in covers.items():
        apart = replace(book, covers=tuple(own), invoices=tuple(invoices.get(debtor, ())))
        share = insured(apart, debtor, day, any_missed=any_missed)
        if share is not None:
            yield debtor, share


def _take(book: InsuredBook, invoice: InsuredInvoice, used: Counter[str]) -> int:
    taken = 0
    rest = insurable_minor(book, invoice)
    for cover in covering(book, invoice):
        identifier = cover.content.cover_id
        part = min(rest, max(0, cover.amount_on(invoice.issued_on) - used[identifier]))
        used[identifier] += part
        taken, rest = taken + part, rest - part
    return taken


def stop_of(book: InsuredBook, customer_id: str, day: date) -> CoverStop | None:
    """Return the reason for which new deliveries to a customer are not covered on a day.

    A debt is past due by more days than the contract allows, whatever it was extended to, or the insurer has withdrawn
    every cover that would be in force. A cover that has simply ended stops nothing.
    """
    contract = book.contract
    current = [
        each
        for each in book.covers
        if each.content.customer_id == customer_id
        and each.content.valid_from <= day <= (each.content.valid_until or date.max)
    ]
    if not current or not book.in_force(day):
        return None
    if all(each.withdrawn(day) for each in current):
        return CoverStop(contract.code, Reason.of("cover-withdrawn", contract=contract.code))
    return stopping_debt(book, customer_id, day)


def stopping_debt(book: InsuredBook, customer_id: str, day: date) -> CoverStop | None:
    """Return the debt of a customer that is past due by more days than the contract allows.

    Nothing that was agreed since its due date counts. It stops every cover of the customer, one that runs off as well.
    """
    contract = book.contract
    invoice = oldest_unpaid(each for each in book.invoices if each.customer_id == customer_id).get(
        customer_id
    )
    days_late = (day - invoice.due_on).days if invoice else 0
    if invoice is None or days_late <= contract.conditions.stop_days:
        return None
    reason = Reason.of(
        "cover-stopped-by-delay",
        invoice=invoice.number,
        days=days_late,
        contract=contract.code,
        allowed_days=contract.conditions.stop_days,
    )
    return CoverStop(contract.code, reason, invoice.invoice_id, days_late)
