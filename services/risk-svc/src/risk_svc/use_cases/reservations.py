"""Commands on reservations.

Before an amount is reserved, the credit line of the customer whose limit holds is loaded: the append is refused, and
the order decided again, if another order has drawn from the line in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

from encours.contracts.clearance import (
    OrderBilling,
    OrderCredit,
    OrderedGoods,
    billing_of,
    credit_of,
    evolve_billing,
    evolve_credit,
)
from encours.contracts.events.reservation import (
    CreditLineDrawn,
    OrderBillingCounted,
    OrderCreditFollowed,
    OrderDeliveryCounted,
    OrderReservationMade,
    ReservationDecided,
    ReservationOverridden,
)
from encours.contracts.events.risk import DepositSeen
from encours.contracts.events.score import STREAM
from encours.kernel.exchange import rate_through
from encours.kernel.ids import derived_id, with_prefix
from encours.ledger.command import Result
from encours.ledger.errors import VersionConflict
from encours.ledger.merges import survivor
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain.picture import SeenPicture
from risk_svc.domain.policy import NO_ROLE, LacksAuthority, policy_of
from risk_svc.domain.reservation import commands, decide
from risk_svc.domain.reservation.documents import (
    BillingInvoice,
    Uncounted,
    evolve_invoice,
)
from risk_svc.domain.reservation.state import (
    CreditLine,
    Reservation,
    ReservationEvent,
    ReservationNotFound,
    evolve,
    evolve_line,
)
from risk_svc.use_cases.customers import CUSTOMER, is_among, unmerged
from risk_svc.use_cases.deposits import ORDERED_GOODS, Deposits, deposit_of, order_of
from risk_svc.use_cases.score_models import SCORE_MODELS
from risk_svc.use_cases.standing import CREDIT_POLICY, authority_for

RESERVATION: Folder[Reservation] = Folder(Reservation, evolve, ReservationNotFound)
CREDIT_LINE: Folder[CreditLine] = Folder(CreditLine, evolve_line)
ORDER_BILLING: Folder[OrderBilling] = Folder(OrderBilling, evolve_billing)
ORDER_CREDIT: Folder[OrderCredit] = Folder(OrderCredit, evolve_credit)
BILLING_INVOICE: Folder[BillingInvoice] = Folder(BillingInvoice, evolve_invoice)


class Pictures(Deposits, Protocol):
    """Query for the figures of a customer, and for what is paid of a deposit."""

    async def of(self, ledger: str, customer_id: str, day: date) -> SeenPicture:
        """Return figures, their position and lag."""


async def reserve(session: Session, command: commands.ReserveCredit, pictures: Pictures) -> Result:
    """Decide an order, and reserve its amount if it is accepted."""
    await session.load(RESERVATION, command.reservation_id)
    customer = await unmerged(session, command.customer_id)
    seen = await _figures(session, command.customer_id, pictures)
    rules = (await session.load(CREDIT_POLICY, policy_of(customer.entity_id))).orders
    order = await order_of(session, command.order_ref, command.customer_id)
    deposit = await deposit_of(session, order, customer.entity_id, seen.position, pictures)
    event = decide.reserve(command, seen, session.today, rules.grace_days, deposit=deposit)
    if order is not None:
        await _note_order(session, event, order, customer.entity_id)
    _emit_decided(session, event, customer.entity_id)
    return session.result(command.reservation_id)


async def _note_order(
    session: Session, event: ReservationDecided, goods: OrderedGoods, entity_id: str
) -> None:
    """Note with an order in Encours the reservation that is made for it."""
    stream = credit_of(event.order_ref)
    credit = await session.load(ORDER_CREDIT, stream)
    made = OrderReservationMade(
        order_credit_id=stream,
        order_id=event.order_ref,
        reservation_id=event.reservation_id,
        earlier=tuple(credit.uncounted(goods)),
    )
    session.emit(stream, made, entity=entity_id)


async def follow(session: Session, command: commands.FollowOrder, pictures: Pictures) -> Result:
    """Have the reservations of an order in Encours follow it, once for each version of the order.

    An order that is placed is decided and reserved. A delivery ends its amount of what is reserved, and counts by
    itself. An order that is closed needs no reservation any more.
    """
    goods = await session.load(ORDERED_GOODS, command.order_id)
    version = session.version(command.order_id)
    stream = credit_of(command.order_id)
    credit = await session.load(ORDER_CREDIT, stream)
    if credit.followed_version >= version:
        return session.result(stream)
    customer_id, customer = await survivor(session, CUSTOMER, goods.customer_id, session.today)
    for reservation_id in credit.reservations:
        await _end_delivered(session, command.order_id, goods, reservation_id)
        state = await session.load(RESERVATION, reservation_id)
        if goods.closed and (state.status == "blocked" or state.reserved_minor):
            freed = commands.ReleaseReservation(reservation_id, "The order is closed")
            _emit(session, state, decide.release(state, freed))
    left = goods.total_minor - sum(goods.deliveries.values())
    if not credit.followed_version and not credit.reservations and not goods.closed and left > 0:
        asked = commands.ReserveCredit(
            derived_id("rsv", command.order_id),
            customer_id,
            command.order_id,
            left,
            goods.currency,
            None,
            None,
        )
        await reserve(session, asked, pictures)
        made = await session.load(RESERVATION, asked.reservation_id)
        if made.reasons == ("figures-behind",):
            raise VersionConflict("the figures of the customer lack the latest events")
    done = OrderCreditFollowed(order_credit_id=stream, order_id=command.order_id, order_version=version)
    session.emit(stream, done, entity=customer.entity_id)
    return session.result(stream)


async def _end_delivered(session: Session, order_id: str, goods: OrderedGoods, reservation_id: str) -> None:
    """End of a reservation what the deliveries of its order have that ended none yet."""
    credit = await session.load(ORDER_CREDIT, credit_of(order_id))
    for delivery_id, minor in credit.uncounted(goods).items():
        state = await session.load(RESERVATION, reservation_id)
        if state.reserved_minor and state.currency == goods.currency:
            part = min(minor, state.reserved_minor)
            ended = commands.ConsumeReservation(reservation_id, None, delivery_id, part, goods.currency)
            _count_delivered(session, state, ended, goods.currency, Uncounted(minor, minor))


async def recheck(session: Session, command: commands.RecheckReservation, pictures: Pictures) -> Result:
    """Decide a blocked order again."""
    state = await session.get(RESERVATION, command.reservation_id)
    decide.require_blocked(state)
    seen = await _figures(session, state.customer_id, pictures)
    deposit = await _deposit(session, state, seen, pictures)
    event = decide.recheck(state, seen, session.today, deposit=deposit)
    if command.quiet and event.reasons == ("figures-behind",):
        raise VersionConflict("the figures of the customer lack the latest events")
    if not command.quiet or event.decision == "accept":
        _emit_decided(session, event, state.entity_id)
    return session.result(command.reservation_id)


async def override(session: Session, command: commands.OverrideReservation, pictures: Pictures) -> Result:
    """Accept a blocked order by authority."""
    state = await session.get(RESERVATION, command.reservation_id)
    decide.require_blocked(state)
    by = await authority_for(
        session, state.entity_id, state.amount_minor, state.currency, asked_by=state.requested_by
    )
    seen = await _figures(session, state.customer_id, pictures)
    deposit = await _deposit(session, state, seen, pictures)
    event = decide.override(state, command, by, seen, session.today, deposit=deposit)
    session.emit(event.reservation_id, event, entity=state.entity_id)
    _draw(session, event, event.basis.holder_id, state.entity_id)
    return session.result(command.reservation_id)


async def consume(
    session: Session,
    command: commands.ConsumeReservation | commands.DeliverReservation,
    pictures: Pictures,
) -> Result:
    """End a part of the order that an invoice or a delivery in Encours counts, or count it as delivered."""
    state = await session.get(RESERVATION, command.reservation_id)
    if isinstance(command, commands.DeliverReservation):
        return _emit(session, state, decide.deliver(state, command))
    if command.invoice_id is not None:
        return await _bill(session, state, command, command.invoice_id, pictures)
    assert command.delivery_id is not None
    goods = await session.load(ORDERED_GOODS, state.order_ref)
    credit = await session.load(ORDER_CREDIT, credit_of(state.order_ref))
    left = None
    whole = goods.deliveries.get(command.delivery_id)
    if whole is not None and await is_among(session, state.customer_id, [goods.customer_id]):
        rest = whole - credit.counted.get(command.delivery_id, 0)
        left = await _uncounted(session, state, rest, goods.currency, pictures)
    return _count_delivered(session, state, command, goods.currency, left)


def _count_delivered(
    session: Session,
    state: Reservation,
    command: commands.ConsumeReservation,
    currency: str,
    left: Uncounted | None,
) -> Result:
    """End a part of the order by a delivery of which that is ``left``, in the currency of the order."""
    events = decide.consume(state, command, left)
    for each in events:
        assert left is not None
        assert command.delivery_id is not None
        part = OrderDeliveryCounted(
            order_credit_id=credit_of(state.order_ref),
            order_id=state.order_ref,
            delivery_id=command.delivery_id,
            reservation_id=state.reservation_id,
            amount_minor=left.part(each.amount_minor),
            currency=currency,
        )
        session.emit(part.order_credit_id, part, entity=state.entity_id)
    return _emit(session, state, events)


async def _bill(
    session: Session,
    state: Reservation,
    command: commands.ConsumeReservation,
    invoice_id: str,
    pictures: Pictures,
) -> Result:
    """End a part of the order by an invoice, which may bill other orders too, at most what it bills in all."""
    invoice = await session.load(BILLING_INVOICE, invoice_id)
    billing_id = billing_of(invoice_id)
    billing = await session.load(ORDER_BILLING, billing_id)
    left = None
    if invoice.counts and await is_among(session, state.customer_id, invoice.customers):
        rest = max(0, await _billed_first(session, invoice) - billing.counted_minor)
        left = await _uncounted(session, state, rest, invoice.currency, pictures)
    events = decide.consume(state, command, left)
    for each in events:
        assert left is not None
        part = OrderBillingCounted(
            order_billing_id=billing_id,
            invoice_id=invoice_id,
            reservation_id=state.reservation_id,
            amount_minor=left.part(each.amount_minor),
            currency=invoice.currency,
            customer_id=invoice.drafted_for,
        )
        session.emit(billing_id, part, entity=state.entity_id)
    return _emit(session, state, events)


async def _billed_first(session: Session, invoice: BillingInvoice) -> int:
    """Return what an invoice bills that nothing else has ended reservations for, in minor units of its currency.

    The draft of a correction bills first what it adds to the invoice that it replaces, which ends reservations for the
    rest until then; an issued correction bills again only what that one has ended reservations for. The draft of a
    final invoice bills what its deposits leave, as it does once it is issued.
    """
    billed = invoice.billed_minor - await _deducted(session, invoice)
    if not invoice.corrects:
        return billed - await _delivered_before(session, invoice)
    old = await session.load(BILLING_INVOICE, invoice.corrects)
    if invoice.drafted_for:
        return billed - old.left_minor
    ended = await _ended_before(session, invoice, old) + await _delivered_before(session, invoice)
    return billed - ended


async def _deducted(session: Session, invoice: BillingInvoice) -> int:
    """Return what a draft will deduct of deposit invoices: all that credit notes have left of them by now."""
    left = 0
    for deposit_id in invoice.deposits:
        left += (await session.load(BILLING_INVOICE, deposit_id)).left_minor
    return left


async def _delivered_before(session: Session, invoice: BillingInvoice) -> int:
    """Return the reservations that the deliveries of an invoice have ended, less a minor unit for each of its lines.

    Each line is rounded by itself: without that, what the invoice bills beside its deliveries might not pass.
    """
    ended = 0
    for order_id, delivery_id in invoice.deliveries:
        credit = await session.load(ORDER_CREDIT, credit_of(order_id))
        ended += credit.counted.get(delivery_id, 0)
    return max(0, ended - invoice.lines)


async def _ended_before(session: Session, correction: BillingInvoice, old: BillingInvoice) -> int:
    """Return the reservations ended for goods that a correction bills again, in minor units of its currency."""
    ended = (await session.load(ORDER_BILLING, billing_of(correction.corrects))).counted_minor
    if old.corrects:
        ended += await _ended_before(session, old, await session.load(BILLING_INVOICE, old.corrects))
    return min(ended, old.replaced_minor(correction))


async def _uncounted(
    session: Session, state: Reservation, minor: int, currency: str, pictures: Pictures
) -> Uncounted:
    """Return what a document has left, converted by the rate of the day by which the limit counts it."""
    if currency == state.currency:
        return Uncounted(minor, minor)
    seen = await session.ask(pictures.of, session.meta.ledger, state.customer_id, session.today)
    rate = rate_through(seen.picture.rates, currency, state.currency, session.today)
    if rate is None:
        raise decide.OrderRateMissing(
            f"No rate of {currency}/{state.currency} is published on {session.today} or before."
        )
    return Uncounted(minor, rate.converted(minor, state.currency))


async def release(session: Session, command: commands.ReleaseReservation) -> Result:
    """Free what is reserved, or close a blocked order, by the authority that could accept it."""
    state = await session.get(RESERVATION, command.reservation_id)
    by = NO_ROLE
    if state.status == "blocked":
        if not command.may_approve:
            raise LacksAuthority("A blocked order is closed by a key with the scope risk:approve.")
        by = await authority_for(session, state.entity_id, state.amount_minor, state.currency, asked_by=None)
    return _emit(session, state, decide.release(state, command, by))


async def expire(session: Session, command: commands.ExpireReservation) -> Result:
    """End a reservation whose last day has passed."""
    state = await session.get(RESERVATION, command.reservation_id)
    return _emit(session, state, decide.expire(state, session.today))


async def _figures(session: Session, customer_id: str, pictures: Pictures) -> SeenPicture:
    """Return figures that contain every amount drawn from the line, or are marked as behind.

    The line is loaded after the figures: if it was drawn from since then, they are asked for once more. The customer is
    loaded before them, as its roles say whose limit holds.
    """
    await session.load(CUSTOMER, customer_id)
    ledger, day = session.meta.ledger, session.today
    seen = await session.ask(pictures.of, ledger, customer_id, day)
    line = await session.load(CREDIT_LINE, line_of(seen.picture.limit_holder_id or customer_id))
    if line.position > seen.position:
        seen = await session.ask(pictures.of, ledger, customer_id, day)
        line = await session.load(CREDIT_LINE, line_of(seen.picture.limit_holder_id or customer_id))
    models = await session.load(SCORE_MODELS, STREAM)
    return replace(seen, behind=seen.behind or line.position > seen.position, model=models.model)


async def _deposit(
    session: Session, state: Reservation, seen: SeenPicture, pictures: Pictures
) -> DepositSeen | None:
    order = await order_of(session, state.order_ref, state.customer_id)
    return await deposit_of(session, order, state.entity_id, seen.position, pictures)


def line_of(holder_id: str) -> str:
    """Return the stream of the credit line of a customer."""
    return with_prefix(holder_id, "crl")


def _emit_decided(session: Session, event: ReservationDecided, entity_id: str) -> None:
    session.emit(event.reservation_id, event, entity=entity_id)
    if event.decision == "accept":
        _draw(session, event, event.basis.holder_id, entity_id)


def _draw(
    session: Session, event: ReservationDecided | ReservationOverridden, holder_id: str, entity_id: str
) -> None:
    drawn = CreditLineDrawn(
        credit_line_id=line_of(holder_id),
        holder_id=holder_id,
        customer_id=event.customer_id,
        reservation_id=event.reservation_id,
        amount_minor=event.amount_minor,
        currency=event.currency,
    )
    session.emit(drawn.credit_line_id, drawn, entity=entity_id)


def _emit(session: Session, state: Reservation, events: Sequence[ReservationEvent]) -> Result:
    for event in events:
        session.emit(state.reservation_id, event, entity=state.entity_id)
    return session.result(state.reservation_id)
