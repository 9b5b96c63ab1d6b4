"""Promises of a history: made and judged as the service does it, and judged again by a naive count of the events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dunning_svc.domain.promise import decide
from dunning_svc.domain.promise.commands import MakePromise, PromiseBasis, WithdrawPromise
from dunning_svc.domain.promise.decide import Promising
from dunning_svc.domain.promise.state import PROMISE, Promise
from dunning_svc.read_models.cases.rows.promises import PromiseRow
from dunning_svc.read_models.cases.rows.receivables import AccountRow, ItemRow
from dunning_svc.read_models.promises.debts import basis_in
from dunning_svc.read_models.promises.judging import judged_with
from encours.contracts import Recorded
from encours.contracts.events import invoice, loss
from encours.contracts.events.dunning.document import PromiseTerms
from encours.contracts.events.dunning.promises import PromiseMade
from encours.kernel.ids import derived_id

if TYPE_CHECKING:
    from tests.histories.dunning import History


def state_of(history: History, promise_id: str) -> Promise:
    """Return a promise as it is now."""
    return PROMISE.fold([e for e in history.events if e.stream == promise_id])


def promising(history: History, invoice_ids: Sequence[str], terms: PromiseTerms) -> Promising:
    """Return the basis of a promise for invoices, under some terms."""
    rows = [row for each in invoice_ids if (row := history.rows.get(ItemRow, each)) is not None]
    basis = basis_in(history.rows, rows, history.today)
    made = dict.fromkeys(promise_id for each in basis.invoices for promise_id in each.promises)
    return Promising(replace_terms(basis, terms), [state_of(history, each) for each in made])


def replace_terms(basis: PromiseBasis, terms: PromiseTerms) -> PromiseBasis:
    """Return the basis under other terms."""
    return replace(basis, terms=terms, others={})


def promised(
    history: History,
    invoice_ids: Sequence[str],
    days: int,
    amount: int | None = None,
    terms: PromiseTerms | None = None,
) -> str | None:
    """Promise to pay invoices within some days; None if nothing is open on them."""
    about = promising(history, invoice_ids, terms or PromiseTerms(grace_business_days=0))
    if not about.basis.owed_minor:
        return None
    promise_id, last = derived_id("prm", len(history.events)), history.today.toordinal() + days
    cmd = MakePromise(
        promise_id,
        tuple(invoice_ids),
        "EUR",
        about.basis.owed_minor if amount is None else min(amount, about.basis.owed_minor),
        history.today.fromordinal(last),
        "call",
        None,
    )
    for stream, event in decide.make(cmd, about, history.today):
        history.add(event, stream)
    return promise_id


def withdrawn(history: History, promise_id: str) -> None:
    """Withdraw a promise."""
    for event in decide.withdraw(state_of(history, promise_id), WithdrawPromise(promise_id, "test")):
        history.add(event, promise_id)


def judge_all(history: History) -> None:
    """Judge every promise on the day that was opened."""
    items = {row.invoice_id: row for row in history.rows.all(ItemRow)}
    found = history.rows.all(PromiseRow)
    merged = history.rows.survivors(history.today)
    for each in judged_with(found, items, history.rows.all(AccountRow), merged)[0]:
        for event in decide.judge(state_of(history, each.promise_id), each.received, history.today):
            history.add(event, each.promise_id)


def received_naively(history: History, made: Recorded) -> tuple[int, int]:
    """Return what was paid in time on the invoices of a promise, and what was still owed of them, by its events.

    An application counts while it stands; a write-off settles nothing.
    """
    data = made.data
    assert isinstance(data, PromiseMade)
    owed = dict.fromkeys(data.invoice_ids, 0)
    lent: dict[str, list[int]] = {}
    """Amount of each application since the promise, and 1 if it was in time."""
    paid_before, written_off = 0, dict[str, int]()
    """Write-offs that stand, 0 for one since the promise."""
    for e in history.events:
        if e.stream not in owed:
            continue
        match e.data:
            case invoice.InvoiceIssued():
                owed[e.stream] += e.data.total_minor
            case invoice.InvoiceCredited():
                owed[e.stream] -= e.data.total_minor
            case invoice.PaymentApplied() if e.position > made.position:
                in_time = e.data.received_on <= data.suspended_until
                lent[e.data.allocation_id] = [e.data.amount_minor, int(in_time)]
            case invoice.PaymentApplied():
                paid_before += e.data.amount_minor
            case invoice.PaymentUnapplied():
                if e.data.allocation_id in lent:
                    del lent[e.data.allocation_id]
                else:
                    paid_before -= e.data.amount_minor
            case loss.InvoiceWrittenOff():
                written_off[e.stream] = e.data.amount_minor if e.position < made.position else 0
                paid_before += written_off[e.stream]
            case loss.WriteOffReversed():
                paid_before -= written_off.pop(e.stream)
            case _:
                pass
    return sum(amount for amount, in_time in lent.values() if in_time), sum(owed.values()) - paid_before
