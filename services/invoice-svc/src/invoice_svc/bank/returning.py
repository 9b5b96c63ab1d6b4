"""Judges new bank lines that take a payment back, after the lines of money in, whose payments they may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from encours.contracts.actors import INVOICING
from encours.kernel.errors import DomainError
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import derived
from encours.ledger.errors import LedgerUnavailable, VersionConflict
from encours.ledger.execute import execute
from encours.reading.read_db import ReadDb, ReadModelNotReady
from invoice_svc.read_models.bank.query import UnjudgedLine
from invoice_svc.read_models.bank.returned import ReturnedPayments
from invoice_svc.use_cases.money import bank_returns

_LATER = (LedgerUnavailable, VersionConflict, ReadModelNotReady)
"""Refusals that a later judgement may not meet again."""

log = structlog.get_logger("invoice_svc.bank")


@dataclass(frozen=True, slots=True)
class ReturnJudge:
    """Judges returns one by one, each once; the command's id follows from the line."""

    ledger: Ledger
    db: ReadDb

    async def judge(self, name: str, lines: Sequence[UnjudgedLine]) -> bool:
        """Judge returns of a ledger; return False if some have to be judged again."""
        done = [await self._judge(name, line) for line in lines]
        return all(done)

    async def _judge(self, name: str, line: UnjudgedLine, refused: str | None = None) -> bool:
        today = await self.ledger.today_of(name, line.entity_id)
        meta = derived(name, derived_uuid(name, line.line_id, "return"), actor=INVOICING, today=today)
        find = ReturnedPayments(self.db, self.ledger)
        try:
            await execute(self.ledger, meta, bank_returns.judge_line, line.line_id, find, refused)
        except _LATER as later:
            log.info("a return is judged later", line=line.line_id, reason=str(later))
            return False
        except DomainError as refusal:  # one line must not stop the others
            log.warning("a return cannot be booked", line=line.line_id, reason=refusal.detail)
            if refused is None:
                return await self._judge(name, line, refusal.detail)
        return True
