"""Queries of credit files: the entity of a customer, told facts that nobody has answered, filed accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from encours.contracts.parties import Survivors
from encours.reading.moment import View
from risk_svc.domain.proposal.review import ToldReview


@dataclass(frozen=True, slots=True)
class ToldFact:
    """A fact about a customer that calls for a review: a kind of review, and what was told."""

    kind: ToldReview
    observed_on: date
    text: str
    position: int


_TOLD = """
with known as (
    select distinct on (customer_id, fact_number)
        customer_id, fact_number, position, observed_on, text, kind, valid_until, closed_on
    from {s}.told_fact where customer_id = any($1) and position <= $2
    order by customer_id, fact_number, position desc
), told as (
    select * from known where kind is not null and observed_on <= $3 and (valid_until is null or valid_until >= $3)
)
"""
"""Facts that are known at a position and hold on a day."""
_UNANSWERED = f"""
{_TOLD}
select n.customer_id, n.kind, n.observed_on, n.text, n.position from told n
where n.kind in ('insolvency_notice', 'company_closed', 'insurer_opinion') and not exists (
    select from {{s}}.insolvency i
    where n.kind <> 'insurer_opinion' and i.customer_id = n.customer_id and i.in_force
      and i.position <= $2 and i.effective_on <= $3
      and (i.position > n.position or not exists (
          select from {{s}}.insolvency later
          where later.customer_id = i.customer_id and later.position > i.position and later.position < n.position
            and later.effective_on <= $3))
) and not (n.kind = 'company_closed' and exists (
    select from told active
    where active.customer_id = n.customer_id and active.kind = 'company_active'
      and (active.observed_on, active.position) > (n.observed_on, n.position)
)) and not (n.kind = 'insurer_opinion' and exists (
    select from {{s}}.limit_request l
    where l.customer_id = n.customer_id and l.decided_position between n.position and $2 and l.decided_on <= $3
))
order by n.observed_on, n.fact_number
"""
_ACCOUNTS = f"""
{_TOLD}
select customer_id, max(closed_on) as closed_on from told where kind = 'accounts_filed' group by customer_id
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


async def unanswered_facts(
    view: View, debtors: Sequence[str], merged: Survivors
) -> Mapping[str, list[ToldFact]]:
    """Return the facts about debtors that call for a review.

    Proceedings that are recorded since, or were in force then, answer a notice of insolvency and a closed company. A
    closed company is answered by one that is seen active later, an insurer's opinion by a later decision on a limit.
    """
    records = [record for each in debtors for record in merged.records(each)]
    rows = await view.conn.fetch(
        _UNANSWERED.format(s=view.schema), records, view.time.position, view.time.as_of
    )
    found: dict[str, list[ToldFact]] = {}
    for row in rows:
        told = ToldFact(row["kind"], row["observed_on"], row["text"], row["position"])
        found.setdefault(merged.of(row["customer_id"]), []).append(told)
    return found


async def accounts_filed(view: View, records: Sequence[str]) -> Mapping[str, date]:
    """Return the day of the last balance sheet that a register or somebody else has told, by record of a customer."""
    rows = await view.conn.fetch(
        _ACCOUNTS.format(s=view.schema), list(records), view.time.position, view.time.as_of
    )
    return {row["customer_id"]: row["closed_on"] for row in rows}
