"""Statement of interest and recovery fees in a litigation file, from the movements of the books.

It is the statement of invoice-svc (``GET /v1/invoices/{id}/interest``): the same settlement
(:mod:`encours.contracts.settlement`) and the same law (:mod:`encours.legal.interest`), and `tests/law` compares both on
random lives of an invoice. An invoice that was ever on a payment plan or covered by an instrument, or whose penalties
were claimed or waived, is not stated here, since agreements on its interest are known to invoice-svc alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from encours.contracts import Recorded, names_in
from encours.contracts.books import movements
from encours.contracts.common import Terms
from encours.contracts.events import penalty
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.events.money.plan import InvoiceRescheduled
from encours.contracts.insolvency import Insolvency, arose_on, stayed_from
from encours.contracts.settlement import DueSchedule, Funds, InvoiceDebt, settlements
from encours.legal.interest import NOTHING_DUE, Statement, statement
from encours.legal.law import LatePaymentLaw

_PENALTIES = names_in(penalty)


@dataclass(frozen=True, slots=True)
class LitigatedDebt:
    """An issued invoice as a debt; ``agreed``: agreements that only invoice-svc knows bear on its interest."""

    debt: InvoiceDebt
    number: str
    terms: Terms
    entity_id: str
    currency: str
    is_penalty: bool
    agreed: bool
    open_minor: int
    weighs: bool
    """Unapplied cash may cover it: it is open, moved after its due date, in instalments, or a penalty document."""


def debt_by_movements(stream: Sequence[Recorded], insolvencies: Iterable[Insolvency]) -> LitigatedDebt | None:
    """Return an invoice as a debt by the events that count; None for one that is not issued.

    ``insolvencies`` are the proceedings of the debtor.
    """
    issued = next((e.data for e in stream if isinstance(e.data, InvoiceIssued)), None)
    if issued is None:
        return None
    own = [entry for e in stream for entry in movements(e) if entry.invoice_id == issued.invoice_id]
    available: dict[str, date] = {}
    applied: dict[str, int] = {}
    for entry in own:
        if entry.payment_id is not None and entry.settled_minor:
            applied[entry.payment_id] = applied.get(entry.payment_id, 0) + entry.settled_minor
            if entry.available_on is not None:
                available[entry.payment_id] = entry.available_on
    funds = tuple(Funds(available[name], minor) for name, minor in applied.items() if minor > 0)
    owed = sum(entry.owed_minor for entry in own)
    conceded = sum(entry.conceded_minor for entry in own)
    open_minor = sum(entry.item_minor for entry in own)
    schedules = [
        DueSchedule(e.effective_on, e.data.instalments)
        for e in stream
        if isinstance(e.data, InvoiceRescheduled)
    ]
    debt = InvoiceDebt(
        invoice_id=issued.invoice_id,
        due_on=issued.due_on,
        owed_minor=owed,
        contested_minor=sum(entry.contested_minor for entry in own) - conceded,
        given_up_minor=owed + conceded - sum(part.amount_minor for part in funds) - open_minor,
        applied=funds,
        schedules=tuple(schedules),
        stayed_from=stayed_from(insolvencies, arose_on(issued.supply_on, issued.penalises)),
    )
    return LitigatedDebt(
        debt=debt,
        number=issued.number,
        terms=issued.terms,
        entity_id=next(e.entity for e in stream),
        currency=issued.currency,
        is_penalty=issued.purpose == "penalty",
        agreed=any(entry.planned_minor or entry.in_hand_minor for entry in own)
        or any(e.type in _PENALTIES for e in stream),
        open_minor=open_minor,
        weighs=open_minor > 0
        or bool(schedules)
        or issued.purpose == "penalty"
        or any(entry.item_minor and entry.effective_on > issued.due_on for entry in own),
    )


@dataclass(slots=True)
class CashLeft:
    """Unapplied cash of a customer, as its movements in the streams of payments and invoices come."""

    _left: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _available: dict[tuple[str, str, str], date] = field(default_factory=dict)

    def take(self, e: Recorded, records: Collection[str]) -> None:
        """Add what an event moves for one of the customer's records."""
        for entry in movements(e):
            if not entry.cash_minor or entry.payment_id is None or entry.customer_id not in records:
                continue
            key = entry.entity, entry.currency, entry.payment_id
            self._left[key] = self._left.get(key, 0) + entry.cash_minor
            if entry.available_on is not None and entry.invoice_id is None:
                self._available[key] = entry.available_on

    def funds(self, entity_id: str, currency: str) -> list[Funds]:
        """Return what each payment has left, for one creditor and currency."""
        return [
            Funds(self._available[key], minor)
            for key, minor in sorted(self._left.items())
            if key[:2] == (entity_id, currency) and minor > 0 and key in self._available
        ]


def statements(
    debts: Sequence[LitigatedDebt], unapplied: Sequence[Funds], on: date, law: LatePaymentLaw
) -> dict[str, Statement | None]:
    """Return the statement of each open invoice of one creditor in one currency; None for one with agreements.

    Unapplied cash covers the oldest of the debts; without any, each is settled by itself.
    """
    stated = [each.debt for each in debts if each.weighs]
    if unapplied:
        settled = settlements(stated, unapplied)
    else:
        settled = {debt.invoice_id: settlements([debt])[debt.invoice_id] for debt in stated}
    found: dict[str, Statement | None] = {}
    for each in debts:
        if each.open_minor <= 0:
            continue
        name = each.debt.invoice_id
        if each.agreed:
            found[name] = None
        else:
            found[name] = NOTHING_DUE if each.is_penalty else statement(settled[name], each.terms, on, law)
    return found
