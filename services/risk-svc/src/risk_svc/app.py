"""Composition of risk-svc: its routes and its read model."""

from __future__ import annotations

from fastapi import FastAPI

from encours.http.app import create_app as compose
from encours.http.serving.server import serve as serve_app
from encours.service.settings import ServiceSettings
from risk_svc.http.checks import routes as checks
from risk_svc.http.customers import routes as customers
from risk_svc.http.limits import routes as limits
from risk_svc.models import MODELS, NAME


def create_app(settings: ServiceSettings) -> FastAPI:
    """Return the HTTP API. It opens connections only when it serves."""
    return compose(
        NAME,
        "Encours: credit risk",
        [customers.router, limits.router, checks.router],
        settings,
        models=MODELS,
        description="Exposure by component, payment behaviour, credit limits in amount and in days, credit checks.",
    )


def serve(settings: ServiceSettings) -> None:
    """Serve the HTTP API until a signal."""
    serve_app(create_app(settings), settings)
