"""Entries of losses and of realised exchange differences."""

from __future__ import annotations

from typing import Any

import msgspec

from encours.contracts.books.entries import Movement, moves, on_invoice
from encours.contracts.events import loss, rate
from encours.contracts.recorded import Recorded


@moves(loss.InvoiceWrittenOff, "item", "account")
def _written_off(e: Recorded, event: loss.InvoiceWrittenOff) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return on_invoice(e, event, "written_off", item_minor=-amount, account_minor=-amount)


@moves(loss.WriteOffReversed, "item", "account")
def _write_off_reversed(e: Recorded, event: loss.WriteOffReversed) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return on_invoice(e, event, "write_off_reversed", item_minor=amount, account_minor=amount)


@moves(loss.InvoiceUnrecoverable, "item", "account")
def _unrecoverable(e: Recorded, event: loss.InvoiceUnrecoverable) -> tuple[Movement, ...]:
    amount = event.written_off_minor
    return on_invoice(e, event, "unrecoverable", item_minor=-amount, account_minor=-amount) if amount else ()


@moves(loss.WriteOffRecovered, "item", "account")
def _recovered(e: Recorded, event: loss.WriteOffRecovered) -> tuple[Movement, ...]:
    # Without the payment, whose cash the application of the payment moves.
    amount = event.amount_minor
    moved = on_invoice(e, event, "recovered", item_minor=amount, account_minor=amount)
    return tuple(msgspec.structs.replace(each, payment_id=None) for each in moved)


@moves(rate.ExchangeDifferenceRealised)
@moves(rate.ExchangeDifferenceReversed)
def _difference(e: Recorded, event: Any) -> tuple[Movement, ...]:
    (moved,) = on_invoice(e, event, "exchange_difference")
    gain = event.amount_minor if isinstance(event, rate.ExchangeDifferenceRealised) else -event.amount_minor
    return (msgspec.structs.replace(moved, exchange_minor=gain),)
