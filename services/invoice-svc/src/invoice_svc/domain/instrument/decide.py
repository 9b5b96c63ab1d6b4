"""The rules of a cheque, bill of exchange or promissory note.

It is no payment: the debt stays open, and bears interest unless agreed otherwise, until the funds have come. The day
that a cheque bears binds nobody: it may be presented earlier (C. mon. fin. L131-31).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from encours.contracts.events import instrument as events
from encours.contracts.events.money.instrument import CoveredInvoice
from encours.kernel.business_days import business_calendar
from encours.kernel.errors import Invalid, Refusal
from encours.kernel.money import Money
from encours.legal.returns import return_reason
from invoice_svc.domain.instrument.commands import (
    AcceptInstrument,
    CancelInstrument,
    ClearInstrument,
    ExtendInstrument,
    ReceiveInstrument,
    RefuseInstrument,
    RemitInstrument,
    ReturnInstrument,
)
from invoice_svc.domain.instrument.state import Instrument, InstrumentStatus
from invoice_svc.domain.invoice.checks import require_fits, require_issued, require_not_future
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment.state import Payment, Reversal
from invoice_svc.domain.refusals import CustomerOfOtherEntity, require_currency

_OPEN: frozenset[InstrumentStatus] = frozenset({"in_hand", "remitted", "unconfirmed"})
_WITH_CREDITOR: frozenset[InstrumentStatus] = frozenset({"in_hand", "unconfirmed", "returned"})


class InstrumentExists(Refusal):
    """The customer has given an instrument of that kind and number, drawn on the same account, already."""

    code = "instrument-exists"
    title = "Cheque, bill or note is recorded already"
    remedy = "GET the instrument; cancel it first if it was recorded wrongly."


class InstrumentNotOpen(Refusal):
    """The status of the instrument does not allow the command."""

    code = "instrument-not-open"
    title = "Status of the cheque, bill or note does not allow this"
    remedy = "GET the instrument for its status."


class NotABill(Refusal):
    """Only a bill of exchange is accepted by its drawee (422)."""

    code = "not-a-bill"
    title = "Not a bill of exchange"
    status = 422
    remedy = "Record an acceptance, or its refusal, of a bill of exchange alone."


def receive(
    command: ReceiveInstrument,
    instrument_id: str,
    entity_id: str,
    invoices: Sequence[Invoice],
    received_on: date,
    today: date,
) -> events.InstrumentReceived:
    """Take the instrument in hand; ``invoices`` are those of the command, in its order."""
    require_not_future(received_on, today, "/received_on")
    currency = command.amount.currency
    if command.amount.amount_minor <= 0:
        raise Invalid("The amount must be above 0.", "/amount")
    matures_on = command.matures_on or received_on
    if matures_on < received_on and command.kind == "cheque":
        raise Invalid(f"Use {received_on}, on which it was received, or a later date.", "/matures_on")
    if command.accepted_on is not None:
        if command.kind != "bill_of_exchange":
            raise NotABill(f"A {command.kind.replace('_', ' ')} is not accepted.", "/accepted_on")
        require_not_future(command.accepted_on, today, "/accepted_on")
    for at, ((_, share), invoice) in enumerate(zip(command.invoices, invoices, strict=True)):
        _require_coverable(invoice, share, entity_id, currency, f"/invoices/{at}")
    meant_minor = sum(share.amount_minor for _, share in command.invoices)
    if meant_minor > command.amount.amount_minor:
        raise Invalid(f"The invoices have {Money(meant_minor, currency)}, more than the amount.", "/invoices")
    if command.presumed_paid and meant_minor != command.amount.amount_minor:
        raise Invalid(
            "Name invoices for the whole amount, so that no other payment is one of it.", "/invoices"
        )
    return events.InstrumentReceived(
        instrument_id=instrument_id,
        customer_id=command.customer_id,
        kind=command.kind,
        number=command.number,
        obligor=command.obligor,
        bank_name=command.bank_name,
        iban=command.iban,
        amount_minor=command.amount.amount_minor,
        currency=currency,
        issued_on=command.issued_on,
        received_on=received_on,
        matures_on=matures_on,
        accepted_on=command.accepted_on,
        invoices=tuple(
            CoveredInvoice(
                invoice_id=each.invoice_id, number=each.number or "", amount_minor=share.amount_minor
            )
            for (_, share), each in zip(command.invoices, invoices, strict=True)
        ),
        clearing_days=command.clearing_days,
        clears_by=business_days_after(matures_on, command.clearing_days),
        presumed_paid=command.presumed_paid,
        interest=command.interest,
        replaces=command.replaces,
        text=command.text,
        evidence_sha256=command.evidence_sha256,
    )


def accept(
    state: Instrument, command: AcceptInstrument, on: date, today: date
) -> list[events.InstrumentAccepted]:
    """Record the acceptance of a bill; no event if it is accepted."""
    _require_bill(state)
    _require(state, _OPEN, "accepted")
    _require_dated(state, on, today)
    if state.accepted_on is not None:
        return []
    return [
        events.InstrumentAccepted(
            instrument_id=state.instrument_id,
            customer_id=state.customer_id,
            amount_minor=state.amount_minor,
            currency=state.currency,
            evidence_sha256=command.evidence_sha256,
        )
    ]


def refuse(state: Instrument, command: RefuseInstrument, on: date, today: date) -> events.InstrumentRefused:
    """Record that the drawee refused to accept a bill."""
    _require_bill(state)
    _require(state, _OPEN, "refused")
    if state.accepted_on is not None:
        raise InstrumentNotOpen(f"{state.number} was accepted on {state.accepted_on}.")
    _require_dated(state, on, today)
    return events.InstrumentRefused(
        instrument_id=state.instrument_id,
        customer_id=state.customer_id,
        amount_minor=state.amount_minor,
        currency=state.currency,
        cause=command.cause,
    )


def extend(state: Instrument, command: ExtendInstrument, today: date) -> list[events.InstrumentExtended]:
    """Agree a new maturity of an instrument that the bank does not have; no event if it has that maturity."""
    _require(state, _WITH_CREDITOR, "extended")
    if command.matures_on == state.matures_on:
        return []
    if command.matures_on < today:
        raise Invalid(f"{command.matures_on} is past; use {today} or a later date.", "/matures_on")
    return [
        events.InstrumentExtended(
            instrument_id=state.instrument_id,
            customer_id=state.customer_id,
            amount_minor=state.amount_minor,
            currency=state.currency,
            matured_on=state.matures_on,
            matures_on=command.matures_on,
            clears_by=business_days_after(command.matures_on, state.clearing_days),
            cause=command.cause,
            agreed_by=command.agreed_by,
            evidence_sha256=command.evidence_sha256,
        )
    ]


def remit(state: Instrument, command: RemitInstrument, on: date, today: date) -> events.InstrumentRemitted:
    """Hand it to the bank. A cheque is paid when it is presented, a bill or note not before its maturity."""
    _require(state, _WITH_CREDITOR, "remitted")
    _require_dated(state, on, today)
    first = on if state.kind == "cheque" else max(on, state.matures_on)
    return events.InstrumentRemitted(
        instrument_id=state.instrument_id,
        customer_id=state.customer_id,
        amount_minor=state.amount_minor,
        currency=state.currency,
        remitted_on=on,
        account_iban=command.account_iban,
        reference=command.reference,
        clears_by=business_days_after(first, state.clearing_days),
    )


def clear(
    state: Instrument, command: ClearInstrument, payment_id: str, on: date, today: date
) -> events.InstrumentCleared:
    """Record that it was paid on a day from its receipt on."""
    _require(state, _OPEN, "paid")
    require_not_future(on, today, "/on")
    if on < state.received_on:
        raise Invalid(f"It was received on {state.received_on}; use that or a later date.", "/on")
    return cleared(state, payment_id, on, command)


def cleared(
    state: Instrument, payment_id: str, on: date, command: ClearInstrument
) -> events.InstrumentCleared:
    """Return the event of a payment of the instrument."""
    return events.InstrumentCleared(
        instrument_id=state.instrument_id,
        customer_id=state.customer_id,
        amount_minor=state.amount_minor,
        currency=state.currency,
        payment_id=payment_id,
        cleared_on=on,
        basis=command.basis,
        line_id=command.line_id,
    )


def is_presumed_paid(state: Instrument, invoices: Sequence[Invoice], day: date) -> bool:
    """Return True if a remitted instrument counts as paid on a day without a line of the bank.

    All that it is meant for must be open still: what other money has settled may have been its payment.
    """
    is_open = all(
        invoice.outstanding_minor >= each.amount_minor
        for each, invoice in zip(state.invoices, invoices, strict=True)
    )
    return state.presumed_paid and state.status == "remitted" and day >= state.clears_by and is_open


def lapse(state: Instrument, day: date) -> list[events.InstrumentUnconfirmed]:
    """Return the event of a day after the days of clearing, for an instrument that was neither paid nor returned."""
    if not state.is_covering or day <= state.clears_by:
        return []
    return [
        events.InstrumentUnconfirmed(
            instrument_id=state.instrument_id,
            customer_id=state.customer_id,
            amount_minor=state.amount_minor,
            currency=state.currency,
            clears_by=state.clears_by,
            is_remitted=state.is_remitted,
        )
    ]


def bounce(state: Instrument, command: ReturnInstrument, on: date, today: date) -> events.InstrumentReturned:
    """Record the return of an instrument that had not counted as paid."""
    _require(state, _OPEN, "returned")
    _require_dated(state, on, today)
    if command.charges is not None:
        require_currency(command.charges.currency, state.currency, "/charges")
    reason = return_reason(command.return_code, on)
    return events.InstrumentReturned(
        instrument_id=state.instrument_id,
        customer_id=state.customer_id,
        amount_minor=state.amount_minor,
        currency=state.currency,
        returned_on=on,
        cause=command.cause,
        payment_id=None,
        reversal_id=None,
        return_code=command.return_code,
        consequence=reason.consequence if reason else None,
        may_retry=reason.may_retry if reason else None,
        charges_minor=command.charges.amount_minor if command.charges else None,
        reference=command.reference,
        line_id=None,
    )


def after_reversal(
    state: Instrument, payment: Payment, reversal: Reversal
) -> events.InstrumentReturned | events.ClearingWithdrawn | None:
    """Return the event of an instrument whose payment was reversed as a whole; ``None`` if it is not paid by it."""
    if state.status != "cleared" or state.payment_id != payment.payment_id:
        return None
    event = reversal.event
    if event.kind == "wrong_booking":
        return events.ClearingWithdrawn(
            instrument_id=state.instrument_id,
            customer_id=state.customer_id,
            amount_minor=state.amount_minor,
            currency=state.currency,
            payment_id=payment.payment_id,
            cause=event.cause,
        )
    return events.InstrumentReturned(
        instrument_id=state.instrument_id,
        customer_id=state.customer_id,
        amount_minor=state.amount_minor,
        currency=state.currency,
        returned_on=reversal.on,
        cause=event.cause,
        payment_id=payment.payment_id,
        reversal_id=event.reversal_id,
        return_code=event.return_code,
        consequence=event.consequence,
        may_retry=event.may_retry,
        charges_minor=event.charges_minor,
        reference=event.reference,
        line_id=event.line_id,
    )


def after_restoration(state: Instrument, payment: Payment) -> events.InstrumentCleared | None:
    """Return the event of an instrument whose payment stands again; ``None`` if it has gone another way since."""
    if state.status not in (*_OPEN, "returned") or state.payment_id != payment.payment_id:
        return None
    command = ClearInstrument(state.instrument_id, basis="reversal_withdrawn")
    return cleared(state, payment.payment_id, payment.received_on, command)


def cancel(
    state: Instrument, command: CancelInstrument, replaced_by: str | None = None
) -> list[events.InstrumentCancelled]:
    """Give back an instrument that was not paid; no event if that is done."""
    if state.status == "cancelled":
        return []
    _require(state, _OPEN | _WITH_CREDITOR | {"refused"}, "given back")
    return [
        events.InstrumentCancelled(
            instrument_id=state.instrument_id,
            customer_id=state.customer_id,
            amount_minor=state.amount_minor,
            currency=state.currency,
            cause=command.cause,
            replaced_by=replaced_by,
        )
    ]


def business_days_after(day: date, count: int) -> date:
    """Return the day so many business days (TARGET) after a day, which need not be one itself."""
    calendar = business_calendar("TARGET")
    for _ in range(count):
        day = calendar.shifted(day + timedelta(days=1), "following")
    return day


def _require(state: Instrument, allowed: frozenset[InstrumentStatus], verb: str) -> None:
    if state.status not in allowed:
        raise InstrumentNotOpen(
            f"{state.number} is {state.status.replace('_', ' ')}: it cannot be {verb} now."
        )


def _require_bill(state: Instrument) -> None:
    if state.kind != "bill_of_exchange":
        raise NotABill(f"{state.number} is a {state.kind.replace('_', ' ')}.")


def _require_dated(state: Instrument, on: date, today: date) -> None:
    require_not_future(on, today, "/on")
    if on < state.last_on:
        raise Invalid(f"It has changed on {state.last_on}; use that or a later date.", "/on")


def _require_coverable(invoice: Invoice, share: Money, entity_id: str, currency: str, pointer: str) -> None:
    require_issued(invoice, "covered by a cheque, bill or note")
    if invoice.entity_id != entity_id:
        raise CustomerOfOtherEntity(
            f"{invoice.number} is of the entity {invoice.entity_id}, and the customer of {entity_id}."
        )
    require_currency(share.currency, currency, f"{pointer}/amount")
    require_currency(currency, invoice.currency, "/amount")
    require_fits(invoice, share.amount_minor, invoice.outstanding_minor - invoice.meant_minor, None)
