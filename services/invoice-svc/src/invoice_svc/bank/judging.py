"""Judges new lines of bank statements in the background: what is certain is booked, the rest proposed or left.

A line is judged once; its command's id follows from the line. After a crash the lines are judged from the last mark on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
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
from encours.projection.read_model import Conn
from encours.reading.read_db import ReadDb, ReadModelNotReady
from invoice_svc.bank.marks import Marks
from invoice_svc.domain.bank_line import decide
from invoice_svc.domain.bank_line.state import BankLine
from invoice_svc.matching.judgement import text_of
from invoice_svc.read_models.advices.lookup import AdviceQueries
from invoice_svc.read_models.bank.query import UnjudgedLine, unjudged
from invoice_svc.read_models.bank.taken import PaymentsOfLines
from invoice_svc.read_models.invoices.query import candidates
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases.folds import BANK_LINE
from invoice_svc.use_cases.money.bank_lines import judge_line

BATCH = 200
AT_ONCE = 8
"""Lines that are judged concurrently: their appends share transactions."""
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
            finally:
                await self.leases.release(token, LEASE, name)

    async def _judge_ledger(self, name: str, marks: Marks) -> None:
        epoch = (await self.ledger.info(name)).epoch
        after = await marks.get(name, epoch)
        while True:
            async with self.db.snapshot(NAME, name) as (conn, schema, position):
                lines = await unjudged(conn, schema, after, BATCH)
                states = await self._states(name, lines)
                found = {each: await _candidates(conn, schema, state) for each, state in states.items()}
            if lines and not await self._judge_batch(name, lines, states, found):
                return  # the same lines again in the next pass
            after = lines[-1].from_position if len(lines) == BATCH else position
            await marks.set(name, epoch, after)
            if len(lines) < BATCH:
                return

    async def _judge_batch(
        self,
        name: str,
        lines: Sequence[UnjudgedLine],
        states: Mapping[str, BankLine],
        found: Mapping[str, Sequence[str]],
    ) -> bool:
        """Judge lines; return False if some have to be judged again.

        Lines that a recorded payment may be come last and one by one, so that none of them is the same payment.
        """
        known = await self._with_payment(name, states)
        room = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            judged = [
                group.create_task(self._judge(name, line, found[line.line_id], room))
                for line in lines
                if line.line_id not in known
            ]
        done = [task.result() for task in judged]
        done += [
            await self._judge(name, line, found[line.line_id], room)
            for line in lines
            if line.line_id in known
        ]
        return all(done)

    async def _states(self, name: str, lines: Sequence[UnjudgedLine]) -> dict[str, BankLine]:
        streams = await self.ledger.read_streams(name, [line.line_id for line in lines])
        return {line_id: BANK_LINE.fold(events) for line_id, events in streams.items()}

    async def _with_payment(self, name: str, states: Mapping[str, BankLine]) -> set[str]:
        """Return the lines of which a payment is recorded under one of their references."""
        ids = {line_id: decide.payment_ids(state) for line_id, state in states.items()}
        recorded = await self.ledger.versions(name, list({each for found in ids.values() for each in found}))
        return {line_id for line_id, found in ids.items() if any(recorded[each] for each in found)}

    async def _judge(
        self, name: str, line: UnjudgedLine, found: Sequence[str], room: asyncio.Semaphore
    ) -> bool:
        """Judge a line; return False if that has to be done again."""
        command_id = derived_uuid(name, line.line_id, "judge")
        today = await self.ledger.today_of(name, line.entity_id)
        meta = derived(name, command_id, actor=INVOICING, today=today)
        async with room:
            try:
                taken = PaymentsOfLines(self.db, self.ledger)
                advices = AdviceQueries(self.db, self.ledger).open_advices
                await execute(self.ledger, meta, judge_line, line.line_id, found, taken, advices)
            except TRANSIENT as later:
                log.info("a bank line is judged later", line=line.line_id, reason=later.detail)
                return False
            except DomainError as refusal:  # one line must not stop the others
                log.warning("a bank line cannot be booked", line=line.line_id, reason=refusal.detail)
        return True


async def _candidates(conn: Conn, schema: str, state: BankLine) -> list[str]:
    """Return the ids of invoices that a line may name, as the read model knows them after the line."""
    line = decide.stated(state)
    return await candidates(
        conn,
        schema,
        entity_id=state.entity_id,
        customer_id=None,
        currency=line.currency,
        text=text_of(line),
    )
