"""Refusals of the reports."""

from __future__ import annotations

from encours.kernel.errors import NotFound


class ReportedCustomerNotFound(NotFound):
    """No customer of this ledger has the id (404)."""

    code = "customer-not-found"
    title = "Customer not found"
    remedy = "Check the id and the ledger."


class ReportingEntityNotFound(NotFound):
    """No entity of this ledger has the id (404)."""

    code = "entity-not-found"
    title = "Entity not found"
    remedy = "Check the id and the ledger."


class ReportedInvoiceNotFound(NotFound):
    """No invoice of this ledger has the id (404)."""

    code = "invoice-not-found"
    title = "Invoice not found"
    remedy = "Check the id and the ledger."
