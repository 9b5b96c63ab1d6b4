"""The comparison of a stored list with our open items, in SQL: memory does not grow with the list.

Causes, in the order in which they are looked for:

* ``twice``: the list has more lines than there are invoices with the number; the first count;
* ``cancelled``: the invoice is cancelled there, and open here;
* ``currency``: it is in another currency there;
* ``rounding``: the open amounts differ by no more than the given minor units;
* ``late``: the open amount there is the one that it had here before its last entries;
* ``changed``: the open amounts differ for another reason;
* ``total``, ``due_date``: the open amounts are equal, the total or the due date is not;
* ``renumbered``: it is open there and here under numbers with the same digits;
* ``missing``: it is not known here; ``vanished``: it is open here, and not in the list.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from encours.projection.read_model import Conn

Cause = Literal[
    "twice", "cancelled", "currency", "rounding", "late", "changed", "total", "due_date", "renumbered", "missing",
    "vanished",
]  # fmt: skip
CAUSES: tuple[Cause, ...] = get_args(Cause)

_OURS = """
    select i.invoice_id, i.customer_id, i.number, i.number_key, i.digits_key, i.currency, i.due_on, i.total_minor,
        i.total_minor + coalesce(m.moved_minor, 0) as open_minor,
        row_number() over (partition by i.number_key order by i.invoice_id) as place
    from {schema}.invoice i left join (
        select invoice_id, sum(item_minor)::bigint as moved_minor from {schema}.movement
        where position <= $3 and effective_on <= $4 group by invoice_id
    ) m on m.invoice_id = i.invoice_id
    where i.entity_id = $2 and i.issued_position <= $3 and i.issued_on <= $4
"""
_COMPARE = f"""
    insert into sync.difference (
        check_id, number_key, n, cause, number, their_number, invoice_id, customer_id, currency, their_currency,
        theirs_minor, ours_minor, their_total_minor, our_total_minor, their_due_on, our_due_on
    )
    select $1, coalesce(theirs.number_key, ours.number_key), coalesce(theirs.n, 0),
        case when theirs.place > 1 and ours.invoice_id is null then 'twice'
            when theirs.n is null then 'vanished'
            when ours.invoice_id is null then 'missing'
            when theirs.cancelled and ours.open_minor <> 0 then 'cancelled'
            when theirs.currency <> ours.currency then 'currency'
            when theirs.open_minor <> ours.open_minor then
                case when abs(theirs.open_minor - ours.open_minor) <= $5 then 'rounding' else 'changed' end
            when theirs.total_minor <> ours.total_minor then 'total'
            else 'due_date' end,
        coalesce(ours.number, theirs.number), theirs.number, ours.invoice_id, ours.customer_id,
        coalesce(ours.currency, theirs.currency), theirs.currency,
        case when theirs.cancelled then 0 else theirs.open_minor end,
        ours.open_minor,
        theirs.total_minor, ours.total_minor, theirs.due_on, ours.due_on
    from (
        select *, row_number() over (partition by number_key order by n) as place
        from sync.line where check_id = $1
    ) theirs full join ({_OURS}) ours on ours.number_key = theirs.number_key and ours.place = theirs.place
    where (theirs.n is null and ours.open_minor <> 0)
        or (ours.invoice_id is null and theirs.open_minor <> 0 and not theirs.cancelled)
        or (theirs.cancelled and ours.open_minor <> 0)
        or (not theirs.cancelled and (theirs.currency <> ours.currency or theirs.open_minor <> ours.open_minor
            or theirs.total_minor <> ours.total_minor or theirs.due_on <> ours.due_on))
"""
# The open amount after each entry; one that the list has, but not the last, shows what it does not have yet.
_LATE = """
    update sync.difference d set cause = 'late', since_kind = later.kind, since_on = later.effective_on
    from (
        select distinct on (d.id) d.id, after.kind, after.effective_on
        from sync.difference d cross join lateral (
            select m.kind, m.effective_on, m.position, m.entry,
                d.our_total_minor + coalesce(sum(m.item_minor) over (
                    order by m.position, m.entry rows between unbounded preceding and 1 preceding
                ), 0) as before_minor
            from {schema}.movement m
            where m.invoice_id = d.invoice_id and m.item_minor <> 0 and m.position <= $2 and m.effective_on <= $3
        ) after
        where d.check_id = $1 and d.cause = 'changed' and after.before_minor = d.theirs_minor
        order by d.id, after.position desc, after.entry desc
    ) later
    where d.id = later.id
"""
_RENUMBERED = """
    with pairs as (
        select theirs.id as theirs_id, ours.id as ours_id,
            count(*) over (partition by theirs.id) as ours_found, count(*) over (partition by ours.id) as theirs_found
        from sync.difference theirs
            join sync.line line on line.check_id = $1 and line.n = theirs.n and line.digits_key <> ''
            join sync.difference ours on ours.check_id = $1 and ours.cause = 'vanished'
                and ours.currency = theirs.currency and ours.ours_minor = theirs.theirs_minor
            join {schema}.invoice i on i.invoice_id = ours.invoice_id
                and ltrim(i.digits_key, '0') = ltrim(line.digits_key, '0')
        where theirs.check_id = $1 and theirs.cause = 'missing'
    ), alone as (
        select * from pairs where ours_found = 1 and theirs_found = 1
    ), named as (
        update sync.difference ours set cause = 'renumbered', n = theirs.n, theirs_minor = theirs.theirs_minor,
            their_number = theirs.their_number, their_currency = theirs.their_currency,
            their_total_minor = theirs.their_total_minor, their_due_on = theirs.their_due_on
        from alone join sync.difference theirs on theirs.id = alone.theirs_id
        where ours.id = alone.ours_id
    )
    delete from sync.difference d using alone where d.id = alone.theirs_id
"""
_TOTALS = f"""
    select currency, sum(theirs_minor)::bigint as theirs_minor, sum(theirs_count)::bigint as theirs_count,
        sum(ours_minor)::bigint as ours_minor, sum(ours_count)::bigint as ours_count
    from (
        select currency, open_minor as theirs_minor, 1 as theirs_count, 0 as ours_minor, 0 as ours_count
        from sync.line where check_id = $1 and open_minor <> 0 and not cancelled
        union all
        select currency, 0, 0, open_minor, 1 from ({_OURS}) ours where open_minor <> 0
    ) both_sides group by currency order by currency
"""


@dataclass(frozen=True, slots=True)
class SyncComparison:
    """A list that is stored under the check's id, and the moment of our side that it is compared with."""

    check_id: str
    entity_id: str
    schema: str
    position: int
    on: date
    rounding_minor: int


@dataclass(frozen=True, slots=True)
class SideTotals:
    """Open amounts of both sides in one currency, in minor units, and their numbers of items."""

    currency: str
    theirs_minor: int
    theirs_count: int
    ours_minor: int
    ours_count: int


async def compare(conn: Conn, asked: SyncComparison) -> None:
    """Store the differences of a list."""
    schema = asked.schema
    moment = (asked.position, asked.on)
    await conn.execute("analyze sync.line")
    await conn.execute(
        _COMPARE.format(schema=schema), asked.check_id, asked.entity_id, *moment, asked.rounding_minor
    )
    await conn.execute("analyze sync.difference")
    await conn.execute(_LATE.format(schema=schema), asked.check_id, *moment)
    await conn.execute(_RENUMBERED.format(schema=schema), asked.check_id)


async def totals(conn: Conn, asked: SyncComparison) -> list[SideTotals]:
    """Return the totals of both sides by currency."""
    rows = await conn.fetch(
        _TOTALS.format(schema=asked.schema), asked.check_id, asked.entity_id, asked.position, asked.on
    )
    return [SideTotals(**row) for row in rows]
