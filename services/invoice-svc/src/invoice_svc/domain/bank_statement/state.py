"""State of a bank statement: what its one event states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from encours.contracts import Recorded
from encours.contracts.events.money.bank import BankStatementImported
from encours.kernel.errors import NotFound


class BankStatementNotFound(NotFound):
    """No statement has the id (404)."""

    code = "bank-statement-not-found"
    title = "Bank statement not found"
    remedy = "Use an id from GET /v1/bank-statements. The id may belong to another ledger, or to a day after as_of."


@dataclass(frozen=True, slots=True)
class BankStatement:
    """A statement; ``imported`` is ``None`` for one that does not exist."""

    entity_id: str = ""
    imported: BankStatementImported | None = None


def evolve(_: BankStatement, recorded: Recorded) -> BankStatement:
    """Return the statement after its event."""
    return BankStatement(recorded.entity, cast(BankStatementImported, recorded.data))
