"""Commands on cheques, bills and notes, and the settlement of a day. A payment of one is recorded as any other."""

from __future__ import annotations

from datetime import date

from encours.contracts.events.money.payment import ReversalKind
from encours.kernel.errors import Invalid
from encours.kernel.ids import derived_id
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.instrument import decide
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
from invoice_svc.domain.instrument.state import Instrument
from invoice_svc.domain.payment.commands import ReceivePayment, ReversePayment
from invoice_svc.domain.payment.identity import payment_id_of
from invoice_svc.domain.payment.refusals import PaymentExists
from invoice_svc.domain.payment.state import Payment
from invoice_svc.use_cases.folds import INSTRUMENT, INVOICE, PAYMENT
from invoice_svc.use_cases.money import covers, payments, reversals
from invoice_svc.use_cases.money.payers import Candidates
from invoice_svc.use_cases.money.payments import Settled
from invoice_svc.use_cases.parties.debtors import pays, survivor, unmerged


async def receive(session: Session, command: ReceiveInstrument) -> Result:
    """Take an instrument of a customer in hand, for invoices that it owes or pays; it may come in place of another."""
    customer = await unmerged(session, command.customer_id)
    on = command.received_on or session.today
    instrument_id = await _new_id(session, command, customer.entity_id)
    if command.replaces is not None:
        await _replace(session, command.replaces, instrument_id, customer.customer_id)
    invoices = [await session.get(INVOICE, invoice_id) for invoice_id, _ in command.invoices]
    for at, invoice in enumerate(invoices):
        if not await pays(session, customer.customer_id, invoice.customer_id, session.today):
            raise Invalid(
                f"{command.customer_id} neither owes {invoice.number or invoice.invoice_id} nor pays it today.",
                f"/invoices/{at}/invoice_id",
            )
    received = decide.receive(command, instrument_id, customer.entity_id, invoices, on, session.today)
    session.emit(instrument_id, received, entity=customer.entity_id, effective_on=on)
    await covers.begin(session, instrument_id, on)
    return session.result(instrument_id)


async def accept(session: Session, command: AcceptInstrument) -> Result:
    """Record that the drawee accepted a bill."""
    state = await session.get(INSTRUMENT, command.instrument_id)
    on = command.on or session.today
    for event in decide.accept(state, command, on, session.today):
        covers.emit(session, state, event, on)
    return session.result(command.instrument_id)


async def refuse(session: Session, command: RefuseInstrument) -> Result:
    """Record that the drawee refused a bill: it covers nothing any more."""
    state = await session.get(INSTRUMENT, command.instrument_id)
    on = command.on or session.today
    event = decide.refuse(state, command, on, session.today)
    await covers.end(session, state, "refused", covers.emit(session, state, event, on))
    return session.result(command.instrument_id)


async def extend(session: Session, command: ExtendInstrument) -> Result:
    """Agree a new maturity, from today on."""
    state = await session.get(INSTRUMENT, command.instrument_id)
    for event in decide.extend(state, command, session.today):
        day = covers.emit(session, state, event, session.today)
        await covers.end(session, state, "extended", day)
        await covers.begin(session, state.instrument_id, day)
    return session.result(command.instrument_id)


async def remit(session: Session, command: RemitInstrument) -> Result:
    """Hand the instrument to the bank. One that was returned or unconfirmed covers its invoices again."""
    state = await session.get(INSTRUMENT, command.instrument_id)
    on = command.on or session.today
    event = decide.remit(state, command, on, session.today)
    day = covers.emit(session, state, event, on)
    if not state.is_covering:
        await covers.begin(session, state.instrument_id, day)
    return session.result(command.instrument_id)


async def clear(session: Session, command: ClearInstrument, candidates: Candidates = ()) -> Settled:
    """Record that the instrument is paid: its payment settles the invoices that it is meant for, as far as open.

    The reference of the payment is the number of the instrument, so that no other payment is recorded under it.
    """
    state = await session.get(INSTRUMENT, command.instrument_id)
    on = command.on or session.today
    if (known := await paid_otherwise(session, state)) is not None:
        raise PaymentExists(f"{known.payment_id} has the number of {state.number} as its reference.")
    payment_id, reference = await _new_payment_id(session, state, command.reference or state.number)
    event = decide.clear(state, command, payment_id, on, session.today)
    await covers.end(session, state, "cleared", covers.emit(session, state, event, on))
    payer = await survivor(session, state.customer_id, session.today)
    meant = [(each, await session.get(INVOICE, each.invoice_id)) for each in state.invoices]
    shares = ((each, min(each.amount_minor, invoice.outstanding_minor)) for each, invoice in meant)
    payment = ReceivePayment(
        payment_id=payment_id,
        entity_id=state.entity_id,
        customer_id=payer.customer_id,
        received_on=on,
        amount_minor=state.amount_minor,
        currency=state.currency,
        method=state.kind,
        external_ref=reference,
        allocations=tuple((each.invoice_id, amount) for each, amount in shares if amount > 0)
        if meant
        else None,
        instrument_id=state.instrument_id,
    )
    settled = await payments.receive(session, payment, candidates)
    return Settled(id=command.instrument_id, as_of=session.today, note=settled.note)


async def bounce(session: Session, command: ReturnInstrument) -> Result:
    """Record that the bank did not pay the instrument. A payment of it is reversed, and the debts are open again."""
    state = await session.get(INSTRUMENT, command.instrument_id)
    on = command.on or session.today
    if state.status == "cleared" and state.payment_id is not None:
        await reversals.reverse(session, _reversal(state, command))
        return session.result(command.instrument_id)
    event = decide.bounce(state, command, on, session.today)
    await covers.end(session, state, "returned", covers.emit(session, state, event, on))
    return session.result(command.instrument_id)


async def cancel(session: Session, command: CancelInstrument) -> Result:
    """Give the instrument back: it covers nothing any more."""
    state = await session.get(INSTRUMENT, command.instrument_id)
    for event in decide.cancel(state, command):
        await covers.end(session, state, "cancelled", covers.emit(session, state, event, session.today))
    return session.result(command.instrument_id)


async def settle_day(session: Session, instrument_id: str, day: date) -> Result:
    """Count a remitted instrument as paid whose days of clearing have passed, if agreed; else it is unconfirmed."""
    state = await session.get(INSTRUMENT, instrument_id)
    invoices = [await session.get(INVOICE, each.invoice_id) for each in state.invoices]
    if decide.is_presumed_paid(state, invoices, day) and await paid_otherwise(session, state) is None:
        return await clear(session, ClearInstrument(instrument_id, state.clears_by, "presumed"))
    for event in decide.lapse(state, day):
        await covers.end(session, state, "unconfirmed", covers.emit(session, state, event, day))
    return session.result(instrument_id)


async def _new_id(session: Session, command: ReceiveInstrument, entity_id: str) -> str:
    """Return the id of the instrument; another one if the same was recorded and cancelled. Raises a refusal."""
    named = (entity_id, command.customer_id, command.kind, command.number, command.iban or "")
    attempt = 1
    while True:  # ends: each attempt that is taken was recorded and cancelled before
        instrument_id = derived_id("ins", *named, attempt)
        known = await session.load(INSTRUMENT, instrument_id)
        if not known.instrument_id:
            return instrument_id
        if known.status != "cancelled":
            raise decide.InstrumentExists(
                f"{command.number} of {known.customer_id} is {instrument_id}, {known.status.replace('_', ' ')}."
            )
        attempt += 1


async def _replace(session: Session, instrument_id: str, by: str, customer_id: str) -> None:
    state = await session.get(INSTRUMENT, instrument_id)
    if not await pays(session, customer_id, state.customer_id, session.today):
        raise Invalid(f"{instrument_id} is of {state.customer_id}.", "/replaces")
    for event in decide.cancel(state, CancelInstrument(instrument_id, "Replaced"), by):
        await covers.end(session, state, "replaced", covers.emit(session, state, event, session.today))


async def paid_otherwise(session: Session, state: Instrument) -> Payment | None:
    """Return a payment of the customer, not of the instrument, that was recorded with its number and amount."""
    known = await session.load(PAYMENT, payment_id_of(state.entity_id, state.number))
    same = (known.customer_id, known.amount_minor, known.currency) == (
        state.customer_id, state.amount_minor, state.currency,
    )  # fmt: skip
    is_other = known.instrument_id is None and known.reversed_on is None
    return known if same and is_other else None


async def _new_payment_id(session: Session, state: Instrument, reference: str) -> tuple[str, str]:
    """Return the id of the payment that follows from its reference; another one if that is taken by another."""
    payment_id = payment_id_of(state.entity_id, reference)
    attempt = 1
    while (await session.load(PAYMENT, payment_id)).payment_id:  # ends: each was of an earlier clearing
        payment_id = derived_id("pay", state.instrument_id, attempt)
        attempt += 1
    return payment_id, reference


def _reversal(state: Instrument, command: ReturnInstrument) -> ReversePayment:
    kind: ReversalKind = "bounced_cheque" if state.kind == "cheque" else "unpaid_bill"
    return ReversePayment(
        payment_id=state.payment_id or "",
        on=command.on,
        cause=command.cause,
        kind=kind,
        return_code=command.return_code,
        reference=command.reference,
        reversal_id=command.reversal_id,
        charges_minor=command.charges.amount_minor if command.charges else None,
    )
