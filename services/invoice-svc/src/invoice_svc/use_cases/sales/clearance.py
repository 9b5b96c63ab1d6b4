"""Clearance of deliveries and of invoices without one by credit, for entities whose credit policy asks for it.

Policy, reservations and what was delivered are loaded from their streams, whose versions the append verifies: a
reservation that is released at the same moment clears nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec.structs import replace

from encours.contracts.clearance import (
    DepositInvoice,
    OrderBilling,
    OrderCredit,
    OrderedGoods,
    billing_of,
    credit_of,
    evolve_billing,
    evolve_credit,
    evolve_deposit,
    evolve_goods,
    with_vat,
)
from encours.contracts.common import CitedDelivery, Purpose
from encours.contracts.events.credit_policy import OrderRules
from encours.contracts.events.invoice import InvoiceAmended, InvoiceDrafted
from encours.contracts.events.sales.order import OrderDelivered
from encours.contracts.parties import limit_holder_of
from encours.kernel.ids import with_prefix
from encours.ledger.session import Session
from encours.ledger.states import Folder
from invoice_svc.domain.invoice.commands import DraftInvoice
from invoice_svc.domain.invoice.evolve import InvoiceEvent
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.order import clearance
from invoice_svc.domain.order.state import Order, OrderEvent
from invoice_svc.use_cases.folds import ORDER
from invoice_svc.use_cases.parties.debtors import own_records, survivor

ORDER_RULES: Folder[OrderRules] = Folder(OrderRules, clearance.rules_of)
ORDERED_GOODS: Folder[OrderedGoods] = Folder(OrderedGoods, evolve_goods)
DEPOSIT_INVOICE: Folder[DepositInvoice] = Folder(DepositInvoice, evolve_deposit)
ORDER_CREDIT: Folder[OrderCredit] = Folder(OrderCredit, evolve_credit)
ORDER_BILLING: Folder[OrderBilling] = Folder(OrderBilling, evolve_billing)
RESERVED_CREDIT: Folder[clearance.ReservedCredit] = Folder(
    clearance.ReservedCredit, clearance.evolve_reserved
)
HELD_CUSTOMER: Folder[clearance.HeldCustomer] = Folder(clearance.HeldCustomer, clearance.evolve_held)


class HoldsOn(Protocol):
    """Query for ids of holds on some customers of a ledger. It may name too many; the streams decide."""

    async def __call__(self, ledger: str, customers: Sequence[str], /) -> Sequence[str]: ...


class DepositsFor(Protocol):
    """Query for ids of an entity's deposit invoices whose reference is an order's number. The streams decide."""

    async def __call__(self, ledger: str, entity_id: str, order_number: str, /) -> Sequence[str]: ...


async def no_deposits(*_: str) -> Sequence[str]:
    """Find no deposit invoices: an agreed deposit is then unpaid."""
    return ()


async def require_cleared(
    session: Session,
    order: Order,
    delivered: Sequence[OrderEvent],
    holds_on: HoldsOn,
    deposits_for: DepositsFor = no_deposits,
) -> None:
    """Raise for a delivery that the credit policy stops.

    Raises :class:`OrderNotCleared`, :class:`DepositOutstanding` or :class:`DeliveryOnHold`.
    """
    rules = await session.load(ORDER_RULES, with_prefix(order.entity_id, "crp"))
    if not rules.need_reservation:
        return
    today = session.today
    credit = await session.load(ORDER_CREDIT, credit_of(order.order_id))
    reserved = [await session.load(RESERVED_CREDIT, each) for each in credit.reservations]
    own = await own_records(session, order.customer_id, (each.customer_id for each in reserved), today)
    found = clearance.usable(order, reserved, own, today)
    debtor = await survivor(session, order.customer_id, today)
    holder = limit_holder_of(debtor.customer_id, debtor.roles, today)
    concerned = sorted({*own, debtor.customer_id, holder})
    held = await session.ask(holds_on, session.meta.ledger, concerned)
    clearance.require_no_hold([await session.load(HELD_CUSTOMER, each) for each in held], found, today)
    if order.deposit_minor:
        named = await session.ask(deposits_for, session.meta.ledger, order.entity_id, order.number)
        deposits = [await session.load(DEPOSIT_INVOICE, each) for each in named]
        concerned_by = await own_records(
            session, order.customer_id, {record for each in deposits for record in each.customers}, today
        )
        clearance.require_deposit(order, deposits, concerned_by, found)
    goods = await session.load(ORDERED_GOODS, order.order_id)
    for each in delivered:
        if isinstance(each, OrderDelivered):
            clearance.require_reserved(order, goods, credit, reserved, found, each.net_minor)


async def require_invoice_cleared(
    session: Session, invoice: Invoice, net_minor: int, total_minor: int, replaced_minor: int
) -> None:
    """Raise :class:`InvoiceNotCleared` for an invoice that the credit policy stops.

    The amounts are what its deposits leave. Goods that were delivered are billed by law, and penalties are owed
    by it. A correction raises the exposure by what it adds to ``replaced_minor``, what is left of the invoice that it
    corrects.
    """
    if not await _asks_clearance(session, invoice.entity_id, invoice.purpose):
        return
    if invoice.corrects is not None:
        needed = total_minor - replaced_minor
    else:
        needed = await _direct_part(session, invoice, len(invoice.lines), net_minor, total_minor)
    if needed > 0:
        billing = await session.load(ORDER_BILLING, billing_of(invoice.invoice_id))
        clearance.require_let_pass(needed, billing.counted_minor, invoice.currency)


async def with_clearance(
    session: Session, document: DraftInvoice | Invoice, event: InvoiceEvent
) -> InvoiceEvent:
    """Return the content of a draft with the part by which it counts in the exposure, if its issue needs a clearance.

    That is what its deliveries have counted until now, also if it bills less of them. The draft of a correction counts
    by the reservations alone that it has ended.
    """
    assert isinstance(event, InvoiceDrafted | InvoiceAmended)
    if document.corrects or not await _asks_clearance(session, document.entity_id, document.purpose):
        return event
    direct = await _direct_part(session, document, len(event.lines), event.net_minor, event.total_minor)
    delivered = 0
    for each in document.deliveries:
        delivered += (await session.load(ORDERED_GOODS, each.order_id)).deliveries[each.delivery_id]
    return replace(event, cleared_minor=max(delivered, event.total_minor - direct))


async def _asks_clearance(session: Session, entity_id: str, purpose: Purpose) -> bool:
    rules = await session.load(ORDER_RULES, with_prefix(entity_id, "crp"))
    return rules.direct_invoices == "cleared" and purpose != "penalty"


async def _direct_part(
    session: Session, document: DraftInvoice | Invoice, lines: int, net_minor: int, total_minor: int
) -> int:
    """Return the part of an invoice's total that bills no delivery."""
    direct = net_minor - await _delivered_net(session, document.deliveries)
    # Each line is rounded by itself: as many minor units are no goods of their own.
    rounding = lines if document.deliveries else 0
    return with_vat(direct, net_minor, total_minor) if direct > rounding else 0


async def _delivered_net(session: Session, deliveries: Sequence[CitedDelivery]) -> int:
    """Return the value of the deliveries that an invoice bills, with the charges on their orders."""
    cited = {each.delivery_id for each in deliveries}
    orders = [await session.get(ORDER, each) for each in dict.fromkeys(one.order_id for one in deliveries)]
    found = (each for order in orders for each in order.deliveries if each.delivery_id in cited)
    charges = (each.signed_minor for order in orders for each in order.content.adjustments)
    return sum(each.net_minor for each in found) + sum(minor for minor in charges if minor > 0)
