"""Roles of the parties around a customer: who is billed, delivered, who pays, and whose group it is. Dated.

Each service asks here, so that a bill, a reminder, a payment and a limit follow the same facts:

* who is *billed* for what a customer orders is fixed in the invoice at issue (CGI ann. II 242 nonies A I 1°): the
  invoice is a debt of that customer, in its control account, its delays and its turnover;
* who *pays* the invoices billed to a customer is followed day by day: reminders go there, and its payments settle them;
* a *limit* holds for the group that a customer belongs to, else for who pays for it, else for itself.

A role that is not assigned is the customer's own. No chains are followed: the payer of a payer pays for itself alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec


class Roles(msgspec.Struct, frozen=True):
    """Roles around a customer from a day on, until a later assignment; ``None`` is the customer itself.

    ``position`` orders assignments for the same day: the one that was recorded last counts.
    """

    valid_from: date
    position: int
    payer_id: str | None = None
    billed_id: str | None = None
    delivered_id: str | None = None
    group_id: str | None = None


OWN = Roles(date.min, 0)
"""Roles of a customer without assignments."""


def roles_on(assigned: Iterable[Roles], day: date, position: int | None = None) -> Roles:
    """Return the roles in force on a day; with a position, by what had been recorded up to it."""
    begun = [
        roles
        for roles in assigned
        if roles.valid_from <= day and (position is None or roles.position <= position)
    ]
    return max(begun, key=lambda roles: (roles.valid_from, roles.position), default=OWN)


def payer_of(customer_id: str, assigned: Iterable[Roles], day: date, position: int | None = None) -> str:
    """Return who pays, on the day, the invoices that were billed to the customer."""
    return roles_on(assigned, day, position).payer_id or customer_id


def limit_holder_of(
    customer_id: str, assigned: Iterable[Roles], day: date, position: int | None = None
) -> str:
    """Return the customer whose limit the customer's exposure counts against on the day."""
    roles = roles_on(assigned, day, position)
    return roles.group_id or roles.payer_id or customer_id
