"""Queries of credit files: the entity of a customer, notices of insolvency that nobody has answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from encours.contracts.parties import Survivors
from encours.reading.moment import View


@dataclass(frozen=True, slots=True)
class InsolvencyNotice:
    """A notice of insolvency about a customer."""

    observed_on: date
    text: str
    position: int


_UNANSWERED = """
select n.customer_id, n.observed_on, n.text, n.position from (
    select distinct on (customer_id, fact_number) customer_id, fact_number, position, observed_on, text, tells
    from {s}.insolvency_notice where customer_id = any($1) and position <= $2
    order by customer_id, fact_number, position desc
) n
where n.tells and n.observed_on <= $3 and not exists (
    select from {s}.insolvency i
    where i.customer_id = n.customer_id and i.in_force and i.position <= $2 and i.effective_on <= $3
      and (i.position > n.position or not exists (
          select from {s}.insolvency later
          where later.customer_id = i.customer_id and later.position > i.position and later.position < n.position
            and later.effective_on <= $3))
)
order by n.observed_on, n.fact_number
"""


MOST_ORDERS = 500
_STREAMS = """
select limit_id as stream, requested_position as position from {s}.limit_request
    where customer_id = any($1) and requested_position <= $2
union all select guarantee_id, taken_position from {s}.guarantee
    where customer_id = any($1) and taken_position <= $2
union all select credit_hold_id, placed_position from {s}.credit_hold
    where customer_id = any($1) and placed_position <= $2
union all select credit_warning_id, raised_position from {s}.credit_warning
    where customer_id = any($1) and raised_position <= $2
union all select stream, min(position) from {s}.insurance_event
    where customer_id = any($1) and subject = 'cover' and position <= $2 group by stream
order by position desc
"""
_ORDERS = f"""
select reservation_id as stream, count(*) over () as orders from {{s}}.reservation
where customer_id = any($1) and ordered_position <= $2 and ordered_on <= $3
order by ordered_position desc limit {MOST_ORDERS}
"""


@dataclass(frozen=True, slots=True)
class FileStreams:
    """Streams about a customer that have ids of their own; of the orders the latest, so that some are left out."""

    streams: list[str]
    orders_left_out: int


async def streams_of(view: View, records: Sequence[str]) -> FileStreams:
    """Return the streams about records of a customer that had begun at the dates of the view."""
    time = view.time
    rows = await view.conn.fetch(_STREAMS.format(s=view.schema), list(records), time.position)
    orders = await view.conn.fetch(_ORDERS.format(s=view.schema), list(records), time.position, time.as_of)
    left_out = orders[0]["orders"] - len(orders) if orders else 0
    return FileStreams([row["stream"] for row in (*rows, *orders)], left_out)


async def entity_of(view: View, customer_id: str) -> str | None:
    """Return the entity of a customer that was registered at the position."""
    found: str | None = await view.conn.fetchval(
        f"select entity_id from {view.schema}.customer where customer_id = $1 and from_position <= $2",
        customer_id,
        view.time.position,
    )
    return found


async def unanswered_notices(
    view: View, debtors: Sequence[str], merged: Survivors
) -> Mapping[str, list[InsolvencyNotice]]:
    """Return the notices about debtors for whom no proceedings are recorded since, nor were in force then."""
    records = [record for each in debtors for record in merged.records(each)]
    rows = await view.conn.fetch(
        _UNANSWERED.format(s=view.schema), records, view.time.position, view.time.as_of
    )
    found: dict[str, list[InsolvencyNotice]] = {}
    for row in rows:
        notice = InsolvencyNotice(row["observed_on"], row["text"], row["position"])
        found.setdefault(merged.of(row["customer_id"]), []).append(notice)
    return found
