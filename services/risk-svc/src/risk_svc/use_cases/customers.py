"""Customers, folded from their own streams: available as soon as they are registered."""

from __future__ import annotations

from collections.abc import Collection

from encours.ledger.merges import survivor
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain import customer

CUSTOMER: Folder[customer.CustomerState] = Folder(
    customer.CustomerState, customer.evolve, customer.CreditCustomerNotFound
)


async def unmerged(session: Session, customer_id: str) -> customer.CustomerState:
    """Return a customer that a command names. Raises :class:`CreditCustomerMerged` with the one to name instead."""
    state = await session.get(CUSTOMER, customer_id)
    survivor_id, _ = await survivor(session, CUSTOMER, customer_id, session.today)
    if survivor_id != customer_id:
        raise customer.CreditCustomerMerged(customer_id, survivor_id)
    return state


async def is_among(session: Session, customer_id: str, customers: Collection[str]) -> bool:
    """Return True if a customer, or a record that is merged with its own, is one of the customers."""
    debtors = [
        (await survivor(session, CUSTOMER, each, session.today))[0] for each in (customer_id, *customers)
    ]
    return debtors[0] in debtors[1:]
