"""Bank lines that pay a cheque, bill or note: the line is the payment of the instrument, and no other is recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import NamedTuple

from encours.ledger.session import Session
from invoice_svc.domain.bank_line import decide
from invoice_svc.domain.bank_line.state import BankLine
from invoice_svc.domain.instrument.commands import ClearInstrument
from invoice_svc.domain.instrument.numbers import is_paid_by
from invoice_svc.use_cases.folds import INSTRUMENT, PAYMENT
from invoice_svc.use_cases.money import instruments

Taken = Callable[[str, Sequence[str]], Awaitable[Collection[str]]]


class InstrumentPayment(NamedTuple):
    """Payment of an instrument, and its number; ``is_new`` if the line records it."""

    payment_id: str
    number: str
    is_new: bool


async def pay(
    session: Session, state: BankLine, instrument_ids: Sequence[str], taken: Taken
) -> InstrumentPayment | None:
    """Clear the one instrument that has number and amount of the line; ``None`` if none has, or several have.

    One that counts as paid already is paid by the line, unless another line is its payment.
    """
    line = decide.stated(state)
    found = [await session.get(INSTRUMENT, each) for each in instrument_ids]
    fitting = [each for each in found if is_paid_by(each, line)]
    if len(fitting) != 1 or await instruments.paid_otherwise(session, fitting[0]) is not None:
        return None
    (instrument,) = fitting
    if instrument.status == "cleared":
        assert instrument.payment_id is not None, "a cleared instrument has a payment"
        payment = await session.get(PAYMENT, instrument.payment_id)
        if payment.reversed_on is not None or payment.line_id is not None:
            return None
        if await session.ask(taken, session.meta.ledger, [payment.payment_id]):
            return None
        return InstrumentPayment(payment.payment_id, instrument.number, is_new=False)
    on = max(instrument.received_on, decide.received_on(line, session.today))
    await instruments.clear(session, ClearInstrument(instrument.instrument_id, on, "bank_line", line.line_id))
    paid = await session.get(INSTRUMENT, instrument.instrument_id)
    assert paid.payment_id is not None, "it has been cleared"
    return InstrumentPayment(paid.payment_id, instrument.number, is_new=True)
