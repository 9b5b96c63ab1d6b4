"""Interest accounts of customers' invoices at the dates of a view, folded from their streams."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, TypeVar

from encours.contracts.insolvency import Insolvency
from encours.contracts.settlement import Settlement
from encours.http.queries import Query
from encours.kernel.errors import Refusal
from encours.ledger.states import Folder
from encours.legal.law import LatePaymentLaw
from encours.legal.packs import law_of
from encours.reading.merges import survivors_at
from encours.reading.moment import View
from invoice_svc.domain.interest.account import InterestAccount, account_of
from invoice_svc.domain.interest.debt import debt_of, settled
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.read_models.invoices.debts import unapplied_cash
from invoice_svc.read_models.invoices.late import MAX_STATED, stated_invoices
from invoice_svc.use_cases.folds import CUSTOMER, ENTITY, INVOICE

_STREAMS = 200
S = TypeVar("S")


class StatedInvoice(NamedTuple):
    """An invoice, its settlement and its penalties."""

    state: Invoice
    settlement: Settlement
    account: InterestAccount


class TooManyStated(Refusal):
    """The answer rests on more invoices than one statement of interest takes (422)."""

    code = "too-many-stated-invoices"
    title = "Too many invoices for one statement of interest"
    status = 422
    remedy = "Ask for one customer with scope own, or for single invoices: GET /v1/invoices/{id}/interest."


async def stated(q: Query, view: View, customers: Sequence[str], on: date) -> list[StatedInvoice]:
    """Return the late invoices of customers and those that their penalty documents claim, the first due first.

    Raises as :func:`accounts`.
    """
    return [each for each in await accounts(q, view, customers, on) if each.account.is_stated]


async def accounts(q: Query, view: View, customers: Sequence[str], on: date) -> list[StatedInvoice]:
    """Return the invoices of customers that are open, were settled late or claimed, the first due first.

    Raises ``too-many-stated-invoices`` above :data:`MAX_STATED`, and ``no-legal-rate`` for a missing rate.
    """
    states = await _folded(q, view, INVOICE, await _listed(view, customers))
    claimed = {part.invoice_id for state in states.values() for part in state.penalises}
    others = await _folded(q, view, INVOICE, sorted(claimed - states.keys()))
    states |= {name: state for name, state in others.items() if state.customer_id in customers}
    laws = await _laws(q, view, sorted({state.entity_id for state in states.values()}))
    found = [
        StatedInvoice(state, settlement, account_of(state, settlement, on, laws[state.entity_id]))
        for state, settlement in await _settled(q, view, list(states.values()))
    ]
    return sorted(found, key=lambda each: (each.state.due_on or date.max, each.state.invoice_id))


async def settlement_of(q: Query, view: View, state: Invoice) -> Settlement:
    """Return the settlement of one issued invoice as :func:`stated` has it.

    The other invoices of the debtor are read only if there is unapplied cash for which they stand in line.
    """
    cash = await unapplied_cash(view, state.customer_id, state.currency)
    records = (await survivors_at(view)).records(state.customer_id)
    insolvencies = await insolvencies_of(q, view, records)
    debts = {state.invoice_id: debt_of(state, insolvencies)}
    if cash:
        others = await _folded(q, view, INVOICE, await _listed(view, records, state.currency))
        debts |= {each.invoice_id: debt_of(each, insolvencies) for each in others.values()}
    return settled(debts.values(), cash)[state.invoice_id]


async def _listed(view: View, customers: Sequence[str], currency: str | None = None) -> list[str]:
    found = await stated_invoices(view, customers, currency)
    if len(found) > MAX_STATED:
        raise TooManyStated(f"More than {MAX_STATED:,} invoices are open or were settled late.")
    return found


async def insolvencies_of(q: Query, view: View, records: Sequence[str]) -> list[Insolvency]:
    """Return the proceedings of a debtor at the dates of the view, of all its records."""
    customers = await _folded(q, view, CUSTOMER, records)
    return [each for state in customers.values() for each in state.insolvencies]


async def _folded(q: Query, view: View, folder: Folder[S], ids: Sequence[str]) -> dict[str, S]:
    found: dict[str, S] = {}
    for first in range(0, len(ids), _STREAMS):
        part = ids[first : first + _STREAMS]
        streams = await q.ledger.read_streams(q.caller.ledger, part, upto=view.time.position)
        found |= {name: folder.fold_as_of(events, view.time.as_of) for name, events in streams.items()}
    return found


async def _settled(q: Query, view: View, states: Sequence[Invoice]) -> list[tuple[Invoice, Settlement]]:
    """Settle the debts of each debtor, with all its records, by currency."""
    survivors = await survivors_at(view)
    debtors = {survivors.of(state.customer_id) for state in states}
    records = sorted(record for debtor in debtors for record in survivors.records(debtor))
    insolvencies: dict[str, list[Insolvency]] = {debtor: [] for debtor in debtors}
    for record, customer in (await _folded(q, view, CUSTOMER, records)).items():
        insolvencies[survivors.of(record)] += customer.insolvencies
    by_debtor: dict[tuple[str, str], list[Invoice]] = {}
    for state in states:
        by_debtor.setdefault((survivors.of(state.customer_id), state.currency), []).append(state)
    found: list[tuple[Invoice, Settlement]] = []
    for (debtor, currency), own in by_debtor.items():
        debts = [debt_of(state, insolvencies[debtor]) for state in own]
        settlements = settled(debts, await unapplied_cash(view, debtor, currency))
        found += [(state, settlements[state.invoice_id]) for state in own]
    return found


async def _laws(q: Query, view: View, entity_ids: Sequence[str]) -> dict[str, LatePaymentLaw]:
    streams = await q.ledger.read_streams(q.caller.ledger, entity_ids, upto=view.time.position)
    return {name: law_of(ENTITY.fold(events).country) for name, events in streams.items()}
