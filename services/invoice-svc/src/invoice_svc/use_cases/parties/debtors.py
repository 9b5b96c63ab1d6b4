"""Customers that commands name, and the records that stand for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from encours.contracts.parties import merged_into, payer_of
from encours.ledger import merges
from encours.ledger.session import Session
from invoice_svc.domain.customer.merge import CustomerIsMerged
from invoice_svc.domain.customer.state import Customer
from invoice_svc.use_cases.folds import CUSTOMER


async def survivor(session: Session, customer_id: str, on: date, *, guard: bool = True) -> Customer:
    """Return the record that a customer has become by a day; the customer itself if it is not merged."""
    return (await merges.survivor(session, CUSTOMER, customer_id, on, guard=guard))[1]


async def own_records(session: Session, customer_id: str, others: Iterable[str], on: date) -> frozenset[str]:
    """Return those of some customers that are records of the same debtor as a customer on a day, with itself."""
    found = {customer_id}
    for other in set(others) - found:
        debtor = await survivor(session, customer_id, on)
        if (await survivor(session, other, on)).customer_id == debtor.customer_id:
            found.add(other)
    return frozenset(found)


async def unmerged(
    session: Session, customer_id: str, on: date | None = None, pointer: str | None = "/customer_id"
) -> Customer:
    """Return a customer that the command names, on a day; today if none is given.

    Raises :class:`CustomerIsMerged` with the one to name instead.
    """
    state = await session.get(CUSTOMER, customer_id)
    day = on or session.today
    if merged_into(state.merges, day) is not None:
        raise CustomerIsMerged(customer_id, (await survivor(session, customer_id, day)).customer_id, pointer)
    return state


async def pays(session: Session, payer_id: str, debtor_id: str, on: date) -> bool:
    """Return True if a customer is the debtor, or pays on the day for it.

    Records that are merged by today are one customer, also for money that came before.
    """
    if debtor_id == payer_id:
        return True
    payer = (await survivor(session, payer_id, session.today, guard=False)).customer_id
    debtor = await survivor(session, debtor_id, session.today, guard=False)
    return payer in (debtor.customer_id, await payer_on(session, debtor_id, on))


async def payer_on(session: Session, debtor_id: str, on: date) -> str:
    """Return the customer that pays for a debtor on a day, as the record that it is by today."""
    debtor = await survivor(session, debtor_id, session.today, guard=False)
    payer = payer_of(debtor.customer_id, debtor.roles, on)
    return (await survivor(session, payer, session.today, guard=False)).customer_id
