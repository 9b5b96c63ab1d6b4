"""Composition of invoice-svc: its routes and its read models."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from encours.http.app import create_app as compose
from encours.http.services import Services
from encours.http.serving.server import serve as serve_app
from encours.service.settings import ServiceSettings
from invoice_svc.clock.background import prepare_store
from invoice_svc.http.allocation_policies import routes as allocation_policies
from invoice_svc.http.approvals import routes as approvals
from invoice_svc.http.bank_statements import routes as bank_statements
from invoice_svc.http.clock import routes as clock
from invoice_svc.http.credits import routes as credits
from invoice_svc.http.custom_fields import routes as custom_fields
from invoice_svc.http.customers import routes as customers
from invoice_svc.http.deductions import routes as deductions
from invoice_svc.http.dispute_rules import routes as dispute_rules
from invoice_svc.http.disputes import routes as disputes
from invoice_svc.http.entities import routes as entities
from invoice_svc.http.imports import routes as imports
from invoice_svc.http.imports.problems import PROBLEMS as LINE_PROBLEMS
from invoice_svc.http.indices import routes as indices
from invoice_svc.http.insolvency import routes as insolvency
from invoice_svc.http.instruments import routes as instruments
from invoice_svc.http.interest import routes as interest
from invoice_svc.http.invoices import routes as invoices
from invoice_svc.http.orders import routes as orders
from invoice_svc.http.payment_plans import routes as payment_plans
from invoice_svc.http.payments import routes as payments
from invoice_svc.http.penalties import routes as penalties
from invoice_svc.http.quotes import routes as quotes
from invoice_svc.http.rates import routes as rates
from invoice_svc.http.recurring import routes as recurring
from invoice_svc.http.remittance_advices import routes as remittance_advices
from invoice_svc.http.reviews import routes as reviews
from invoice_svc.http.statement_schedules import routes as statement_schedules
from invoice_svc.http.statements import routes as statements
from invoice_svc.http.sync_checks import routes as sync_checks
from invoice_svc.http.tolerances import routes as tolerances
from invoice_svc.http.virtual_ibans import routes as virtual_ibans
from invoice_svc.models import MODELS, NAME

ROUTERS = (
    entities.router,
    customers.router,
    insolvency.router,
    statements.router,
    statement_schedules.router,
    custom_fields.router,
    invoices.router,
    approvals.router,
    interest.router,
    penalties.router,
    payments.router,
    tolerances.router,
    credits.router,
    bank_statements.router,
    virtual_ibans.router,
    remittance_advices.router,
    allocation_policies.router,
    disputes.router,
    dispute_rules.router,
    payment_plans.router,
    instruments.router,
    deductions.router,
    quotes.router,
    rates.router,
    orders.router,
    recurring.router,
    indices.router,
    reviews.router,
    imports.router,
    sync_checks.router,
    clock.router,
)


def create_app(settings: ServiceSettings) -> FastAPI:
    """Return the HTTP API. It opens connections only when it serves."""
    return compose(
        NAME,
        "Encours: invoices and payments",
        ROUTERS,
        settings,
        models=MODELS,
        extras=_extras,
        problems_known=LINE_PROBLEMS,
        description="Entities, customers, quotes, orders, invoices, payments, credit notes, disputes and rates.",
    )


def serve(settings: ServiceSettings) -> None:
    """Serve the HTTP API until a signal."""
    serve_app(create_app(settings), settings)


@asynccontextmanager
async def _extras(services: Services) -> AsyncIterator[Mapping[str, Any]]:
    """Migrate the tables of imports and clocks before the first request."""
    await prepare_store(services.settings.store_url.get_secret_value())
    yield {}
