"""The composition of risk-svc."""

from __future__ import annotations

from fastapi import FastAPI

from encours.http.app import create_app as compose
from encours.http.catalogue import ProblemKind
from encours.http.server import serve as serve_app
from encours.service.settings import ServiceSettings
from risk_svc.http.checks import routes as checks
from risk_svc.http.customers import routes as customers
from risk_svc.http.limits import routes as limits
from risk_svc.models import MODELS, NAME

PROBLEMS = (
    ProblemKind("customer-not-found", "There is no such customer", 404, "Check the id and the ledger."),
    ProblemKind(
        "limit-request-not-found",
        "There is no such limit request",
        404,
        "Take the id from GET /v1/limit-requests.",
    ),
    ProblemKind("limit-request-decided", "The limit request was decided already", 409, "Make a new request."),
    ProblemKind("check-not-found", "There is no such credit check", 404, "Take the id from POST /v1/checks."),
)


def create_app(settings: ServiceSettings) -> FastAPI:
    """The HTTP API."""
    return compose(
        NAME,
        "Encours: credit risk",
        [customers.router, limits.router, checks.router],
        settings,
        models=MODELS,
        problems_known=PROBLEMS,
        description="Exposure by component, payment behaviour, credit limits in amount and in days, credit checks.",
    )


def serve(settings: ServiceSettings) -> None:
    """Serve the HTTP API until a signal."""
    serve_app(create_app(settings), settings)
