"""Composition of dunning-svc: its routes and its read model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from dunning_svc.domain.reply.commands import ReadingRules
from dunning_svc.http.alerts import routes as alerts
from dunning_svc.http.answers import routes as answers
from dunning_svc.http.backtests import routes as backtests
from dunning_svc.http.cases import routes as cases
from dunning_svc.http.collectors import routes as collectors
from dunning_svc.http.decisions import routes as decisions
from dunning_svc.http.expected import routes as expected
from dunning_svc.http.experiments import routes as experiments
from dunning_svc.http.gateway import routes as gateway
from dunning_svc.http.holds import routes as holds
from dunning_svc.http.litigation import routes as litigation
from dunning_svc.http.placements import routes as placements
from dunning_svc.http.policies import routes as policies
from dunning_svc.http.promises import routes as promises
from dunning_svc.http.reminders import routes as reminders
from dunning_svc.http.replies import routes as replies
from dunning_svc.http.runs import routes as runs
from dunning_svc.http.sandboxes import routes as sandboxes
from dunning_svc.http.targets import routes as targets
from dunning_svc.http.tasks import routes as tasks
from dunning_svc.http.templates import routes as templates
from dunning_svc.http.thanks import routes as thanks
from dunning_svc.http.title import routes as title
from dunning_svc.http.titles import routes as titles
from dunning_svc.http.worklist import routes as worklist
from dunning_svc.inbox.messages import Messages
from dunning_svc.models import MODELS, NAME
from dunning_svc.outbox.settings import DunningSettings
from encours.http.access.limits import RateLimiter
from encours.http.app import create_app as compose
from encours.http.services import Services
from encours.http.serving.server import serve as serve_app
from encours.ledger.sandboxes import SandboxLimits
from encours.service.settings import ServiceSettings


def create_app(settings: ServiceSettings) -> FastAPI:
    """Return the HTTP API. It opens connections only when it serves."""
    return compose(
        NAME,
        "Encours: reminders",
        [
            policies.router,
            backtests.router,
            experiments.router,
            runs.router,
            expected.router,
            cases.router,
            holds.router,
            placements.router,
            promises.router,
            litigation.router,
            title.router,
            titles.router,
            reminders.router,
            thanks.router,
            replies.router,
            answers.router,
            gateway.router,
            tasks.router,
            collectors.router,
            targets.router,
            alerts.router,
            worklist.router,
            templates.router,
            decisions.router,
            sandboxes.router,
        ],
        settings,
        models=MODELS,
        extras=_extras,
        description="Decides each day which reminders are due, sends them, and can explain every decision.",
    )


@asynccontextmanager
async def _extras(services: Services) -> AsyncIterator[Mapping[str, Any]]:
    """Open the stores of back-tests and of incoming messages, and give the rules and secrets of what comes in."""
    settings = services.settings
    own = settings if isinstance(settings, DunningSettings) else None
    per_minute = own.answer_per_minute if own else 6
    async with backtests.ROOM.opened(services) as extras:
        yield {
            **extras,
            "messages": Messages(services.db.pool),
            "reading_rules": own.reading_rules if own else ReadingRules(),
            "sandbox_limits": own.sandbox_limits if own else SandboxLimits(10, 500_000),
            "placement_needs_notice": own.placement_needs_notice if own else True,
            "answer_keys": own.answer_keys if own else (),
            "answer_limiter": RateLimiter(per_minute=per_minute, burst=per_minute),
            "gateway_secret": own.gateway_secret.get_secret_value() if own and own.gateway_secret else "",
        }


def serve(settings: ServiceSettings) -> None:
    """Serve the HTTP API until a signal."""
    serve_app(create_app(settings), settings)
