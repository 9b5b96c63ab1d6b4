"""Claims that a contract would have lost over a past period, had nobody acted on its deadlines but as is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from encours.contracts.events.insurance import DeadlineKind
from encours.contracts.insured.claims import InsuredBook, InsuredInvoice, claim_days, covering, deadline_id_of
from encours.contracts.insured.share import FULL_BPS, insurable_minor
from encours.kernel.money import div_half_up


@dataclass(frozen=True, slots=True)
class PassedDeadline:
    """A deadline of a past period that was not met in time: it lost the claim on an invoice that was open then."""

    invoice: InsuredInvoice
    kind: DeadlineKind
    last_day: date
    basis: str


@dataclass(frozen=True, slots=True)
class LostClaim:
    """A claim that the first deadline of its invoice to pass has lost, minor units as of its last day."""

    passed: PassedDeadline
    open_minor: int
    insured_minor: int


def passed_deadlines(
    book: InsuredBook, first: date, last: date, *, assume_cover: bool
) -> list[PassedDeadline]:
    """Return the deadlines of claims whose last day lies in a period, and that are not recorded as met in time.

    ``assume_cover``: every invoice counts as covered, to try a contract on a history of before it.
    """
    found = []
    for invoice in book.invoices:
        if not assume_cover and not covering(book, invoice):
            continue
        handed = _met_on(book, "hand_over", invoice)
        for kind, day, basis in claim_days(
            book.contract, invoice, book.insolvent_since.get(invoice.customer_id)
        ):
            in_time = [on for on in (_met_on(book, kind, invoice), handed) if on is not None and on <= day]
            if first <= day <= last and not in_time:
                found.append(PassedDeadline(invoice, kind, day, basis))
    return found


def lost(
    book: InsuredBook,
    passed: Iterable[PassedDeadline],
    open_on: Mapping[tuple[str, date], InsuredInvoice],
    *,
    assume_cover: bool,
) -> list[LostClaim]:
    """Return the claims that are lost, each once, by the first of its deadlines. ``open_on``: invoices as of a day.

    The insured part is the contract's share of what was open and undisputed, up to the cover of the invoice's day; the
    deductible and what earlier invoices took of the cover are not deducted.
    """
    found: dict[str, LostClaim] = {}
    for each in sorted(passed, key=lambda one: (one.last_day, one.invoice.invoice_id, one.kind)):
        then = open_on.get((each.invoice.invoice_id, each.last_day))
        if then is None or then.open_minor <= 0 or each.invoice.invoice_id in found:
            continue
        covered = insurable_minor(book, then)
        if not assume_cover:
            amounts = (one.amount_on(then.issued_on) for one in covering(book, then))
            covered = min(covered, sum(amounts))
        insured = div_half_up(covered * book.contract.conditions.insured_share_bps, FULL_BPS)
        found[each.invoice.invoice_id] = LostClaim(each, then.open_minor, insured)
    return list(found.values())


def _met_on(book: InsuredBook, kind: DeadlineKind, invoice: InsuredInvoice) -> date | None:
    contract_id = book.contract.insurance_contract_id
    return book.facts_of(deadline_id_of(contract_id, kind, invoice.invoice_id)).met_on
