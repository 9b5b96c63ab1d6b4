"""Composition of risk-svc: its routes and its read model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from encours.http.app import create_app as compose
from encours.http.services import Services
from encours.http.serving.server import serve as serve_app
from encours.service.settings import ServiceSettings
from risk_svc.http.checks import routes as checks
from risk_svc.http.credit_file import routes as credit_file
from risk_svc.http.customers import routes as customers
from risk_svc.http.decisions import routes as decisions
from risk_svc.http.expected import routes as expected
from risk_svc.http.facts import routes as facts
from risk_svc.http.guarantees import routes as guarantees
from risk_svc.http.insurance import routes as insurance
from risk_svc.http.limit_backtests import routes as limit_backtests
from risk_svc.http.limits import routes as limits
from risk_svc.http.openings import routes as openings
from risk_svc.http.proposals import routes as proposals
from risk_svc.http.provision import routes as provision
from risk_svc.http.reservations import routes as reservations
from risk_svc.http.reservations.turns import Turns
from risk_svc.http.reviews import routes as reviews
from risk_svc.http.score_models import routes as score_models
from risk_svc.http.standing import routes as standing
from risk_svc.http.terms import routes as terms
from risk_svc.http.warnings import routes as warnings
from risk_svc.models import MODELS, NAME
from risk_svc.use_cases.fitting import FitsApart


def create_app(settings: ServiceSettings) -> FastAPI:
    """Return the HTTP API. It opens connections only when it serves."""
    return compose(
        NAME,
        "Encours: credit risk",
        [
            customers.router,
            limits.router,
            limit_backtests.router,
            checks.router,
            reservations.router,
            standing.router,
            guarantees.router,
            score_models.router,
            insurance.router,
            decisions.router,
            proposals.router,
            reviews.router,
            provision.router,
            terms.router,
            facts.router,
            credit_file.router,
            openings.router,
            warnings.router,
            expected.router,
        ],
        settings,
        models=MODELS,
        extras=_extras,
        description="Exposure by component, payment behaviour, credit limits, credit checks and orders on credit.",
    )


@asynccontextmanager
async def _extras(services: Services) -> AsyncIterator[Mapping[str, Any]]:
    async with limit_backtests.ROOM.opened(services) as extras, expected.open_expected(services) as unjudged:
        fits = FitsApart(services.ledger, services.db, services.settings)
        yield {**extras, **unjudged, "turns": Turns(), "fits": fits}


def serve(settings: ServiceSettings) -> None:
    """Serve the HTTP API until a signal."""
    serve_app(create_app(settings), settings)
