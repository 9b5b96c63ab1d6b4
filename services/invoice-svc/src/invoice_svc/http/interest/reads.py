"""Interest accounts of customers' invoices at the dates of a view, folded from their streams."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from encours.contracts.settlement import Settlement
from encours.http.queries import Query
from encours.kernel.errors import Refusal
from encours.legal.law import LatePaymentLaw
from encours.legal.packs import law_of
from encours.reading.merges import survivors_at
from encours.reading.moment import View
from invoice_svc.domain.interest.account import InterestAccount, account_of
from invoice_svc.domain.interest.debt import debt_of, settled
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.read_models.invoices.debts import unapplied_cash
from invoice_svc.read_models.invoices.late import MAX_STATED, stated_invoices
from invoice_svc.use_cases.folds import ENTITY, INVOICE

_STREAMS = 200


class StatedInvoice(NamedTuple):
    """An invoice and its penalties."""

    state: Invoice
    account: InterestAccount


class TooManyStated(Refusal):
    """The answer rests on more invoices than one statement of interest takes (422)."""

    code = "too-many-stated-invoices"
    title = "Too many invoices for one statement of interest"
    status = 422
    remedy = "Ask for one customer with scope own, or for single invoices: GET /v1/invoices/{id}/interest."


async def stated(q: Query, view: View, customers: Sequence[str], on: date) -> list[StatedInvoice]:
    """Return the late invoices of customers and those that their penalty documents claim, the first due first.

    Raises ``too-many-stated-invoices`` above :data:`MAX_STATED`, and ``no-legal-rate`` for a missing rate.
    """
    states = await _folded(q, view, await _listed(view, customers))
    claimed = {part.invoice_id for state in states.values() for part in state.penalises}
    others = await _folded(q, view, sorted(claimed - states.keys()))
    states |= {name: state for name, state in others.items() if state.customer_id in customers}
    laws = await _laws(q, view, sorted({state.entity_id for state in states.values()}))
    found = [
        StatedInvoice(state, account_of(state, settlement, on, laws[state.entity_id]))
        for state, settlement in await _settled(view, list(states.values()))
    ]
    return sorted(
        (each for each in found if each.account.is_stated),
        key=lambda each: (each.state.due_on or date.max, each.state.invoice_id),
    )


async def settlement_of(q: Query, view: View, state: Invoice) -> Settlement:
    """Return the settlement of one issued invoice as :func:`stated` has it.

    The other invoices of the debtor are read only if there is unapplied cash for which they stand in line.
    """
    cash = await unapplied_cash(view, state.customer_id, state.currency)
    debts = {state.invoice_id: debt_of(state)}
    if cash:
        records = (await survivors_at(view)).records(state.customer_id)
        others = await _folded(q, view, await _listed(view, records, state.currency))
        debts |= {each.invoice_id: debt_of(each) for each in others.values()}
    return settled(debts.values(), cash)[state.invoice_id]


async def _listed(view: View, customers: Sequence[str], currency: str | None = None) -> list[str]:
    found = await stated_invoices(view, customers, currency)
    if len(found) > MAX_STATED:
        raise TooManyStated(f"More than {MAX_STATED:,} invoices are open or were settled late.")
    return found


async def _folded(q: Query, view: View, invoice_ids: Sequence[str]) -> dict[str, Invoice]:
    found: dict[str, Invoice] = {}
    for first in range(0, len(invoice_ids), _STREAMS):
        part = invoice_ids[first : first + _STREAMS]
        streams = await q.ledger.read_streams(q.caller.ledger, part, upto=view.time.position)
        found |= {name: INVOICE.fold_as_of(events, view.time.as_of) for name, events in streams.items()}
    return found


async def _settled(view: View, states: Sequence[Invoice]) -> list[tuple[Invoice, Settlement]]:
    """Settle the debts of each debtor, with all its records, by currency."""
    survivors = await survivors_at(view)
    by_debtor: dict[tuple[str, str], list[Invoice]] = {}
    for state in states:
        by_debtor.setdefault((survivors.of(state.customer_id), state.currency), []).append(state)
    found: list[tuple[Invoice, Settlement]] = []
    for (debtor, currency), own in by_debtor.items():
        settlements = settled(map(debt_of, own), await unapplied_cash(view, debtor, currency))
        found += [(state, settlements[state.invoice_id]) for state in own]
    return found


async def _laws(q: Query, view: View, entity_ids: Sequence[str]) -> dict[str, LatePaymentLaw]:
    streams = await q.ledger.read_streams(q.caller.ledger, entity_ids, upto=view.time.position)
    return {name: law_of(ENTITY.fold(events).country) for name, events in streams.items()}
