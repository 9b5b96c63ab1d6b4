"""The credit note [avoir]: it takes an amount off an issued invoice, paid or not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from encours.contracts.events import invoice as events
from encours.contracts.events.invoice import ReleasedCash
from invoice_svc.domain.amounts.products import credited_products
from invoice_svc.domain.amounts.sums import RateAmounts, reckon
from invoice_svc.domain.invoice.checks import (
    money_of,
    require_fits,
    require_issued,
    require_not_before_issue,
    require_not_future,
    require_positive,
)
from invoice_svc.domain.invoice.commands import CreditInvoice
from invoice_svc.domain.invoice.credit.sums import credited_parts, shares_of
from invoice_svc.domain.invoice.evolve import InvoiceEvent
from invoice_svc.domain.invoice.parts import AppliedPayment, BalanceChange
from invoice_svc.domain.invoice.refusals import AmountExceedsOutstanding, NothingOutstanding
from invoice_svc.domain.invoice.room import outstanding_on, room_from
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.refusals import require_currency

CREDIT_SERIES = "AVO"


class Surplus(Struct, frozen=True):
    """Amount of an applied payment that a credit note leaves without a debt; unapplied again from ``on``."""

    part: AppliedPayment
    amount_minor: int
    on: date


def with_amount(state: Invoice, command: CreditInvoice) -> CreditInvoice:
    """Return the command with an amount if it names neither lines nor amounts: all that is outstanding and uncredited.

    Raises ``nothing-outstanding`` if there is nothing.
    """
    if _states_vat(command) or command.amount_minor is not None:
        return command
    require_issued(state, "credited")
    amount = min(state.outstanding_minor, _left_minor(state))
    if amount <= 0:
        raise NothingOutstanding(
            f"Nothing of {state.number} is outstanding: name the lines or the amount to credit; "
            f"{money_of(state, _left_minor(state))} is left to credit."
        )
    return replace(command, amount_minor=amount)


def surpluses(state: Invoice, command: CreditInvoice, issued_on: date, today: date) -> list[Surplus]:
    """Return what has to leave the invoice, latest payments first, so that it can take the credit note.

    The customer is then in credit: the money is theirs, to be repaid or used. Nothing where enough is outstanding.
    """
    require_issued(state, "credited")
    require_not_future(issued_on, today, "/issued_on")
    require_not_before_issue(state, issued_on, "/issued_on")
    require_currency(command.currency, state.currency, "/amount")
    amount, left = _amount(state, command), state
    for _ in range(len(state.movements)):
        surplus = _next_surplus(left, amount, issued_on)
        if surplus is None:
            break
        left = _without(left, surplus)
    kept = {part.allocation_id: part.amount_minor for part in left.applied}
    taken = ((part, part.amount_minor - kept.get(part.allocation_id, 0)) for part in state.applied)
    return [Surplus(part, minor, max(issued_on, part.effective_on)) for part, minor in taken if minor]


def credit(
    state: Invoice, command: CreditInvoice, issued_on: date, today: date, left: Sequence[Surplus] = ()
) -> list[InvoiceEvent]:
    """A credit note, its net and VAT by rate; its number left to the append.

    It is never above what earlier credit notes have left
    of the invoice. Money above the rest of the debt has left the invoice before (``left``, from :func:`surpluses`).
    """
    require_issued(state, "credited")
    require_not_future(issued_on, today, "/issued_on")
    require_not_before_issue(state, issued_on, "/issued_on")
    net, vat, parts = _sums(state, command)
    amount = _amount(state, command) if net is None or vat is None else net + vat
    require_fits(state, amount, room_from(state, issued_on), issued_on)
    whole = state.credited_minor + amount == state.total_minor
    return [
        events.InvoiceCredited(
            invoice_id=state.invoice_id,
            credit_note_id=command.credit_note_id,
            number=command.number or "",
            series=None if command.number else command.series or CREDIT_SERIES,
            issued_on=issued_on,
            vat=shares_of(parts),
            net_minor=net,
            vat_minor=vat,
            total_minor=amount,
            awaited_minor=min(amount, state.conceded_minor),
            whole=whole,
            cause=command.cause,
            origin="import" if command.number else "issued",
            released=tuple(
                ReleasedCash(payment_id=each.part.payment_id, amount_minor=each.amount_minor) for each in left
            ),
            customer_id=state.customer_id,
            currency=state.currency,
            purpose=state.purpose,
            products=credited_products(
                state.products,
                net or 0,
                vat or 0,
                None if command.lines is None else reckon(command.lines, state.currency).lines,
                whole=whole,
            ),
        )
    ]


def _sums(state: Invoice, command: CreditInvoice) -> tuple[int | None, int | None, tuple[RateAmounts, ...]]:
    """Net, VAT, and both by rate; ``None`` for a credit note that was taken over and states no more than its total."""
    if state.net_minor is None and not _states_vat(command) and command.number is not None:
        return None, None, ()
    parts = credited_parts(state, command)
    return sum(part.net_minor for part in parts), sum(part.vat_minor for part in parts), parts


def _amount(state: Invoice, command: CreditInvoice) -> int:
    """The credit note's total, VAT included."""
    if command.amount_minor is not None:
        require_positive(command.amount_minor)
    amount = command.amount_minor
    if amount is None:
        amount = sum(part.net_minor + part.vat_minor for part in credited_parts(state, command))
    left = _left_minor(state)
    if amount > left:
        raise AmountExceedsOutstanding(
            f"Credit notes and VAT relief have left {money_of(state, left)} of {state.number}, "
            f"not {money_of(state, amount)}: lower the amount.",
        )
    return amount


def _left_minor(state: Invoice) -> int:
    return state.creditable_minor - state.relieved_minor


def _states_vat(command: CreditInvoice) -> bool:
    return command.lines is not None or command.parts is not None


def _next_surplus(state: Invoice, amount_minor: int, issued_on: date) -> Surplus | None:
    """The last payment before the first day on which too little would be outstanding, and how much of it has to go."""
    for day in sorted({issued_on, *(m.effective_on for m in state.movements if m.effective_on > issued_on)}):
        lacking = amount_minor - outstanding_on(state, day)
        standing = [part for part in state.applied if part.effective_on <= day]
        if lacking > 0 and standing:
            part = max(standing, key=lambda part: (part.received_on, part.effective_on))
            return Surplus(part, min(lacking, part.amount_minor), max(issued_on, part.effective_on))
    return None


def _without(state: Invoice, surplus: Surplus) -> Invoice:
    left = surplus.part.amount_minor - surplus.amount_minor
    kept = (replace(part, amount_minor=left) if part == surplus.part else part for part in state.applied)
    return replace(
        state,
        applied=tuple(part for part in kept if part.amount_minor > 0),
        movements=(*state.movements, BalanceChange(surplus.on, surplus.amount_minor)),
    )
