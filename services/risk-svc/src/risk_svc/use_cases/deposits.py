"""Deposits of orders in Encours, as the clearance of their deliveries by invoice-svc counts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from encours.contracts.clearance import (
    DepositInvoice,
    OrderedGoods,
    deposit_paid,
    evolve_deposit,
    evolve_goods,
)
from encours.contracts.events.risk import DepositSeen
from encours.kernel.ids import is_id
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain.policy import policy_of
from risk_svc.use_cases.customers import is_among
from risk_svc.use_cases.standing import CREDIT_POLICY

ORDERED_GOODS: Folder[OrderedGoods] = Folder(OrderedGoods, evolve_goods)
DEPOSIT_INVOICE: Folder[DepositInvoice] = Folder(DepositInvoice, evolve_deposit)


class Deposits(Protocol):
    """Query for deposit invoices by the number of an order. Their streams say what they are and what is paid."""

    async def deposits_for(
        self, ledger: str, entity_id: str, order_number: str, position: int
    ) -> Sequence[str]:
        """Return ids of those of an entity that were issued up to a position."""


async def order_of(session: Session, order_id: str, customer_id: str) -> OrderedGoods | None:
    """Return an order in Encours of a customer; ``None`` for another reference, or an order of somebody else."""
    if not is_id(order_id, "ord"):
        return None
    goods = await session.load(ORDERED_GOODS, order_id)
    own = goods.customer_id and await is_among(session, customer_id, [goods.customer_id])
    return goods if own else None


async def deposit_of(
    session: Session, order: OrderedGoods | None, entity_id: str, position: int, deposits: Deposits
) -> DepositSeen | None:
    """Return the deposit that deliveries of an order wait for by the credit policy; ``None`` if there is none."""
    if order is None or not order.deposit_minor:
        return None
    if not (await session.load(CREDIT_POLICY, policy_of(entity_id))).orders.need_reservation:
        return None
    named = await session.ask(deposits.deposits_for, session.meta.ledger, entity_id, order.number, position)
    found = [await session.load(DEPOSIT_INVOICE, each) for each in named]
    records = sorted({record for each in found for record in each.customers})
    own = [each for each in records if await is_among(session, order.customer_id, [each])]
    return deposit_seen(order, found, own)


def deposit_seen(order: OrderedGoods, invoices: Sequence[DepositInvoice], own: Sequence[str]) -> DepositSeen:
    """Return the deposit of an order; ``own``: records of its customer that invoices are for."""
    return DepositSeen(
        agreed_minor=order.deposit_minor,
        paid_minor=deposit_paid(order.number, order.currency, invoices, own),
        currency=order.currency,
    )
