"""Ledger and read model at a position of the past, and what decisions taken again ask of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

from encours.contracts import Recorded
from encours.ledger import Ledger
from encours.projection.read_model import Conn
from risk_svc.domain import policy
from risk_svc.read_models.insurance.query import Moment
from risk_svc.use_cases.standing import CREDIT_POLICY


@dataclass(frozen=True, slots=True)
class LedgerPast:
    """Ledger and read model of the figures: rows of all positions, so that those of any decision can be asked for."""

    ledger: Ledger
    name: str
    conn: Conn
    schema: str

    def moment(self, day: date, position: int) -> Moment:
        """Return the dates of a question."""
        return Moment(self.conn, self.schema, day, position)

    async def policy(self, entity_id: str, position: int, version: int | None = None) -> policy.CreditPolicy:
        """Return the policy at a position, or of a version up to it."""
        events = await self.ledger.read_stream(self.name, policy.policy_of(entity_id), upto=position)
        return CREDIT_POLICY.fold(e for e in events if version is None or e.version <= version)


def authority_of(
    e: Recorded, rules: policy.CreditPolicy, amount_minor: int, currency: str, asked_by: str | None
) -> Callable[[], policy.Authority]:
    """Return the search for the authority by which the actor of a decision could take it."""
    return partial(
        policy.authority, rules, amount_minor, currency, actor=e.actor, asked_by=asked_by, day=e.effective_on
    )
