"""Background work of the worker on bank statements: files of the folder, and judgement of new lines."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import structlog

from encours.ledger import Ledger
from encours.postgres.connection import FAILED
from encours.postgres.leases import Leases
from encours.reading.read_db import ReadDb
from invoice_svc.bank.folder import FOLDER, BankFolder
from invoice_svc.bank.judging import LineJudge
from invoice_svc.bank.receiving import BankDesk
from invoice_svc.imports.lookups import only_entity_of

LOOK_S = 0.5

log = structlog.get_logger("invoice_svc.bank")


async def run_bank(ledger: Ledger, pool: asyncpg.Pool, db: ReadDb, leases: Leases, var_dir: Path) -> None:
    """Look for files and new lines until cancelled. Stopping in the middle of it is safe."""
    folder = BankFolder(ledger, BankDesk(ledger, only_entity_of(db)), var_dir / FOLDER)
    judge = LineJudge(ledger, db, pool, leases)
    while True:
        try:
            await folder.take_all()
            await judge.judge_new()
        except FAILED as unavailable:
            log.warning("the database is unavailable", error=str(unavailable))
        except Exception:  # the loop goes on after any fault; the next pass finds the files and lines again
            log.exception("work on bank statements failed")
        await asyncio.sleep(LOOK_S)
