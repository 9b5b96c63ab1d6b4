"""Customers as the causes of holds see them, page by page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from encours.contracts.common import Reason
from encours.projection.read_model import Conn
from risk_svc.domain.picture import Picture
from risk_svc.read_models.credit.holds import broken_promises
from risk_svc.read_models.credit.query import pictures


@dataclass(frozen=True, slots=True)
class CreditStanding:
    """A customer as the causes of holds see it."""

    customer_id: str
    days_late: int
    """Days past due of the oldest open invoice that no money covers, over all currencies."""
    insolvent: bool
    last_step: str | None
    stepped_on: date | None
    holds: Mapping[str, str]
    """Open holds by policy: ids by cause."""
    ended: Mapping[str, int] = field(default_factory=dict)
    """Number of holds by policy that have ended, by cause."""
    cover_stop: Reason | None = None
    """Reason for which credit insurance covers no new delivery."""
    broken_promises: int = 0
    """Promises of the last year that are broken."""

    def step(self, day: date) -> str | None:
        """Return the last step of the ladder, if it was taken since the oldest open invoice was due."""
        begun = self.stepped_on is not None and self.stepped_on >= day - timedelta(days=self.days_late)
        return self.last_step if begun else None


_CANDIDATES = """
select customer_id from {s}.customer c
where entity_id = $1 and customer_id > $2 and (
    exists (select from {s}.exposure x where x.customer_id = c.customer_id and x.exposure_minor <> 0)
    or exists (select from {s}.credit_hold h where h.customer_id = c.customer_id and h.released_position is null)
    or exists (select from {s}.insolvency i where i.customer_id = c.customer_id)
    or exists (select from {s}.insurance_event i where i.customer_id = c.customer_id and i.subject = 'cover')
    or exists (select from {s}.merge m where m.into_id = c.customer_id)
)
order by customer_id limit $3
"""
_POLICY_HOLDS = """
select customer_id, cause, credit_hold_id, released_position is null as open from {s}.credit_hold
where customer_id = any($1) and cause <> 'by_hand'
"""
_STEPS = """
select distinct on (customer_id) customer_id, step, taken_on from {s}.ladder_step
where customer_id = any($1) and position <= $2 and taken_on <= $3 order by customer_id, position desc
"""


async def standings(
    conn: Conn, schema: str, entity_id: str, *, after: str, limit: int, as_of: date, position: int
) -> list[CreditStanding]:
    """Return the customers of an entity, in the order of their ids, for whom a hold may begin or end.

    A record that is merged into another has no delay of its own: its holds end, and those of the other begin, which
    may have no exposure of its own.
    """
    rows = await conn.fetch(_CANDIDATES.format(s=schema), entity_id, after, limit)
    customers = [row["customer_id"] for row in rows]
    return await standings_of(conn, schema, customers, as_of=as_of, position=position)


async def standings_of(
    conn: Conn, schema: str, customers: Sequence[str], *, as_of: date, position: int
) -> list[CreditStanding]:
    """Return customers as the causes of holds see them at the dates, with their holds by policy."""
    holds: defaultdict[str, dict[str, str]] = defaultdict(dict)
    ended: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in await conn.fetch(_POLICY_HOLDS.format(s=schema), customers):
        if row["open"]:
            holds[row["customer_id"]][row["cause"]] = row["credit_hold_id"]
        else:
            ended[row["customer_id"]][row["cause"]] += 1
    found = await standings_then(conn, schema, customers, as_of=as_of, position=position)
    return [replace(each, holds=holds[each.customer_id], ended=ended[each.customer_id]) for each in found]


async def standings_then(
    conn: Conn, schema: str, customers: Sequence[str], *, as_of: date, position: int
) -> list[CreditStanding]:
    """Return customers as the causes of holds see them at the dates, without their holds."""
    shown = await pictures(conn, schema, customers, as_of=as_of, position=position)
    found = {each: picture for each, picture in shown.items() if picture.customer_id == each}
    rows = await conn.fetch(_STEPS.format(s=schema), list(customers), position, as_of)
    steps = {row["customer_id"]: row for row in rows}
    broken = await broken_promises(conn, schema, customers, as_of=as_of, position=position)
    return [
        CreditStanding(
            customer_id=customer,
            days_late=found[customer].alone.oldest_days_past_due(as_of) if customer in found else 0,
            insolvent=customer in found and found[customer].insolvent,
            last_step=steps[customer]["step"] if customer in steps else None,
            stepped_on=steps[customer]["taken_on"] if customer in steps else None,
            holds={},
            cover_stop=_cover_stop(found.get(customer)),
            broken_promises=len(broken.get(customer, ())),
        )
        for customer in customers
    ]


def _cover_stop(picture: Picture | None) -> Reason | None:
    return picture.cover_stop.reason if picture and picture.cover_stop else None


async def policies_set(conn: Conn, schema: str) -> dict[str, int]:
    """Return the entities that have a credit policy, each with the position of the version in force."""
    rows = await conn.fetch(f"select entity_id, set_position from {schema}.order_policy order by entity_id")
    return {row["entity_id"]: row["set_position"] for row in rows}


async def entities(conn: Conn, schema: str) -> list[str]:
    """Return the entities that have customers."""
    rows = await conn.fetch(f"select distinct entity_id from {schema}.customer order by entity_id")
    return [row["entity_id"] for row in rows]
