"""Ledger and read model at a position of the past, and what decisions taken again ask of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

from encours.contracts import Recorded
from encours.contracts.events.risk import DepositSeen
from encours.kernel.ids import is_id
from encours.ledger import Ledger
from encours.projection.read_model import Conn
from encours.reading.merges import survivors
from risk_svc.domain import policy
from risk_svc.read_models.credit.deposit_query import deposits_named
from risk_svc.read_models.insurance.query import Moment
from risk_svc.use_cases.deposits import DEPOSIT_INVOICE, ORDERED_GOODS, deposit_seen
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

    async def deposit(
        self, e: Recorded, customer_id: str, order_id: str, seen_position: int, rules_version: int
    ) -> DepositSeen | None:
        """Return the deposit of an order that a decision saw, as :func:`deposit_of` does for one of now."""
        if rules_version < 5 or not is_id(order_id, "ord"):
            return None
        before = e.position - 1
        order = ORDERED_GOODS.fold(await self.ledger.read_stream(self.name, order_id, upto=before))
        merged = await survivors(self.conn, self.schema, e.effective_on, before)
        if not order.deposit_minor or merged.of(order.customer_id) != merged.of(customer_id):
            return None
        if not (await self.policy(e.entity, before)).orders.need_reservation:
            return None
        named = await deposits_named(self.conn, self.schema, e.entity, order.number, seen_position)
        read = await self.ledger.read_streams(self.name, named, upto=before)
        found = [DEPOSIT_INVOICE.fold(read[each]) for each in named]
        own = merged.records(merged.of(order.customer_id))
        return deposit_seen(order, found, own)


def authority_of(
    e: Recorded, rules: policy.CreditPolicy, amount_minor: int, currency: str, asked_by: str | None
) -> Callable[[], policy.Authority]:
    """Return the search for the authority by which the actor of a decision could take it."""
    return partial(
        policy.authority, rules, amount_minor, currency, actor=e.actor, asked_by=asked_by, day=e.effective_on
    )
