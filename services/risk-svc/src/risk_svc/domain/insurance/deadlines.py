"""Deadlines of an insurance contract on a day, calculated from its terms, the covers and the open invoices.

Calendar days after the due date, moved to a business day as the contract says. The duties are those of the usual policy
on the whole turnover: notification of overdue debts, the claim, the insurer's consent to a longer extension, and the
declaration of turnover (conditions of the contract; C. assur. L113-2, 3° and 4° for the duty to declare).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from encours.contracts.events.insurance import DeadlineKind, InsuranceContractSet, TurnoverPeriod
from encours.contracts.insured.claims import (
    NO_FACTS,
    DeadlineFacts,
    InsuredBook,
    InsuredInvoice,
    claim_days,
    covering,
    deadline_id_of,
)
from encours.contracts.insured.covers import InsuranceCover
from encours.contracts.insured.days import ContractDays, contract_days

_MONTHS: Mapping[TurnoverPeriod, int] = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class InsuranceDeadline:
    """A duty and the last day on which it is fulfilled in time."""

    deadline_id: str
    kind: DeadlineKind
    last_day: date
    alert_on: date
    basis: str
    currency: str
    entity_id: str
    contract_id: str
    contract_code: str
    customer_id: str | None = None
    cover_id: str | None = None
    invoice_id: str | None = None
    number: str | None = None
    period: str | None = None
    amount_minor: int | None = None
    facts: DeadlineFacts = NO_FACTS
    since: date | None = None
    """Day of issue of the invoice, before which nothing about it can be done."""

    def status(self, day: date) -> str:
        """Return ``met``, ``missed``, ``alert`` or ``ahead``."""
        if self.facts.met_on is not None and self.facts.met_on <= self.last_day:
            return "met"
        if day > self.last_day or self.facts.missed_on is not None:
            return "missed"
        return "alert" if day >= self.alert_on else "ahead"


def deadlines_of(book: InsuredBook, day: date, until: date) -> list[InsuranceDeadline]:
    """Return the deadlines whose last day is not after ``until``, in the order of their last days.

    A deadline that was met in time is left out; one that has passed stays while its debt is open.
    """
    kept = (each for each in all_deadlines(book, day, until) if each.status(day) != "met")
    return sorted(kept, key=lambda each: (each.last_day, each.deadline_id))


def all_deadlines(book: InsuredBook, day: date, until: date) -> list[InsuranceDeadline]:
    """Return the deadlines whose last day is not after ``until``, met or not."""
    found = [
        *_of_invoices(book),
        *_of_stops(book, day),
        *_of_covers(book),
        *_of_contract(book),
        *_of_turnover(book, until),
    ]
    return [each for each in found if each.last_day <= until]


def _of_invoices(book: InsuredBook) -> Iterator[InsuranceDeadline]:
    for invoice in book.invoices:
        if invoice.open_minor <= 0 or not covering(book, invoice):
            continue
        handed = book.facts_of(
            deadline_id_of(book.contract.insurance_contract_id, "hand_over", invoice.invoice_id)
        ).met_on
        for kind, last, basis in claim_days(
            book.contract, invoice, book.insolvent_since.get(invoice.customer_id)
        ):
            if kind != "hand_over" and handed is not None and handed <= last:
                continue  # the insurer has the claim itself
            yield _of_invoice(book, invoice, kind, last, basis)
        if handed is not None:
            after = book.contract.conditions.waiting_days
            basis = f"claim handed over on {handed}, {after} days"
            yield _of_invoice(book, invoice, "indemnity", handed + timedelta(days=after), basis)


def _of_invoice(
    book: InsuredBook, invoice: InsuredInvoice, kind: DeadlineKind, last_day: date, basis: str
) -> InsuranceDeadline:
    return _deadline(
        book,
        kind,
        last_day,
        basis,
        invoice.invoice_id,
        customer_id=invoice.customer_id,
        invoice_id=invoice.invoice_id,
        number=invoice.number,
        amount_minor=invoice.open_minor,
        since=invoice.issued_on,
    )


def _of_stops(book: InsuredBook, day: date) -> Iterator[InsuranceDeadline]:
    """Deadlines of payment: the cover of new deliveries to the customer stops after the last day.

    None of a day on which the contract has ended or the cover has not begun: there is nothing to stop then.
    """
    after = book.contract.conditions.stop_days
    begins: dict[str, date] = {}
    for each in book.covers:
        if each.last_covered >= day:
            first, customer = each.content.valid_from, each.content.customer_id
            begins[customer] = min(first, begins.get(customer, first))
    for invoice in book.invoices:
        last = invoice.due_on + timedelta(days=after)
        stops_on = max(day, last + timedelta(days=1))
        covered = begins.get(invoice.customer_id, date.max) <= stops_on and book.in_force(stops_on)
        if covered and invoice.unpaid_minor > 0:
            basis = f"due on {invoice.due_on}, {after} days"
            yield _of_invoice(book, invoice, "stop_of_cover", last, basis)


def _of_covers(book: InsuredBook) -> Iterator[InsuranceDeadline]:
    """Ends of covers, but of those that end with the contract or after it: it has a deadline of its own."""
    covers = (*book.covers, *book.covers_beside)
    for cover in book.covers:
        granted, last = cover.content, cover.last_day
        if last is None or last < granted.valid_from or not book.in_force(last + timedelta(days=1)):
            continue
        if _succeeded(cover, last, covers):
            continue
        cancelled = cover.cancelled is not None and last < (granted.valid_until or date.max)
        yield _deadline(
            book,
            "cover_expiry",
            last,
            "cancelled" if cancelled else f"{granted.term} cover up to {last}",
            granted.cover_id,
            customer_id=granted.customer_id,
            cover_id=granted.cover_id,
            amount_minor=cover.amount_on(last),
        )


def _succeeded(cover: InsuranceCover, last: date, covers: Sequence[InsuranceCover]) -> bool:
    """Return True if another cover of the buyer begins by the day after, and goes on beyond it."""
    return any(
        each is not cover
        and each.content.customer_id == cover.content.customer_id
        and cover.content.valid_from < each.content.valid_from <= last + timedelta(days=1)
        and (each.last_day or date.max) > last
        for each in covers
    )


def _of_contract(book: InsuredBook) -> Iterator[InsuranceDeadline]:
    contract = book.contract
    if contract.valid_until is not None and not _followed(contract, contract.valid_until, book):
        yield _deadline(
            book,
            "contract_expiry",
            contract.valid_until,
            f"contract up to {contract.valid_until}",
            contract.valid_until,
        )


def _followed(contract: InsuranceContractSet, last: date, book: InsuredBook) -> bool:
    """Return True if another contract of the entity begins by the day after, and goes on beyond it."""
    return any(
        contract.valid_from < each.valid_from <= last + timedelta(days=1)
        and (each.valid_until or date.max) > last
        for each in book.contracts_beside
    )


def _of_turnover(book: InsuredBook, until: date) -> Iterator[InsuranceDeadline]:
    contract, rule = book.contract, book.contract.conditions.turnover
    if rule is None:
        return
    days = contract_days(contract.conditions.calendar)
    first = contract.valid_from
    while first <= min(until, contract.valid_until or date.max):
        name, after = period_of(rule.period, first)
        last = days.shifted(after + timedelta(days=rule.within_days - 1), contract.conditions.shift)
        basis = f"turnover of {name}, {rule.within_days} days"
        yield _deadline(book, "turnover", last, basis, name, period=name)
        first = after


def period_of(period: TurnoverPeriod, day: date) -> tuple[str, date]:
    """Return the name of the calendar period of a day, and the first day after it."""
    months = _MONTHS[period]
    index = (day.month - 1) // months
    following = (index + 1) * months
    after = date(day.year + following // 12, following % 12 + 1, 1)
    if period == "year":
        return f"{day.year}", after
    return (f"{day.year}-Q{index + 1}" if period == "quarter" else f"{day.year}-{day.month:02}"), after


def _deadline(
    book: InsuredBook,
    kind: DeadlineKind,
    last_day: date,
    basis: str,
    subject: object,
    *,
    customer_id: str | None = None,
    cover_id: str | None = None,
    invoice_id: str | None = None,
    number: str | None = None,
    period: str | None = None,
    amount_minor: int | None = None,
    since: date | None = None,
) -> InsuranceDeadline:
    contract = book.contract
    days: ContractDays = contract_days(contract.conditions.calendar)
    identifier = deadline_id_of(contract.insurance_contract_id, kind, subject)
    return InsuranceDeadline(
        deadline_id=identifier,
        kind=kind,
        last_day=last_day,
        alert_on=days.before(last_day, contract.conditions.alert_business_days),
        basis=basis,
        currency=contract.currency,
        entity_id=contract.entity_id,
        contract_id=contract.insurance_contract_id,
        contract_code=contract.code,
        customer_id=customer_id,
        cover_id=cover_id,
        invoice_id=invoice_id,
        number=number,
        period=period,
        amount_minor=amount_minor,
        facts=book.facts_of(identifier),
        since=since,
    )
