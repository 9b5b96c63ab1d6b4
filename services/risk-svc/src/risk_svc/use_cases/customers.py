"""Customers, folded from their own streams: available as soon as they are registered."""

from __future__ import annotations

from encours.ledger.states import Folder
from risk_svc.domain import customer

CUSTOMER: Folder[customer.CustomerState] = Folder(
    customer.CustomerState, customer.evolve, customer.CreditCustomerNotFound
)
