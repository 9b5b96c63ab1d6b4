"""Clearance of an order in Encours: its goods with VAT, and the reservations of credit that end with its deliveries.

The service of orders and that of credit ask here, so that a delivery is cleared by the amount by which it then ends a
reservation. The total of the order gives the VAT of its deliveries, which are recorded net.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from encours.contracts.events.invoice import InvoiceIssued, PaymentApplied, PaymentUnapplied
from encours.contracts.events.reservation import (
    OrderBillingCounted,
    OrderCreditFollowed,
    OrderDeliveryCounted,
    OrderReservationMade,
)
from encours.contracts.events.sales.order import (
    DeliveryCancelled,
    OrderClosed,
    OrderDelivered,
    OrderPlaced,
)
from encours.contracts.recorded import Recorded
from encours.kernel.ids import with_prefix
from encours.kernel.money import div_half_up


def with_vat(part_minor: int, net_minor: int, total_minor: int) -> int:
    """Return a net part of an order with its share of the VAT, rounded half up; itself for an order of nothing."""
    return div_half_up(part_minor * total_minor, net_minor) if net_minor > 0 else part_minor


@dataclass(frozen=True, slots=True)
class OrderedGoods:
    """An order with its deliveries that are not cancelled, in minor units of its currency."""

    customer_id: str = ""
    currency: str = ""
    net_minor: int = 0
    total_minor: int = 0
    delivered_net_minor: int = 0
    deliveries: Mapping[str, int] = field(default_factory=dict)
    """Amounts with VAT."""
    closed: bool = False
    number: str = ""
    deposit_minor: int = 0
    """Deposit that is agreed for it."""

    def delivered_with(self, net_minor: int) -> int:
        """Return the amount with VAT of one more delivery.

        All that is delivered is rounded as a whole, so that the parts add up to it.
        """
        after = with_vat(self.delivered_net_minor + net_minor, self.net_minor, self.total_minor)
        return after - with_vat(self.delivered_net_minor, self.net_minor, self.total_minor)


def evolve_goods(state: OrderedGoods, recorded: Recorded) -> OrderedGoods:
    """Return the order after one more event of its stream."""
    match recorded.data:
        case OrderPlaced() as placed:
            return OrderedGoods(
                placed.customer_id,
                placed.currency,
                placed.net_minor,
                placed.total_minor,
                number=placed.number,
                deposit_minor=placed.deposit_minor or 0,
            )
        case OrderDelivered(delivery_id=delivery_id, net_minor=net_minor):
            return replace(
                state,
                deliveries={**state.deliveries, delivery_id: state.delivered_with(net_minor)},
                delivered_net_minor=state.delivered_net_minor + net_minor,
            )
        case DeliveryCancelled(delivery_id=cancelled, net_minor=net_minor):
            left = {each: minor for each, minor in state.deliveries.items() if each != cancelled}
            return replace(state, deliveries=left, delivered_net_minor=state.delivered_net_minor - net_minor)
        case OrderClosed():
            return replace(state, closed=True)
        case _:
            return state


@dataclass(frozen=True, slots=True)
class DepositInvoice:
    """An issued invoice as far as it may pay the deposit of an order; ``customers`` order the goods, or are billed."""

    purpose: str = ""
    reference: str | None = None
    currency: str = ""
    customers: frozenset[str] = frozenset()
    paid_minor: int = 0


def evolve_deposit(state: DepositInvoice, recorded: Recorded) -> DepositInvoice:
    """Return the invoice after one more event of its stream."""
    match recorded.data:
        case InvoiceIssued() as issued:
            return DepositInvoice(
                issued.purpose,
                issued.reference,
                issued.currency,
                frozenset({issued.customer_id, issued.purchaser_id or issued.customer_id}),
            )
        case PaymentApplied(amount_minor=minor):
            return replace(state, paid_minor=state.paid_minor + minor)
        case PaymentUnapplied(amount_minor=minor):
            return replace(state, paid_minor=state.paid_minor - minor)
        case _:
            return state


def deposit_paid(
    order_number: str, currency: str, invoices: Iterable[DepositInvoice], own: Collection[str]
) -> int:
    """Return what is paid of the deposit of an order, in minor units of its currency.

    Deposit invoices to ``own`` records of its customer that name the order's number as their reference pay it.
    """
    return sum(
        each.paid_minor
        for each in invoices
        if each.purpose == "deposit"
        and each.reference == order_number
        and each.currency == currency
        and not each.customers.isdisjoint(own)
    )


@dataclass(frozen=True, slots=True)
class OrderCredit:
    """Reservations of an order in Encours, and the parts of its deliveries that have ended some of them."""

    reservations: tuple[str, ...] = ()
    earlier: frozenset[str] = frozenset()
    """Deliveries of before the first reservation."""
    counted: Mapping[str, int] = field(default_factory=dict)
    """Parts of deliveries, in minor units of the order's currency."""
    followed_version: int = 0
    """Version of the order's stream that the reservations follow."""

    def uncounted(self, goods: OrderedGoods) -> dict[str, int]:
        """Return what of each delivery has not ended its part of a reservation yet."""
        left = {
            each: minor - self.counted.get(each, 0)
            for each, minor in goods.deliveries.items()
            if each not in self.earlier
        }
        return {each: minor for each, minor in left.items() if minor > 0}


def credit_of(order_id: str) -> str:
    """Return the stream of the credit of an order."""
    return with_prefix(order_id, "ocr")


def evolve_credit(state: OrderCredit, recorded: Recorded) -> OrderCredit:
    """Return the state after one more event."""
    event: OrderReservationMade | OrderDeliveryCounted | OrderCreditFollowed = recorded.data  # type: ignore[assignment]  # the stream holds this family alone
    match event:
        case OrderReservationMade():
            earlier = state.earlier if state.reservations else frozenset(event.earlier)
            return replace(state, reservations=(*state.reservations, event.reservation_id), earlier=earlier)
        case OrderDeliveryCounted():
            before = state.counted.get(event.delivery_id, 0)
            return replace(state, counted={**state.counted, event.delivery_id: before + event.amount_minor})
        case OrderCreditFollowed():
            return replace(state, followed_version=event.order_version)
        case _:
            assert_never(event)


def drafted_exposure(
    total_minor: int, cleared_minor: int | None, counted_minor: int, *, corrects: bool
) -> int:
    """Return the amount by which a draft counts in the exposure, in minor units.

    ``cleared_minor``: value with VAT of the deliveries that it bills, under a credit policy that asks for a clearance
    (decision 0028), else ``None``. With a clearance, these and the reservations that it has ended count, which counted
    until then, whatever its content becomes. So a draft raises the exposure by nothing that has not passed the limit,
    nor by what it had left to others. The invoice that a draft ``corrects`` counts until its issue, so the draft counts
    by the reservations alone that it has ended for what it adds to it.
    """
    if corrects:
        return counted_minor
    return total_minor if cleared_minor is None else cleared_minor + counted_minor


@dataclass(frozen=True, slots=True)
class OrderBilling:
    """Part of an invoice that bills orders, in minor units of the invoice's currency."""

    counted_minor: int = 0


def billing_of(invoice_id: str) -> str:
    """Return the stream of the billing of an invoice."""
    return with_prefix(invoice_id, "obl")


def evolve_billing(state: OrderBilling, recorded: Recorded) -> OrderBilling:
    """Return the state after one more event."""
    assert isinstance(recorded.data, OrderBillingCounted)
    return OrderBilling(state.counted_minor + recorded.data.amount_minor)
