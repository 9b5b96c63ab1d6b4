"""The composition of the worker process: read model, the run of each day, the outbox."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import asyncpg
import uvloop

from dunning_svc.outbox.attempts import Attempts
from dunning_svc.outbox.dispatch import Dispatcher
from dunning_svc.outbox.service import Outbox
from dunning_svc.outbox.settings import DunningSettings
from dunning_svc.outbox.smtp import Mailer
from dunning_svc.read_models.cases import Cases
from dunning_svc.use_cases.run_day import RunDay
from encours.kernel.ids import uuid7
from encours.ledger import Ledger
from encours.streaming import ReadDb, Worker
from encours.web import logging as web_logging
from encours.web.poke import Poke

NAME = "dunning-svc"


def run() -> int:
    """Work until SIGTERM."""
    settings = DunningSettings.from_environment()
    web_logging.configure(f"{NAME}-worker", level=settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(settings))
    return 0


async def _work(settings: DunningSettings) -> None:
    store_url = settings.store_url.get_secret_value()
    async with AsyncExitStack() as stack:
        ledger = await Ledger.open(settings.ledger_url.get_secret_value(), check=True)
        stack.push_async_callback(ledger.close)
        model = Cases()
        db = await ReadDb.open(store_url, ledger=ledger, models=(model,))
        stack.push_async_callback(db.close)
        pool = await asyncpg.create_pool(
            store_url,
            min_size=0,
            max_size=4,
            timeout=5,
            command_timeout=30,
            server_settings={"application_name": f"{NAME} outbox"},
        )
        stack.push_async_callback(pool.close)
        poke = Poke(settings.nats_url.get_secret_value())
        await poke.start()
        stack.push_async_callback(poke.close)
        ledger.on_appended(lambda grown, _head: poke(grown))
        mailer = Mailer(
            settings.smtp_url.get_secret_value(),
            sender=settings.mail_from,
            connections=settings.smtp_connections,
            sandbox_host=settings.sandbox_mail_host,
        )
        attempts = Attempts(pool, uuid7())
        dispatcher = Dispatcher(ledger, attempts, mailer, settings.var_dir / "letters")
        outbox = Outbox(ledger, db, store_url, dispatcher)
        worker = Worker(
            settings,
            ledger,
            NAME,
            (model,),
            reactors={model.name: RunDay(ledger, db, outbox.offer)},
            background=(outbox.run,),
        )
        await worker.run()
