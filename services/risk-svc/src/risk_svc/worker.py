"""The composition of the worker process: the read model, and a relay when the lease falls to this process."""

from __future__ import annotations

import asyncio

import uvloop

from encours.ledger import Ledger
from encours.streaming import Worker
from encours.web import logging as web_logging
from encours.web.settings import ServiceSettings
from risk_svc.models import MODELS, NAME


def run() -> int:
    """Work until SIGTERM."""
    settings = ServiceSettings.from_environment()
    web_logging.configure(f"{NAME}-worker", level=settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(settings))
    return 0


async def _work(settings: ServiceSettings) -> None:
    ledger = await Ledger.open(settings.ledger_url.get_secret_value(), check=True)
    try:
        await Worker(settings, ledger, NAME, MODELS).run()
    finally:
        await ledger.close()
