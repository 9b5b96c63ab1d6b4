"""Rules of promises to pay.

* A promise is made by one debtor to one creditor in one currency, and not for more than is owed.
* It replaces the open promises all of whose invoices it names; others stand beside it.
* After its last day of grace it is judged by what was received in time: *kept* if the promised amount was, or all that
  was still owed; otherwise broken, and kept in part if something was. Write-offs keep no promise; credit notes,
  accepted claims and residual differences within a tolerance reduce what is owed.
* Unapplied cash counts as received, less what there was when the promise was made.
* A later event judges again: a payment that is returned breaks a kept promise; one that was received in time and
  booked late keeps a broken one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dunning_svc.domain.promise.commands import MakePromise, PromiseBasis, WithdrawPromise
from dunning_svc.domain.promise.refusals import (
    PromiseAboveOwed,
    PromisedDayPassed,
    PromisedDayTooLate,
    PromisedInvoiceNotFound,
    PromiseInSeveralCurrencies,
    PromiseJudged,
    PromiseOfSeveralDebtors,
    PromisesExhausted,
)
from dunning_svc.domain.promise.state import Promise, PromiseOutcome
from encours.contracts.events.dunning.promises import (
    PromiseBroken,
    PromiseEnd,
    PromiseKept,
    PromiseMade,
    PromiseWithdrawn,
)
from encours.kernel.errors import Refusal
from encours.kernel.money import format_amount

MadeOrEnded = tuple[str, PromiseMade | PromiseWithdrawn]
"""Event with its stream."""
_RANK = {"broken": 0, "partly_kept": 1, "kept": 2}


@dataclass(frozen=True, slots=True)
class Received:
    """Amounts of the invoices of a promise since it was made.

    ``in_time_minor``: settled by payments that were available up to the last day of grace. ``owed_minor``: still open,
    or settled since. ``credit_minor``: unapplied cash of the debtor.
    """

    in_time_minor: int
    owed_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True)
class Promising:
    """Basis of a promise, and the promises for its invoices that were made before."""

    basis: PromiseBasis
    earlier: Sequence[Promise] = ()


def make(cmd: MakePromise, promising: Promising, today: date) -> Iterator[MadeOrEnded]:
    """Yield the promise and the end of each that it replaces, with their streams. Raises the refusals of promises."""
    basis = promising.basis
    found = {each.invoice_id: each for each in basis.invoices}
    for n, invoice_id in enumerate(cmd.invoice_ids):
        if invoice_id not in found:
            raise PromisedInvoiceNotFound(f"{invoice_id} is not an issued invoice.", f"/invoice_ids/{n}")
    if len({(each.customer_id, each.entity_id) for each in basis.invoices}) > 1:
        raise PromiseOfSeveralDebtors("A promise is made by one customer to one creditor.", "/invoice_ids")
    if {each.currency for each in basis.invoices} != {cmd.currency}:
        raise PromiseInSeveralCurrencies(
            f"The amount is in {cmd.currency}; the invoices are in "
            f"{', '.join(sorted({each.currency for each in basis.invoices}))}.",
            "/amount/currency",
        )
    if (refusal := limit(basis, cmd.promised_on, today)) is not None:
        raise refusal
    if cmd.amount_minor > basis.owed_minor:
        owed = format_amount(basis.owed_minor, cmd.currency)
        raise PromiseAboveOwed(f"{owed} {cmd.currency} is open on the invoices.", "/amount/amount")
    ((customer_id, basis),) = basis.by_debtor().items()
    made = PromiseMade(
        promise_id=cmd.promise_id,
        customer_id=customer_id,
        invoice_ids=cmd.invoice_ids,
        currency=cmd.currency,
        amount_minor=cmd.amount_minor,
        promised_on=cmd.promised_on,
        suspended_until=basis.suspended_until(cmd.promised_on),
        source=cmd.source,
        reply_id=None,
        text=cmd.text,
        credit_minor=basis.credits.get(customer_id, 0),
    )
    yield from with_replaced(made, promising.earlier)


def limit(basis: PromiseBasis, promised_on: date, today: date) -> Refusal | None:
    """Return the refusal of a promise by its day and by the limits of each debtor's policy, or ``None``."""
    if promised_on < today:
        return PromisedDayPassed(f"{promised_on} has passed; today is {today}.", "/promised_on")
    refusals = (_limit(own, promised_on, today) for own in basis.by_debtor().values())
    return next((each for each in refusals if each is not None), None)


def _limit(basis: PromiseBasis, promised_on: date, today: date) -> Refusal | None:
    terms = basis.terms
    if terms.days_ahead_max is not None and promised_on > today + timedelta(days=terms.days_ahead_max):
        return PromisedDayTooLate(
            f"The customer's policy admits {terms.days_ahead_max} days, until "
            f"{today + timedelta(days=terms.days_ahead_max)}.",
            "/promised_on",
        )
    if terms.per_invoice_max is None:
        return None
    for each in basis.invoices:
        if len(each.promises) >= terms.per_invoice_max:
            return PromisesExhausted(f"{each.invoice_id} has had {len(each.promises)} promises.")
    return None


def with_replaced(made: PromiseMade, earlier: Iterable[Promise]) -> Iterator[MadeOrEnded]:
    """Yield the end of each open promise all of whose invoices the new one names, then the new one."""
    for state in earlier:
        if state.made is None or state.status != "open":
            continue
        if set(state.made.invoice_ids) <= set(made.invoice_ids):
            yield state.made.promise_id, _ended(state.made, "replaced", by=made.promise_id)
    yield made.promise_id, made


def withdraw(state: Promise, cmd: WithdrawPromise) -> list[PromiseWithdrawn]:
    """End an open promise; no event if it is withdrawn. Raises :class:`PromiseJudged` for one that has ended."""
    assert state.made is not None
    if state.status == "withdrawn":
        return []
    if state.status != "open":
        raise PromiseJudged(f"It has been {state.status.replace('_', ' ')} since {state.ended_on}.")
    return [_ended(state.made, "withdrawn", text=cmd.text)]


def judge(state: Promise, found: Received, day: date) -> Sequence[PromiseOutcome]:
    """Return the event by which a promise gets another status on a day, or none."""
    made = state.made
    if made is None or state.ended is not None or day <= made.suspended_until:
        return ()
    if found.owed_minor <= 0 and found.in_time_minor <= 0:
        return (_ended(made, "not_owed"),)
    cash = max(0, found.credit_minor - made.credit_minor)
    received = found.in_time_minor + cash
    outcome = _outcome(made, received, found)
    if state.status != "open":
        if _RANK[outcome] > _RANK[state.status]:
            # Cash that is there after the day of judgment may have come too late.
            received = found.in_time_minor
            outcome = max(_outcome(made, received, found), state.status, key=_RANK.__getitem__)
        if outcome == state.status:
            return ()
    kind = PromiseKept if outcome == "kept" else PromiseBroken
    return (
        kind(
            promise_id=made.promise_id,
            customer_id=made.customer_id,
            invoice_ids=made.invoice_ids,
            currency=made.currency,
            amount_minor=made.amount_minor,
            received_minor=max(0, min(received, made.amount_minor)),
            promised_on=made.promised_on,
        ),
    )


def _outcome(made: PromiseMade, received_minor: int, found: Received) -> str:
    if received_minor >= min(made.amount_minor, found.owed_minor):
        return "kept"
    return "partly_kept" if received_minor > 0 else "broken"


def _ended(
    made: PromiseMade, cause: PromiseEnd, *, by: str | None = None, text: str | None = None
) -> PromiseWithdrawn:
    return PromiseWithdrawn(
        promise_id=made.promise_id,
        customer_id=made.customer_id,
        invoice_ids=made.invoice_ids,
        currency=made.currency,
        amount_minor=made.amount_minor,
        promised_on=made.promised_on,
        cause=cause,
        replaced_by=by,
        text=text,
    )
