"""The composition of risk-svc."""

from __future__ import annotations

from fastapi import FastAPI

from encours.web.app import create_app as compose
from encours.web.settings import ServiceSettings
from risk_svc.http import checks, customers, limits
from risk_svc.models import MODELS, NAME


def create_app(settings: ServiceSettings) -> FastAPI:
    """The HTTP API."""
    return compose(
        NAME,
        "Encours: credit risk",
        [customers.router, limits.router, checks.router],
        settings,
        models=MODELS,
        description="Exposure by component, payment behaviour, credit limits in amount and in days, credit checks.",
    )
