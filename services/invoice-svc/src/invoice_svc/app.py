"""The composition of invoice-svc: its routes, its read model, what its problems mean."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from encours.http.app import create_app as compose
from encours.http.catalogue import ProblemKind
from encours.http.server import serve as serve_app
from encours.http.services import Services
from encours.service.settings import ServiceSettings
from invoice_svc.clock.background import prepare_store
from invoice_svc.http import clock, customers, disputes, entities, imports, interest, invoices, payments
from invoice_svc.http.import_problems import PROBLEMS as IMPORT_PROBLEMS
from invoice_svc.models import MODELS, NAME

ROUTERS = (
    entities.router,
    customers.router,
    invoices.router,
    interest.router,
    payments.router,
    disputes.router,
    imports.router,
    clock.router,
)


def create_app(settings: ServiceSettings) -> FastAPI:
    """The HTTP API. Nothing is opened before it serves."""
    return compose(
        NAME,
        "Encours: invoices and payments",
        ROUTERS,
        settings,
        models=MODELS,
        extras=_extras,
        problems_known=(*PROBLEMS, *IMPORT_PROBLEMS),
        description="Entities, customers, invoices, payments and disputes.",
    )


def serve(settings: ServiceSettings) -> None:
    """Serve the HTTP API until a signal."""
    serve_app(create_app(settings), settings)


@asynccontextmanager
async def _extras(services: Services) -> AsyncIterator[Mapping[str, Any]]:
    """The tables of imports and clocks are brought up to date before the first request."""
    await prepare_store(services.settings.store_url.get_secret_value())
    yield {}


PROBLEMS = (
    ProblemKind("entity-exists", "There is such an entity", 409, "PATCH it to amend its identity."),
    ProblemKind(
        "customer-exists", "There is such a customer", 409, "PATCH it, or choose another external_ref."
    ),
    ProblemKind("invoice-exists", "There is such an invoice", 409, "GET it; PATCH it while it is a draft."),
    ProblemKind("payment-exists", "There is such a payment", 409, "GET it."),
    ProblemKind("dispute-exists", "There is such a dispute", 409, "GET it."),
    ProblemKind("entity-not-found", "There is no such entity", 404, "Take the id from GET /v1/entities."),
    ProblemKind(
        "customer-not-found", "There is no such customer", 404, "Take the id from GET /v1/customers."
    ),
    ProblemKind(
        "invoice-not-found",
        "There is no such invoice",
        404,
        "Ids of another ledger, or of later days, are not found.",
    ),
    ProblemKind(
        "payment-not-found",
        "There is no such payment",
        404,
        "Ids of another ledger, or of later days, are not found.",
    ),
    ProblemKind(
        "dispute-not-found",
        "There is no such dispute",
        404,
        "Ids of another ledger, or of later days, are not found.",
    ),
    ProblemKind("series-not-found", "There is no such series", 404, "GET the entity for its series."),
    ProblemKind(
        "currency-mismatch",
        "The amount is of another currency",
        422,
        "Write the currency of the thing itself.",
    ),
    ProblemKind(
        "series-not-defined",
        "The entity has no such series",
        422,
        "PUT /v1/entities/{id}/series/{code} defines one.",
    ),
    ProblemKind(
        "series-document-fixed", "A series numbers one kind of document", 409, "Define another series."
    ),
    ProblemKind(
        "series-overlaps",
        "Two series could give one number",
        409,
        "Choose a prefix that differs before the digits.",
    ),
    ProblemKind(
        "customer-of-other-entity", "The customer is of another entity", 422, "Name a customer of the entity."
    ),
    ProblemKind(
        "date-in-future", "The date has not come yet", 422, "Use today in the ledger's time zone, or earlier."
    ),
    ProblemKind(
        "invoice-incomplete",
        "The invoice lacks what the law asks for",
        422,
        "errors[] lists what to add and where.",
    ),
    ProblemKind(
        "invoice-not-draft", "The invoice is no draft", 409, "Correct an issued invoice with a credit note."
    ),
    ProblemKind("invoice-not-issued", "The invoice is not issued", 409, "Issue it first."),
    ProblemKind(
        "amount-exceeds-outstanding",
        "More than is outstanding",
        409,
        "Lower the amount; for a payment or a credit note, releasing a payment makes room.",
    ),
    ProblemKind(
        "nothing-outstanding",
        "Nothing is outstanding",
        409,
        "Nothing is left to credit or to dispute; releasing a payment opens the invoice again.",
    ),
    ProblemKind(
        "amount-exceeds-unapplied",
        "More than is unapplied",
        409,
        "Lower the allocations, or release others first.",
    ),
    ProblemKind(
        "allocation-across-entities",
        "The invoice is of another entity",
        422,
        "Choose invoices of the payment's entity.",
    ),
    ProblemKind(
        "allocation-across-customers",
        "The invoice is of another customer",
        422,
        "Choose invoices of the payer.",
    ),
    ProblemKind(
        "allocation-not-standing", "The allocation does not stand", 409, "GET the payment for those that do."
    ),
    ProblemKind("payer-known", "The payer is known already", 409, "Reverse the payment and record it anew."),
    ProblemKind("payment-reversed", "The payment was reversed", 409, "Record a new one."),
    ProblemKind(
        "payment-already-reversed", "The payment was reversed already", 409, "Nothing is left to reverse."
    ),
    ProblemKind("dispute-resolved", "The dispute was resolved", 409, "Open a new one."),
    ProblemKind("no-legal-rate", "No legal rate is on file for that time", 422, "Ask for a later day."),
)
