"""Commands on an order, its deliveries, and the invoice of several deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from encours.kernel.ids import derived_id
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.order import decide, grouping
from invoice_svc.domain.order.commands import (
    CancelDelivery,
    CloseOrder,
    DeliverOrder,
    GroupDeliveries,
    PlaceOrder,
)
from invoice_svc.domain.order.state import OrderEvent
from invoice_svc.use_cases.folds import ENTITY, ORDER
from invoice_svc.use_cases.parties.debtors import own_records, unmerged
from invoice_svc.use_cases.sales import invoices
from invoice_svc.use_cases.sales.clearance import DepositsFor, HoldsOn, no_deposits, require_cleared


class OrdersToBill(Protocol):
    """Query for ids of orders of a customer with deliveries of a period that no invoice has.

    Arguments are ledger, entity, customer, first and last day. It may name too many; the streams decide.
    """

    async def __call__(
        self, ledger: str, entity_id: str, customer_id: str, from_on: date, to_on: date, /
    ) -> Sequence[str]: ...


async def place(session: Session, command: PlaceOrder) -> Result:
    """Record an order."""
    entity = await session.get(ENTITY, command.entity_id)
    on = command.ordered_on or session.today
    customer = await unmerged(session, command.customer_id, on)
    state = await session.load(ORDER, command.order_id)
    placed = decide.place(state, command, entity, customer, on, session.today)
    return _emit(session, command.order_id, command.entity_id, placed, on)


async def deliver(
    session: Session, command: DeliverOrder, holds_on: HoldsOn, deposits_for: DepositsFor = no_deposits
) -> Result:
    """Record a delivery. Its id follows from the order and the delivery note.

    Where the credit policy of the entity asks for it, a reservation has to cover the delivery, the agreed deposit to
    be paid, and no hold to stop it.
    """
    state = await session.get(ORDER, command.order_id)
    on = command.delivered_on or session.today
    earlier = sum(each.note_number == command.note_number for each in state.deliveries)
    delivery_id = derived_id("dlv", state.order_id, command.note_number, earlier)
    delivered = decide.deliver(state, command, delivery_id, on, session.today)
    await require_cleared(session, state, delivered, holds_on, deposits_for)
    return _emit(session, state.order_id, state.entity_id, delivered, on)


async def cancel_delivery(session: Session, command: CancelDelivery) -> Result:
    """Cancel a delivery that no invoice has."""
    state = await session.get(ORDER, command.order_id)
    return _emit(session, state.order_id, state.entity_id, decide.cancel_delivery(state, command))


async def close(session: Session, command: CloseOrder) -> Result:
    """End the order: no more is delivered."""
    state = await session.get(ORDER, command.order_id)
    return _emit(session, state.order_id, state.entity_id, decide.close(state, command))


async def group(session: Session, command: GroupDeliveries, to_bill: OrdersToBill) -> Result:
    """Make one invoice for the deliveries that no invoice has.

    Each order is loaded from its own stream and the append verifies its version, so no delivery is billed twice.
    """
    entity = await session.get(ENTITY, command.entity_id)
    ids = await session.ask(
        to_bill,
        session.meta.ledger,
        command.entity_id,
        command.customer_id,
        command.from_on,
        command.to_on,
    )
    wanted = ids if command.order_ids is None else [each for each in ids if each in command.order_ids]
    orders = [await session.get(ORDER, order_id) for order_id in wanted]
    currency = command.currency or entity.currency
    on = min(command.issued_on or session.today, session.today) if command.issue else session.today
    buyers = (order.customer_id for order in orders)
    own = await own_records(session, command.customer_id, buyers, session.today)
    taken = grouping.take(command, orders, currency, own)
    for part in taken:
        billed = decide.bill(part.order, part.deliveries, command.invoice_id)
        _emit(session, part.order.order_id, part.order.entity_id, [billed], on)
    # After the deliveries, which the lists must know when the invoice is issued.
    return await invoices.draft(session, grouping.invoice_for(command, taken, currency))


def _emit(
    session: Session, order_id: str, entity_id: str, events: Sequence[OrderEvent], on: date | None = None
) -> Result:
    for event in events:
        session.emit(order_id, event, entity=entity_id, effective_on=on)
    return session.result(order_id)
