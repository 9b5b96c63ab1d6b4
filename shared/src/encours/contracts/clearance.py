"""Clearance of an order in Encours: its goods with VAT, and the reservations of credit that end with its deliveries.

The service of orders and that of credit ask here, so that a delivery is cleared by the amount by which it then ends a
reservation. The total of the order gives the VAT of its deliveries, which are recorded net.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from encours.contracts.events.reservation import OrderDeliveryCounted
from encours.contracts.events.sales.order import DeliveryCancelled, OrderDelivered, OrderPlaced
from encours.contracts.recorded import Recorded
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
            return OrderedGoods(placed.customer_id, placed.currency, placed.net_minor, placed.total_minor)
        case OrderDelivered(delivery_id=delivery_id, net_minor=net_minor):
            return replace(
                state,
                deliveries={**state.deliveries, delivery_id: state.delivered_with(net_minor)},
                delivered_net_minor=state.delivered_net_minor + net_minor,
            )
        case DeliveryCancelled(delivery_id=cancelled, net_minor=net_minor):
            left = {each: minor for each, minor in state.deliveries.items() if each != cancelled}
            return replace(state, deliveries=left, delivered_net_minor=state.delivered_net_minor - net_minor)
        case _:
            return state


@dataclass(frozen=True, slots=True)
class OrderCredit:
    """Parts of the deliveries of an order that have ended reservations, in minor units of the order's currency."""

    counted: Mapping[str, int] = field(default_factory=dict)


def evolve_credit(state: OrderCredit, recorded: Recorded) -> OrderCredit:
    """Return the state after one more event."""
    event = recorded.data
    assert isinstance(event, OrderDeliveryCounted)
    before = state.counted.get(event.delivery_id, 0)
    return OrderCredit({**state.counted, event.delivery_id: before + event.amount_minor})
