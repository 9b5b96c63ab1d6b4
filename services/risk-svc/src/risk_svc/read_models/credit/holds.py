"""Holds, and what they may be placed for: their tables, their events, and those in force at the dates of a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

import msgspec

from encours.contracts import Recorded
from encours.contracts.common import Reason
from encours.contracts.events.credit_hold import CreditHoldPlaced, CreditHoldReleased
from encours.contracts.events.dunning.promises import PromiseBroken, PromiseKept
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.projection.read_model import Conn
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row
from risk_svc.domain.hold import HoldInForce


class CreditHoldRow(Row, kw_only=True):
    """A hold; its release is effective on ``released_on`` and known from ``released_position``."""

    TABLE: ClassVar[str] = "credit_hold"
    KEY: ClassVar[tuple[str, ...]] = ("credit_hold_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)",)
    credit_hold_id: str
    customer_id: str
    entity_id: str
    cause: str
    text: str
    reason: str | None = None
    """JSON document of the policy's reason."""
    until: date | None
    placed_on: date
    placed_position: int
    released_on: date | None = None
    released_position: int | None = None


class LadderStepRow(Row, kw_only=True):
    """A step of the ladder that a message to a customer has taken, never changed again; the last one counts."""

    TABLE: ClassVar[str] = "ladder_step"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position")
    INDEXES: ClassVar[tuple[str, ...]] = ("(position)",)
    customer_id: str
    position: int
    step: str
    taken_on: date


class PromiseOutcomeRow(Row, kw_only=True):
    """Outcome of a promise to pay, kept or broken, never changed again; the last one of a promise counts."""

    TABLE: ClassVar[str] = "promise_outcome"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "promise_id", "position")
    customer_id: str
    promise_id: str
    position: int
    effective_on: date
    promised_on: date
    broken: bool


async def stepped_between(
    conn: Conn, schema: str, entity_id: str, steps: Sequence[str], *, after: int, upto: int
) -> list[str]:
    """Return the customers of an entity for whom a message took one of some steps between two positions."""
    rows = await conn.fetch(
        f"""select distinct customer_id from {schema}.ladder_step l join {schema}.customer c using (customer_id)
            where l.position > $1 and l.position <= $2 and c.entity_id = $3 and l.step = any($4)
            order by customer_id""",
        after, upto, entity_id, list(steps),
    )  # fmt: skip
    return [row["customer_id"] for row in rows]


def apply_hold(e: Recorded, data: CreditHoldPlaced | CreditHoldReleased, rows: RowCache) -> None:
    """Put a hold, or its release."""
    if isinstance(data, CreditHoldPlaced):
        rows.put(
            CreditHoldRow(
                credit_hold_id=data.credit_hold_id,
                customer_id=data.customer_id,
                entity_id=e.entity,
                cause=data.cause,
                text=data.text,
                reason=msgspec.json.encode(data.reason).decode() if data.reason else None,
                until=data.until,
                placed_on=e.effective_on,
                placed_position=e.position,
            )
        )
        return
    row = rows.get(CreditHoldRow, data.credit_hold_id)
    if row is None:
        raise LookupError(f"hold {data.credit_hold_id} was never placed")
    row.released_on, row.released_position = e.effective_on, e.position
    rows.put(row)


def apply_promise(e: Recorded, data: PromiseKept | PromiseBroken, rows: RowCache) -> None:
    """Put the outcome of a promise."""
    rows.put(
        PromiseOutcomeRow(
            customer_id=data.customer_id,
            promise_id=data.promise_id,
            position=e.position,
            effective_on=e.effective_on,
            promised_on=data.promised_on,
            broken=isinstance(data, PromiseBroken),
        )
    )


def apply_step(e: Recorded, data: ReminderRequested, rows: RowCache) -> None:
    """Put the step that a message takes for each customer."""
    for customer_id in customers_dunned(data):
        rows.put(
            LadderStepRow(customer_id=customer_id, position=e.position, step=data.step, taken_on=data.day)
        )


def customers_dunned(data: ReminderRequested) -> list[str]:
    """Return the customers whose invoices a message claims: of one to a payer or a head of a group all of them."""
    return [each.customer_id for each in data.debtors if each.amount_minor] or [data.customer_id]


HOLDS = """
select customer_id, credit_hold_id, cause, placed_on, until, text, reason from {s}.credit_hold
where customer_id = any($1) and placed_position <= $2 and placed_on <= $3
  and (until is null or until >= $3)
  and (released_position is null or released_position > $2 or released_on > $3)
order by placed_position
"""
"""Holds of customers that count on a business day, by what was known at a position."""


def held(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[HoldInForce]]:
    """Return holds by customer."""
    found: dict[str, list[HoldInForce]] = {}
    for row in rows:
        reason = msgspec.json.decode(row["reason"], type=Reason) if row["reason"] else None
        each = HoldInForce(
            row["credit_hold_id"], row["cause"], row["placed_on"], row["until"], row["text"], reason
        )
        found.setdefault(row["customer_id"], []).append(each)
    return found


async def broken_promises(
    conn: Conn, schema: str, customers: Sequence[str], *, as_of: date, position: int
) -> dict[str, list[date]]:
    """Return the days of the promises of the last year that are broken on a business day, by what was known."""
    rows = await conn.fetch(
        f"""select customer_id, promised_on from (
                select distinct on (customer_id, promise_id) customer_id, promise_id, promised_on, broken
                from {schema}.promise_outcome
                where customer_id = any($1) and position <= $2 and effective_on <= $3
                order by customer_id, promise_id, position desc
            ) last where broken and promised_on > $4 order by promised_on, promise_id""",
        list(customers),
        position,
        as_of,
        as_of - timedelta(days=365),
    )
    found: dict[str, list[date]] = {}
    for row in rows:
        found.setdefault(row["customer_id"], []).append(row["promised_on"])
    return found
