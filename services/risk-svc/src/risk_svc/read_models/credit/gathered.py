"""Rows of all parts of a set of figures, by one statement: its round trip would be one for each part otherwise.

Each part is a query of its own, with the same parameters: records of customers, position, business date. The rows come
as one JSON text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import TypedDict

import msgspec

from encours.contracts.parties import Merge
from encours.projection.read_model import Conn
from encours.projection.schemas import schema_of
from encours.reading.insured import OPENINGS
from encours.reading.merges import MERGES
from encours.reading.rates import RATES
from encours.reading.read_db import ReadDb
from risk_svc.read_models.credit.account_query import FUNDS, ITEMS, SCHEDULES
from risk_svc.read_models.credit.guarantees import GUARANTEES
from risk_svc.read_models.credit.holds import HOLDS
from risk_svc.read_models.file.unopened import UNOPENED

_CUSTOMERS = """
select customer_id, entity_id, name, (
    select segment from {s}.segment s
    where s.customer_id = c.customer_id and position <= $2 and effective_on <= $3 order by position desc limit 1
) as segment
from {s}.customer c where customer_id = any($1) and from_position <= $2
"""
_ORDERS = """
select customer_id, currency, sum(draft_minor)::bigint as drafts, sum(reserved_minor)::bigint as reserved,
       sum(delivered_minor)::bigint as delivered
from {s}.movement
where customer_id = any($1) and position <= $2 and effective_on <= $3
  and (draft_minor <> 0 or reserved_minor <> 0 or delivered_minor <> 0)
group by customer_id, currency
"""
_LIMITS = """
select distinct on (customer_id) customer_id, limit_id, approved_minor, currency, approved_max_days, valid_until
from {s}.limit_request
where customer_id = any($1) and state = 'approved' and decided_position <= $2
  and greatest(decided_on, valid_from) <= $3
order by customer_id, greatest(decided_on, valid_from) desc, decided_position desc
"""
# The roles of the records, of those that were ever assigned to them, and of all that have one of these assigned.
_ROLES = """
with head as (
    select unnest($1::text[]) as id
    union select unnest(array[payer_id, group_id]) from {s}.roles where customer_id = any($1)
)
select customer_id, valid_from, position, payer_id, group_id from {s}.roles
where customer_id in (
    select id from head
    union select customer_id from {s}.roles join head on payer_id = id
    union select customer_id from {s}.roles join head on group_id = id
)
"""
_INSURANCE = """
select stream, subject, customer_id, entity_id, effective_on, type, schema_version, content
from {s}.insurance_event
where contract_id in (
    select contract_id from {s}.insurance_event
    where subject = 'cover' and customer_id = any($1) and position <= $2
) and position <= $2 and (subject <> 'deadline' or effective_on <= $3)
  and (subject = 'contract' or customer_id = any($1))
order by position
"""
_ENTITIES = "array(select entity_id from {s}.customer where customer_id = any($1))"
_PARTS: Mapping[str, str] = {
    "merges": MERGES,
    "roles": _ROLES,
    "customers": _CUSTOMERS,
    "items": ITEMS,
    "funds": FUNDS,
    "schedules": SCHEDULES,
    "orders": _ORDERS,
    "openings": OPENINGS,
    "guarantees": GUARANTEES,
    "holds": HOLDS,
    "limits": _LIMITS,
    "unopened": UNOPENED,
    "rates": RATES.replace("{entities}", _ENTITIES),
    "insurance": _INSURANCE,
}


class _ItemColumns(TypedDict):
    customer_id: str
    invoice_id: str
    number: str | None
    currency: str
    issued_on: date
    due_on: date
    net_minor: int | None
    total_minor: int
    is_penalty: bool
    open_minor: int
    owed_minor: int
    disputed_minor: int
    conceded_minor: int
    planned_minor: int
    moved_on: date | None


class _FundsColumns(TypedDict):
    customer_id: str
    currency: str
    invoice_id: str
    payment_id: str
    applied_minor: int
    unapplied_minor: int
    available_on: date | None


class _InstalmentColumns(TypedDict):
    invoice_id: str
    position: int
    effective_on: date
    due_on: date
    amount_minor: int


class _CustomerColumns(TypedDict):
    customer_id: str
    entity_id: str
    name: str
    segment: str | None


class _OrdersColumns(TypedDict):
    customer_id: str
    currency: str
    drafts: int
    reserved: int
    delivered: int


class _OfCustomerColumns(TypedDict):
    customer_id: str


class _OpeningColumns(TypedDict):
    customer_id: str
    effective_on: date


class _RolesColumns(TypedDict):
    customer_id: str
    valid_from: date
    position: int
    payer_id: str | None
    group_id: str | None


class _InsuranceColumns(TypedDict):
    stream: str
    subject: str
    customer_id: str | None
    entity_id: str
    effective_on: date
    type: str
    schema_version: int
    content: str


class _GuaranteedColumns(TypedDict):
    customer_id: str
    currency: str
    valid_until: date | None
    amount_minor: int


class _HoldColumns(TypedDict):
    customer_id: str
    credit_hold_id: str
    cause: str
    placed_on: date
    until: date | None
    text: str
    reason: str | None


class _LimitColumns(TypedDict):
    customer_id: str
    limit_id: str
    approved_minor: int
    currency: str
    approved_max_days: int
    valid_until: date | None


class _RateColumns(TypedDict):
    entity: str
    base: str
    quote: str
    day: date
    rate: str
    source: str


class Gathered(msgspec.Struct, frozen=True):
    """Rows of some records, with the insurance of those that a cover ever was about."""

    merges: Sequence[Merge]
    roles: Sequence[_RolesColumns]
    customers: Sequence[_CustomerColumns]
    items: Sequence[_ItemColumns]
    funds: Sequence[_FundsColumns]
    schedules: Sequence[_InstalmentColumns]
    orders: Sequence[_OrdersColumns]
    openings: Sequence[_OpeningColumns]
    guarantees: Sequence[_GuaranteedColumns]
    holds: Sequence[_HoldColumns]
    limits: Sequence[_LimitColumns]
    unopened: Sequence[_OfCustomerColumns]
    rates: Sequence[_RateColumns]
    insurance: Sequence[_InsuranceColumns]


_decoder = msgspec.json.Decoder(Gathered)
_ANY_POSITION = 2**63 - 1


@lru_cache(maxsize=256)
def _statement(schema: str) -> str:
    rows = (
        f"'{name}', (select coalesce(json_agg(x), '[]') from ({query.format(s=schema)}) x)"
        for name, query in _PARTS.items()
    )
    return f"select json_build_object({', '.join(rows)})"


async def gather(conn: Conn, schema: str, records: Sequence[str], *, as_of: date, position: int) -> Gathered:
    """Return the rows of records of customers at the dates of a question."""
    return _decoder.decode(await conn.fetchval(_statement(schema), list(records), position, as_of))


async def gather_now(db: ReadDb, ledger: str, records: Sequence[str], *, as_of: date) -> tuple[int, Gathered]:
    """Return the position of the read model now, and the rows of records of customers at it."""
    statement = _statement(schema_of("credit", ledger))
    # The rows are those of one moment, so that none is beyond the position that is found with them.
    position, rows = await db.value_now("credit", ledger, statement, list(records), _ANY_POSITION, as_of)
    return position, _decoder.decode(rows)
