"""Refusals of the reports."""

from __future__ import annotations

from encours.kernel.errors import NotFound


class ReportedCustomerNotFound(NotFound):
    """No customer of this ledger has the id (404)."""

    code = "customer-not-found"
    title = "Customer not found"
    remedy = "Use an id from GET /v1/customers of invoice-svc. The id may belong to another ledger."


class ReportingEntityNotFound(NotFound):
    """No entity of this ledger has the id (404)."""

    code = "entity-not-found"
    title = "Entity not found"
    remedy = "Use an id from GET /v1/entities of invoice-svc. The id may belong to another ledger."


class ReportedOrderNotFound(NotFound):
    """No order of this ledger has the id (404)."""

    code = "order-not-found"
    title = "Order not found"
    remedy = "Check the id and the ledger."


class ReportedInvoiceNotFound(NotFound):
    """No invoice of this ledger has the id (404)."""

    code = "invoice-not-found"
    title = "Invoice not found"
    remedy = "Use an id from GET /v1/invoices of invoice-svc. The id may belong to another ledger."
