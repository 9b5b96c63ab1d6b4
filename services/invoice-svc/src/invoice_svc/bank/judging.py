"""Judges new lines of bank statements in the background: what is certain is booked, the rest proposed or left.

A line is judged once; its command's id follows from the line. After a crash the lines are judged from the last mark on.
"""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg
import structlog

from encours.contracts.actors import INVOICING
from encours.kernel.errors import DomainError
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import derived
from encours.ledger.errors import LedgerUnavailable, VersionConflict
from encours.ledger.execute import execute
from encours.postgres.leases import Leases
from encours.reading.read_db import ReadDb, ReadModelNotReady
from invoice_svc.bank.marks import Marks
from invoice_svc.read_models.bank.query import UnjudgedLine, unjudged
from invoice_svc.read_models.bank.taken import PaymentsOfLines
from invoice_svc.read_models.invoices.candidates import Candidates
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases.bank_lines import judge_line

BATCH = 200
LEASE = "bank lines"
TRANSIENT = (LedgerUnavailable, VersionConflict, ReadModelNotReady)
"""Refusals that a later judgement may not meet again."""

log = structlog.get_logger("invoice_svc.bank")


@dataclass(frozen=True, slots=True)
class LineJudge:
    """Judges the lines of all ledgers, of each in one process at a time."""

    ledger: Ledger
    db: ReadDb
    pool: asyncpg.Pool
    leases: Leases

    async def judge_new(self) -> None:
        """Judge what the read models have received since the last pass."""
        marks = Marks(self.pool)
        for name in await marks.moved(NAME):
            token = await self.leases.acquire(LEASE, name)
            if token is None:
                continue
            try:
                await self._judge_ledger(name, marks)
            except TRANSIENT as later:
                log.info("bank lines are judged later", ledger=name, reason=later.detail)
            finally:
                await self.leases.release(token, LEASE, name)

    async def _judge_ledger(self, name: str, marks: Marks) -> None:
        epoch = (await self.ledger.info(name)).epoch
        after = await marks.get(name, epoch)
        while True:
            async with self.db.snapshot(NAME, name) as (conn, schema, position):
                lines = await unjudged(conn, schema, after, BATCH)
            for line in lines:
                await self._judge(name, line)
            after = lines[-1].from_position if len(lines) == BATCH else position
            await marks.set(name, epoch, after)
            if len(lines) < BATCH:
                return

    async def _judge(self, name: str, line: UnjudgedLine) -> None:
        command_id = derived_uuid(name, line.line_id, "judge")
        today = await self.ledger.today_of(name, line.entity_id)
        meta = derived(name, command_id, actor=INVOICING, today=today)
        try:
            await execute(
                self.ledger,
                meta,
                judge_line,
                line.line_id,
                Candidates(self.db, self.ledger),
                PaymentsOfLines(self.db, self.ledger),
            )
        except TRANSIENT:
            raise
        except (
            DomainError
        ) as refusal:  # such as a customer whose payer changed: one line must not stop the others
            log.warning("a bank line cannot be booked", line=line.line_id, reason=refusal.detail)
