"""Orders in the exposure: reservations, and goods that are delivered and not billed.

The total of an order in Encours gives the VAT of its deliveries, which are recorded net; what is unbilled is rounded as
a whole, so that nothing is left of it once all is billed.
"""

from __future__ import annotations

from msgspec.json import encode
from msgspec.structs import asdict

from encours.contracts import Recorded
from encours.contracts.clearance import with_vat
from encours.contracts.events.reservation import (
    OrderCreditFollowed,
    ReservationConsumed,
    ReservationDecided,
    ReservationDelivered,
    ReservationExpired,
    ReservationOverridden,
    ReservationReleased,
)
from encours.contracts.events.sales.order import (
    DeliveryCancelled,
    OrderBilled,
    OrderClosed,
    OrderDelivered,
    OrderPlaced,
    OrderUnbilled,
)
from encours.projection.row_cache import RowCache
from risk_svc.domain.decision_reasons import reasons_by_basis
from risk_svc.read_models.credit.rows import (
    DeliveredOrderRow,
    FollowedOrderRow,
    OrderPolicyRow,
    OrderStateRow,
    ReservationRow,
)

Reserving = (
    ReservationOverridden
    | ReservationDelivered
    | ReservationConsumed
    | ReservationReleased
    | ReservationExpired
)
Delivering = OrderDelivered | DeliveryCancelled | OrderBilled | OrderUnbilled
Ordering = ReservationDecided | Reserving | Delivering


def decided(e: Recorded, data: ReservationDecided, rows: RowCache) -> int:
    """Put the decision on an order; return the amount that it reserves."""
    reserved = data.amount_minor if data.decision == "accept" else 0
    known = rows.get(ReservationRow, data.reservation_id)
    row = ReservationRow(
        reservation_id=data.reservation_id,
        customer_id=data.customer_id,
        entity_id=e.entity,
        holder_id=data.basis.holder_id,
        order_ref=data.order_ref,
        status="reserved" if reserved else "blocked",
        amount_minor=data.amount_minor,
        currency=data.currency,
        reserved_minor=reserved + (known.reserved_minor if known else 0),
        delivered_minor=known.delivered_minor if known else 0,
        deliver_on=data.deliver_on,
        expires_on=data.expires_on,
        decision=data.decision,
        reasons=[encode(each).decode() for each in reasons_by_basis(data.reasons, data.basis)],
        attempt=data.attempt,
        decided_on=e.effective_on,
        decided_position=e.position,
        ordered_on=known.ordered_on if known else e.effective_on,
        ordered_position=known.ordered_position if known else e.position,
        changed_on=e.effective_on,
        changed_position=e.position,
        waits_until=data.waits_until,
    )
    _put(row, rows)
    return reserved


def _put(row: ReservationRow, rows: RowCache) -> None:
    rows.put(row)
    rows.put(OrderStateRow(**asdict(row)))


def changed(e: Recorded, data: Reserving, rows: RowCache) -> tuple[int, int]:
    """Change the reservation by an event after its decision; return the changes of reserved and delivered."""
    row = rows.get(ReservationRow, data.reservation_id)
    if row is None:
        raise LookupError(f"reservation {data.reservation_id} was never decided")
    reserved = delivered = 0
    match data:
        case ReservationOverridden():
            reserved, row.status = data.amount_minor, "reserved"
        case ReservationDelivered():
            reserved, delivered = -data.amount_minor, data.amount_minor
        case ReservationConsumed():
            reserved, delivered = data.delivered_minor - data.amount_minor, -data.delivered_minor
            if row.reserved_minor + reserved == row.delivered_minor + delivered == 0:
                row.status = "consumed"
        case ReservationReleased():
            reserved, row.status = -data.amount_minor, "released"
        case ReservationExpired():
            reserved, row.status = -data.amount_minor, "expired"
    row.reserved_minor += reserved
    row.delivered_minor += delivered
    row.changed_on, row.changed_position = e.effective_on, e.position
    _put(row, rows)
    return reserved, delivered


def placed(data: OrderPlaced, rows: RowCache) -> None:
    """Put an order, of which nothing is delivered."""
    rows.put(
        DeliveredOrderRow(
            order_id=data.order_id,
            net_minor=data.net_minor,
            total_minor=data.total_minor,
            unbilled_net_minor=0,
            unbilled_minor=0,
        )
    )


def to_follow(e: Recorded, data: OrderPlaced | Delivering | OrderClosed, rows: RowCache) -> None:
    """Note the version of an order that its reservations have to follow once the entity's policy asks for them.

    An order that is closed before that needs none, so there is nothing to follow.
    """
    policy = rows.get(OrderPolicyRow, e.entity)
    row = rows.get(FollowedOrderRow, data.order_id)
    followed = row.followed_version if row else 0
    if isinstance(data, OrderClosed) and (policy is None or not policy.need_reservation):
        followed = e.version
    rows.put(
        FollowedOrderRow(
            order_id=data.order_id, entity_id=e.entity, version=e.version, followed_version=followed
        )
    )


def followed(data: OrderCreditFollowed, rows: RowCache) -> None:
    """Note the version of an order that its reservations follow."""
    row = rows.get(FollowedOrderRow, data.order_id)
    if row is not None:
        row.followed_version = data.order_version
        rows.put(row)


def unbilled_change(data: Delivering, rows: RowCache) -> int:
    """Change what is delivered and not billed of an order; return the change with VAT."""
    row = rows.get(DeliveredOrderRow, data.order_id)
    if row is None:
        raise LookupError(f"order {data.order_id} was never placed")
    adds = isinstance(data, OrderDelivered | OrderUnbilled)
    row.unbilled_net_minor += data.net_minor if adds else -data.net_minor
    before = row.unbilled_minor
    row.unbilled_minor = with_vat(row.unbilled_net_minor, row.net_minor, row.total_minor)
    rows.put(row)
    return row.unbilled_minor - before
