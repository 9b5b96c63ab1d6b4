"""The worker process: relay, the read model, and the service's own background work."""

from __future__ import annotations

from collections.abc import Sequence

from encours.ledger import Ledger
from encours.streaming import ReadDb
from encours.streaming.worker import Background, Worker
from encours.web.settings import ServiceSettings
from invoice_svc.clock.background import prepare_store, run_background
from invoice_svc.models import MODELS

SERVICE = "invoice-svc"


async def run(settings: ServiceSettings) -> None:
    """Work until SIGTERM; servers may be away at the start and at any time later."""
    ledger = await Ledger.open(settings.ledger_url.get_secret_value(), check=True)
    try:
        await Worker(settings, ledger, SERVICE, MODELS, background=background(settings, ledger)).run()
    finally:
        await ledger.close()


def background(settings: ServiceSettings, ledger: Ledger) -> Sequence[Background]:
    """What runs beside the read model: imports, and the clocks of the ledgers."""
    store_dsn = settings.store_url.get_secret_value()

    async def imports_and_clocks() -> None:
        await prepare_store(store_dsn)
        db = await ReadDb.open(store_dsn, ledger=ledger, models=MODELS)
        try:
            await run_background(ledger=ledger, store_dsn=store_dsn, db=db, var_dir=settings.var_dir)
        finally:
            await db.close()

    return (imports_and_clocks,)
