"""Insured invoices, the covers that they are under, and the deadlines on which the claims for them depend.

Calendar days after the due date, moved to a business day as the contract says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import assert_never

import msgspec

from encours.contracts.events.insurance import (
    DeadlineKind,
    InsuranceContractSet,
    InsuranceDeadlineAlerted,
    InsuranceDeadlineMet,
    InsuranceDeadlineMissed,
)
from encours.contracts.insured.covers import InsuranceCover
from encours.contracts.insured.days import contract_days
from encours.kernel.ids import derived_id

DeadlineEvent = InsuranceDeadlineAlerted | InsuranceDeadlineMissed | InsuranceDeadlineMet

CLAIMS: frozenset[str] = frozenset({"overdue_notice", "hand_over", "extension"})
"""Kinds that lose the claim on an invoice if their last day passes."""


class InsuredInvoice(msgspec.Struct, frozen=True, gc=False):
    """An open invoice of a covered customer at a date, minor units. A struct takes a third of the time to make."""

    invoice_id: str
    number: str
    customer_id: str
    currency: str
    issued_on: date
    due_on: date
    """Due date as it was invoiced."""
    open_minor: int
    agreed_on: date | None = None
    """Last date to which payment was extended since then."""
    disputed_minor: int = 0
    net_minor: int | None = None
    """Net amount of the invoice, ``None`` where it is not known."""
    total_minor: int = 0
    covered_by_cash_minor: int = 0
    """Part for which unapplied cash of the customer is there."""

    @property
    def unpaid_minor(self) -> int:
        """Open amount without the part that unapplied cash covers."""
        return max(0, self.open_minor - self.covered_by_cash_minor)


@dataclass(frozen=True, slots=True)
class DeadlineFacts:
    """Facts recorded about a deadline."""

    alerted_for: date | None = None
    """Last day that the latest alert named."""
    alerted_on: date | None = None
    met_on: date | None = None
    missed_on: date | None = None


NO_FACTS = DeadlineFacts()


@dataclass(frozen=True, slots=True)
class InsuredBook:
    """All that the deadlines of one contract depend on, as it was known."""

    contract: InsuranceContractSet
    covers: tuple[InsuranceCover, ...] = ()
    invoices: tuple[InsuredInvoice, ...] = ()
    insolvent_since: Mapping[str, date] = field(default_factory=dict)
    """Opening of the proceedings of customers that are in any."""
    facts: Mapping[str, DeadlineFacts] = field(default_factory=dict)
    contracts_beside: tuple[InsuranceContractSet, ...] = ()
    """Other contracts of the entity, of which one may follow this one."""
    covers_beside: tuple[InsuranceCover, ...] = ()
    """Covers under them."""

    def in_force(self, day: date) -> bool:
        """Return True for a day up to the last day of the contract."""
        return day <= (self.contract.valid_until or date.max)

    def facts_of(self, deadline_id: str) -> DeadlineFacts:
        """Return the facts recorded about a deadline."""
        return self.facts.get(deadline_id, NO_FACTS)


def told(facts: DeadlineFacts, event: DeadlineEvent, on: date) -> DeadlineFacts:
    """Return the facts after an event that is effective on a day."""
    match event:
        case InsuranceDeadlineAlerted():
            return replace(facts, alerted_for=event.last_day, alerted_on=on)
        case InsuranceDeadlineMissed():
            return replace(facts, missed_on=on)
        case InsuranceDeadlineMet():
            return replace(facts, met_on=event.met_on)
        case _:
            assert_never(event)


def covering(book: InsuredBook, invoice: InsuredInvoice) -> list[InsuranceCover]:
    """Return the covers of an invoice, those without a last day first; none after the last day of the contract.

    The day of issue stands for that of the delivery. A cover counts for invoices in its own currency.
    """
    if not book.in_force(invoice.issued_on):
        return []
    found = [
        each
        for each in book.covers
        if (granted := each.content).customer_id == invoice.customer_id
        and granted.currency == invoice.currency
        and each.covers(invoice.issued_on)
    ]
    if len(found) < 2:
        return found
    return sorted(found, key=lambda each: (each.content.term, each.content.valid_from, each.content.cover_id))


def base_of(contract: InsuranceContractSet, invoice: InsuredInvoice) -> tuple[date, str]:
    """Return the day from which notice and hand-over of an invoice are counted, with the words for it."""
    terms = contract.conditions
    if terms.counted_from == "due_date" or invoice.agreed_on is None or invoice.agreed_on <= invoice.due_on:
        return invoice.due_on, f"due on {invoice.due_on}"
    longest = invoice.due_on + timedelta(days=terms.longest_extension_days)
    base = min(invoice.agreed_on, longest)
    return base, f"due on {invoice.due_on}, extended to {base}"


def claim_days(
    contract: InsuranceContractSet, invoice: InsuredInvoice, opened_on: date | None
) -> list[tuple[DeadlineKind, date, str]]:
    """Return kind, last day and basis of the deadlines on which the claim for an invoice depends.

    ``opened_on``: opening of insolvency proceedings of the customer; debts that are made after it have the usual days.
    """
    terms, days = contract.conditions, contract_days(contract.conditions.calendar)
    base, words = base_of(contract, invoice)
    found: list[tuple[DeadlineKind, date, str]] = []
    counted: tuple[tuple[DeadlineKind, int], ...] = (
        ("overdue_notice", terms.notice_days),
        ("hand_over", terms.hand_over_days),
    )
    for kind, after in counted:
        last, basis = days.shifted(base + timedelta(days=after), terms.shift), f"{words}, {after} days"
        if opened_on is not None and terms.insolvency_days is not None and invoice.issued_on <= opened_on:
            sooner = days.shifted(opened_on + timedelta(days=terms.insolvency_days), terms.shift)
            if sooner < last:
                last = sooner
                basis = f"insolvency proceedings opened on {opened_on}, {terms.insolvency_days} days"
        found.append((kind, last, basis))
    longest = invoice.due_on + timedelta(days=terms.longest_extension_days)
    if invoice.agreed_on is not None and invoice.agreed_on > longest:
        last = days.shifted(longest, terms.shift)
        basis = (
            f"due on {invoice.due_on}, extended to {invoice.agreed_on}: more than "
            f"{terms.longest_extension_days} days need the insurer's consent"
        )
        found.append(("extension", last, basis))
    return found


@lru_cache(maxsize=16_384)
def deadline_id_of(contract_id: str, kind: DeadlineKind, subject: object) -> str:
    """Return the id of a deadline, which stays when its last day moves."""
    return derived_id("idl", contract_id, kind, subject)


def oldest_unpaid(invoices: Iterable[InsuredInvoice]) -> dict[str, InsuredInvoice]:
    """Return the unpaid invoice with the earliest due date of each customer."""
    found: dict[str, InsuredInvoice] = {}
    for invoice in invoices:
        if invoice.unpaid_minor > 0:
            first = found.setdefault(invoice.customer_id, invoice)
            if (invoice.due_on, invoice.invoice_id) < (first.due_on, first.invoice_id):
                found[invoice.customer_id] = invoice
    return found
