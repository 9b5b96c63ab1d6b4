"""Customers, read from their own streams: known here as soon as they are registered."""

from __future__ import annotations

from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain import customer

CUSTOMER: Folder[customer.CustomerState] = Folder(customer.CustomerState, customer.evolve)


async def known(session: Session, customer_id: str) -> customer.CustomerState:
    """Return the customer. Raises :class:`NotFound`, or :class:`EntityNotGranted` for one of another entity."""
    return customer.require(await session.load(CUSTOMER, customer_id, guard=False), customer_id)
