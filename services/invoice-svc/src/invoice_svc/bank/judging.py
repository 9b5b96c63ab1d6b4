"""Judges new lines of bank statements in the background: what is certain is booked, the rest proposed or left.

A line that is not decided is judged again when an event that may explain it has come: an invoice, an account that a
match has taught, a role, a new description of a customer. After a crash lines are judged from the last mark on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Literal, NamedTuple

import asyncpg
import structlog

from encours.contracts.actors import INVOICING
from encours.kernel.errors import DomainError
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import derived
from encours.ledger.errors import LedgerUnavailable, VersionConflict
from encours.ledger.execute import execute
from encours.ledger.states import Folder
from encours.postgres.leases import Leases
from encours.projection.read_model import Conn
from encours.reading.read_db import ReadDb, ReadModelNotReady
from invoice_svc.bank.indexing import announced, indexes
from invoice_svc.bank.marks import Marks
from invoice_svc.bank.returning import ReturnJudge
from invoice_svc.domain.bank_line import decide
from invoice_svc.domain.bank_line.state import BankLine
from invoice_svc.matching.judgement import Judgement, judge
from invoice_svc.read_models.bank.matchable import explained_since
from invoice_svc.read_models.bank.query import unjudged, unjudged_returns
from invoice_svc.read_models.bank.taken import PaymentsOfLines
from invoice_svc.read_models.instruments.of_lines import instruments_of_lines
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases.folds import BANK_LINE, CUSTOMER, INVOICE
from invoice_svc.use_cases.money.bank_lines import JudgementOutdated, judge_line

BATCH = 200
AT_ONCE = 8
"""Lines that are judged concurrently: their appends share transactions."""
LEASE = "bank lines"
TRANSIENT = (LedgerUnavailable, VersionConflict, ReadModelNotReady)
"""Refusals that a later judgement may not meet again."""

Outcome = Literal["done", "refused", "later"]
"""A line is booked, proposed or left; it is proposed because its booking was refused; or it has to be judged again."""
Turn = tuple[int, int]
"""Position of the read model, and attempt at it, in which lines are judged: their commands are derived from both."""

log = structlog.get_logger("invoice_svc.bank")


class JudgedLine(NamedTuple):
    """A line with its judgement, on the business day of its entity."""

    line_id: str
    state: BankLine
    judgement: Judgement
    today: date
    instrument_ids: tuple[str, ...] = ()
    """Cheques, bills and notes that it may pay."""


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
                new = await unjudged(conn, schema, after, BATCH)
                until = new[-1].from_position if len(new) == BATCH else position
                again = await explained_since(conn, schema, after, until)
                returned = await unjudged_returns(conn, schema, after, until)
            ids = list(dict.fromkeys([*again, *(line.line_id for line in new)]))
            for first in range(0, len(ids), BATCH):
                if not await self._decide(name, ids[first : first + BATCH], until):
                    return  # the same lines again in the next pass
            if not await ReturnJudge(self.ledger, self.db).judge(name, returned):
                return
            await marks.set(name, epoch, after := until)
            if len(new) < BATCH:
                return

    async def _decide(self, name: str, line_ids: Sequence[str], position: int) -> bool:
        """Judge lines, and book or propose them; return False if some have to be judged again.

        A line whose booking is refused leaves its invoices open: those that are still undecided are judged without it.
        """
        for attempt in range(len(line_ids) + 1):  # each refuses a line or is the last
            async with self.db.snapshot(NAME, name) as (conn, schema, _):
                judged = await self._judged(name, conn, schema, line_ids)
            outcomes = await self._settle(name, judged, (position, attempt))
            if "later" in outcomes.values():
                return False
            refused = {line_id for line_id, outcome in outcomes.items() if outcome == "refused"}
            if not refused:
                return True
            line_ids = [each for each in line_ids if each not in refused]
        return True

    async def _judged(self, name: str, conn: Conn, schema: str, line_ids: Sequence[str]) -> list[JudgedLine]:
        """Judge lines by the read model; each leaves the open items that are certain to the lines before it."""
        streams = await self.ledger.read_streams(name, line_ids)
        states = {each: BANK_LINE.fold(events) for each, events in streams.items()}
        states = {each: state for each, state in states.items() if decide.is_for_machine(state)}
        read = partial(self.ledger.read_streams, name)
        found = await indexes(conn, schema, read, states.values())
        advices = await announced(conn, schema, read, states.values())
        entities = {state.entity_id for state in states.values()}
        days = {each: await self.ledger.today_of(name, each) for each in entities}
        instruments = await instruments_of_lines(conn, schema, states.values())
        judged = []
        for line_id, state in states.items():
            line = decide.stated(state)
            index = found[state.entity_id, line.currency]
            likely = advices.get((state.entity_id, line.currency, line.amount_minor), ())
            judgement = judge(line, index, likely)
            if judgement.is_certain:
                index.settle(judgement.settled)
                for credit in judgement.proposals[0].credits:
                    index.spend(credit.payment_id, credit.amount_minor)
            today, ids = days[state.entity_id], instruments[line_id]
            judged.append(JudgedLine(line_id, state, judgement, today, ids))
        return judged

    async def _settle(self, name: str, judged: Sequence[JudgedLine], turn: Turn) -> Mapping[str, Outcome]:
        """Book or propose lines; return what became of each.

        Lines that a recorded payment may be come last and one by one, so that none of them is the same payment.
        """
        await self.ledger.preload(name, _loaded_by(judged))
        known = await self._with_payment(name, judged)
        room = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            tasks = {
                each.line_id: group.create_task(self._carry_out(name, each, turn, room))
                for each in judged
                if each.line_id not in known
            }
        one_by_one = {
            each.line_id: await self._carry_out(name, each, turn, room)
            for each in judged
            if each.line_id in known
        }
        return {line_id: task.result() for line_id, task in tasks.items()} | one_by_one

    async def _with_payment(self, name: str, judged: Sequence[JudgedLine]) -> set[str]:
        """Return the lines of which a payment is recorded under one of their references, or an instrument in hand."""
        ids = {each.line_id: decide.payment_ids(each.state) for each in judged}
        recorded = await self.ledger.versions(name, list({each for found in ids.values() for each in found}))
        with_instrument = {each.line_id for each in judged if each.instrument_ids}
        return with_instrument | {line_id for line_id, found in ids.items() if any(map(recorded.get, found))}

    async def _carry_out(
        self, name: str, judged: JudgedLine, turn: Turn, room: asyncio.Semaphore, outcome: Outcome = "done"
    ) -> Outcome:
        """Book or propose a line. One whose booking is refused is proposed, with the refusal as a reason."""
        position, attempt = turn
        command_id = derived_uuid(name, judged.line_id, "judge", position, *([attempt] if attempt else []))
        meta = derived(name, command_id, actor=INVOICING, today=judged.today)
        async with room:
            try:
                taken = PaymentsOfLines(self.db, self.ledger)
                await execute(
                    self.ledger,
                    meta,
                    judge_line,
                    judged.line_id,
                    judged.judgement,
                    taken,
                    judged.instrument_ids,
                )
            except (*TRANSIENT, JudgementOutdated) as later:
                log.info("a bank line is judged later", line=judged.line_id, reason=str(later))
                return "later"
            except DomainError as refusal:  # one line must not stop the others
                log.warning("a bank line cannot be booked", line=judged.line_id, reason=refusal.detail)
                if not judged.judgement.is_certain:
                    return outcome
                judgement = judged.judgement.refused(refusal.detail)
            else:
                return outcome
        return await self._carry_out(name, judged._replace(judgement=judgement), turn, room, "refused")


def _loaded_by(judged: Sequence[JudgedLine]) -> dict[str, Folder[Any]]:
    """Return the streams of the lines, and of the invoices and payers of those that are certain."""
    found: dict[str, Folder[Any]] = {}
    for each in judged:
        found[each.line_id] = BANK_LINE
        if each.judgement.is_certain:
            found |= dict.fromkeys(each.judgement.open_minor, INVOICE)
            found[each.judgement.proposals[0].customer_id] = CUSTOMER
    return found
