"""Composition of dunning-svc: its routes and its read model."""

from __future__ import annotations

from fastapi import FastAPI

from dunning_svc.http.backtests import routes as backtests
from dunning_svc.http.cases import routes as cases
from dunning_svc.http.decisions import routes as decisions
from dunning_svc.http.expected import routes as expected
from dunning_svc.http.holds import routes as holds
from dunning_svc.http.policies import routes as policies
from dunning_svc.http.reminders import routes as reminders
from dunning_svc.http.runs import routes as runs
from dunning_svc.http.tasks import routes as tasks
from dunning_svc.http.templates import routes as templates
from dunning_svc.models import MODELS, NAME
from encours.http.app import create_app as compose
from encours.http.server import serve as serve_app
from encours.service.settings import ServiceSettings


def create_app(settings: ServiceSettings) -> FastAPI:
    """Return the HTTP API. It opens connections only when it serves."""
    return compose(
        NAME,
        "Encours: reminders",
        [
            policies.router,
            backtests.router,
            runs.router,
            expected.router,
            cases.router,
            holds.router,
            reminders.router,
            tasks.router,
            templates.router,
            decisions.router,
        ],
        settings,
        models=MODELS,
        extras=backtests.open_store,
        description="Decides each day which reminders are due, sends them, and can explain every decision.",
    )


def serve(settings: ServiceSettings) -> None:
    """Serve the HTTP API until a signal."""
    serve_app(create_app(settings), settings)
