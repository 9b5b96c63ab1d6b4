"""Subtotals of movements, which a question about the past adds in place of the movements themselves.

A subtotal is the sum of the movements of a range of positions. One of its tables has a row per invoice, another one
per account: with what is open by due date and by issue date, added up from the first day on, so that a band is the
difference of two elements. A third one has the sums of each day by kind of entry. Others, of ranges of their own, have
the states of debts that the range changes (:mod:`reporting_svc.read_models.debts`). Subtotals of consecutive ranges
make a chain from the first position on. An answer (:mod:`.counted`) is the same sum with any chain, and without one.
Sums of parts of the customers over a period read the entries themselves, in columns that are made with the subtotals
(:mod:`reporting_svc.read_models.entries`).

Bands need no single invoices but those *apart*: disputed, on a payment plan, in instalments, or penalty documents. A
subtotal marks those that were apart by its last position, as far as it has them.

Movements are never changed, so that subtotals need not be kept up to date: a worker makes them after the fact, and a
rebuild, which replaces the schema, drops them. They are no part of the content that is hashed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal, get_args

from encours.projection.schemas import schema_of
from reporting_svc.read_models.debts.columns import made_sql
from reporting_svc.read_models.debts.states import added_sql, changes_sql
from reporting_svc.read_models.entries.columns import end_of_next, made_entries_sql
from reporting_svc.read_models.receivables.rows import apart_sql
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.receivables.sums import SALES, added_days_sql, days_sql

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import TimeTravel, View

BLOCK = 50_000
"""Movements of a subtotal that is made of them; beside a chain about half as many are read at most."""
_TYPICAL = 1_001
"""Last movements of a subtotal whose median day says how far its history went."""
ON_ITEM = ("item_minor", "contested_minor", "conceded_minor", "planned_minor")
_ON_ACCOUNT = ("cash_minor", "account_minor")
ACCOUNT_KEY = ("entity", "customer_id", "currency")
_DATES = ("due_on", "issued_on")
Basis = Literal["due_on", "issued_on"]
SubtotalTable = Literal["item", "account", "day", "debt"]
_INDEXES: dict[SubtotalTable, str] = {"item": "(is_apart, invoice_id)"}
_SHARE: dict[SubtotalTable, int] = {"item": 2, "debt": 4}
"""Blocks have this share of the rows of the subtotal of everything before them, at most: one in so many."""
_LAST = 2**63 - 1
PAST_WORK_MEM = "64MB"
"""For movements joined with a million items: with the default of 4 MB the join goes through temporary files."""


@dataclass(frozen=True, slots=True)
class SubtotalRange:
    """Subtotal of the positions after ``since`` up to ``upto``."""

    part: int
    since: int
    upto: int
    items: int | None
    accounts: int | None
    days: int | None
    debts: int | None
    """Rows of each table; ``None`` without it."""
    day: date
    """Median day of the last movements, to which the history had come."""

    def rows_of(self, table: SubtotalTable) -> int | None:
        """Return the number of rows of a table."""
        return {"item": self.items, "account": self.accounts, "day": self.days, "debt": self.debts}[table]


@dataclass(frozen=True, slots=True)
class Chain:
    """Subtotals that add up to the movements of the positions up to ``upto``: some are added, some are taken off."""

    upto: int = 0
    added: tuple[SubtotalRange, ...] = ()
    taken_off: tuple[SubtotalRange, ...] = ()

    @property
    def signed(self) -> list[tuple[str, SubtotalRange]]:
        """All subtotals, each with the sign of its amounts."""
        return [*(("", each) for each in self.added), *(("-", each) for each in self.taken_off)]


def known_to(time: TimeTravel) -> int:
    """Return the last position that counts: the last of all where no moment was asked for."""
    return _LAST if time.is_now else time.position


async def chain_for(view: View, scope: Scope, table: SubtotalTable) -> Chain:
    """Return the chain nearest to the dates of the question, with the fewest rows of a table, and prepare the
    transaction for sums over movements.

    One customer's movements are found by an index, so their subtotals would only cost time.
    """
    made: bool = await view.conn.fetchval(
        """select to_regclass($1) is not null from (select set_config('work_mem', $2, true),
             set_config('plan_cache_mode', 'force_custom_plan', true)) as settings""",
        f"{view.schema}.subtotal_range",
        PAST_WORK_MEM,
    )
    if not made or scope.customer_id is not None:
        return Chain()
    ranges = _having(await _ranges(view.conn, view.schema), table)
    as_of, known = view.time.as_of, known_to(view.time)
    here, further = around(ranges, as_of, known)
    if here is None:
        return Chain()
    beside = "effective_on <= $1 and position > $2 and position <= $3"
    counted = await view.conn.fetchval(
        f"select count(*) from {view.schema}.movement where {beside}", as_of, here, known
    )
    return shortest(ranges, nearest(here, further, counted), table)


async def _ranges(conn: Conn, schema: str) -> list[SubtotalRange]:
    found = await conn.fetch(
        f"select part, since, upto, items, accounts, days, debts, day from {schema}.subtotal_range order by upto, since"
    )
    return [SubtotalRange(*row) for row in found]


def around(ranges: Sequence[SubtotalRange], as_of: date, position: int) -> tuple[int | None, int | None]:
    """Return the last end of a subtotal to which the history had come by the dates of a question, and the next end.

    ``ranges`` are in the order of their ends.
    """
    here = max((each.upto for each in ranges if each.day <= as_of and each.upto <= position), default=None)
    return here, None if here is None else next((each.upto for each in ranges if each.upto > here), None)


def nearest(here: int, further: int | None, counted: int) -> int:
    """Return the one of two ends beside which fewer movements are read. ``counted``: those after the first that count,
    which are taken for the first ones after it.
    """
    return here if further is None or further - here >= 2 * counted else further


def shortest(ranges: Sequence[SubtotalRange], upto: int, table: SubtotalTable) -> Chain:
    """Return the chain with the fewest rows of a table: from the last subtotal of everything up to ``upto`` on, or
    from the next one back.

    ``ranges`` are in the order of their ends.
    """
    wholes = [each for each in ranges if each.since == 0]
    before = [each for each in wholes if each.upto <= upto]
    behind = wholes[len(before) : len(before) + 1]
    found = []
    for whole in (*before[-1:], *behind):
        first, last = sorted((whole.upto, upto))
        between = tuple(each for each in ranges if each.since >= max(first, 1) and each.upto <= last)
        chain = Chain(upto, (whole, *between)) if whole.upto <= upto else Chain(upto, (whole,), between)
        found.append((_rows((each for _, each in chain.signed), table), chain))
    return min(found, key=lambda each: each[0])[1]


def _having(ranges: Iterable[SubtotalRange], table: SubtotalTable) -> list[SubtotalRange]:
    return [each for each in ranges if each.rows_of(table) is not None]


def _rows(ranges: Iterable[SubtotalRange], table: SubtotalTable) -> int:
    return sum(each.rows_of(table) or 0 for each in ranges)


async def with_movements(conn: Conn, model: str) -> list[str]:
    """Return the schemas of all ledgers of which a model with movements is built."""
    ledgers = await conn.fetch("select ledger from encours.checkpoint where model = $1", model)
    schemas = [schema_of(model, row["ledger"]) for row in ledgers]
    found = await conn.fetch(
        "select s from unnest($1::text[]) s where to_regclass(s || '.movement') is not null", schemas
    )
    return [row["s"] for row in found]


async def add_subtotal(conn: Conn, schema: str, block: int = BLOCK) -> bool:
    """Make the next subtotal of ``block`` movements, and that of debts of a quarter; false if fewer are left.

    Once those since the last one from the first position on have half as many rows as it has, of debts a quarter, they
    are added up to another: a chain has hardly more rows than there was open, and than there were debts. The rows of
    debts are dropped then; questions read their columns, and what makes funds spare.
    """
    # A movement beside a chain costs four times as much where its invoice is settled as where it is only added.
    few = (block + 3) // 4
    made = [await _add(conn, schema, "item", block), await _add(conn, schema, "debt", few)]
    return any([*made, await _add_entries(conn, schema, few)])


async def _add_entries(conn: Conn, schema: str, block: int) -> bool:
    async with conn.transaction():
        if await end_of_next(conn, schema, block) is None:
            return False
        await _lock(conn, schema)
        if (found := await end_of_next(conn, schema, block)) is None:
            return False
        await conn.execute(made_entries_sql(schema, *found, SALES))
    return True


async def _lock(conn: Conn, schema: str) -> None:
    """Let one worker at a time make subtotals: what is missing has to be looked up again."""
    await conn.execute(
        f"""set local work_mem = '{PAST_WORK_MEM}';
            create table if not exists {schema}.subtotal_range (part int primary key, since bigint not null,
              upto bigint not null, day date not null, items bigint, accounts bigint, days bigint, debts bigint);
            lock table {schema}.subtotal_range in share row exclusive mode"""
    )


async def _add(conn: Conn, schema: str, table: SubtotalTable, block: int) -> bool:
    async with conn.transaction():
        if await _end_of_block(conn, schema, table, block) is None:
            return False
        await _lock(conn, schema)
        upto = await _end_of_block(conn, schema, table, block)
        if upto is None:
            return False
        ranges = _having(await _ranges(conn, schema), table)
        await _keep(conn, schema, table, max((each.upto for each in ranges), default=0), upto)
        ranges = _having(await _ranges(conn, schema), table)
        base = max((each for each in ranges if each.since == 0), key=lambda each: each.upto)
        blocks = [each for each in ranges if each.since >= base.upto]
        if blocks and _rows(blocks, table) * _SHARE[table] >= _rows([base], table):
            await _keep(conn, schema, table, 0, upto, [base, *blocks])
            if table == "debt":
                await conn.execute(
                    "; ".join(f"drop table {_rows_of(schema, each)}" for each in (base, *blocks))
                )
    return True


async def _end_of_block(conn: Conn, schema: str, table: SubtotalTable, block: int) -> int | None:
    """Return the position of the last of the next movements; None if there are fewer."""
    made = await conn.fetchval("select to_regclass($1) is not null", f"{schema}.subtotal_range")
    ranges = _having(await _ranges(conn, schema), table) if made else []
    upto: int | None = await conn.fetchval(
        f"select position from {schema}.movement where position > $1 order by position, line offset $2 limit 1",
        max((each.upto for each in ranges), default=0),
        block - 1,
    )
    return upto


async def _keep(
    conn: Conn, schema: str, table: SubtotalTable, since: int, upto: int, chain: Sequence[SubtotalRange] = ()
) -> None:
    """Make a subtotal of a range of movements, or of the subtotals of a chain."""
    part = await conn.fetchval(f"select coalesce(max(part), 0) + 1 from {schema}.subtotal_range")
    made: dict[SubtotalTable, str] = {}
    if table == "debt":
        parts = _all_of(schema, chain, "debt")
        made["debt"] = added_sql(parts) if chain else changes_sql(schema, since, upto)
    else:
        moved = f"select * from {schema}.movement where position > {since} and position <= {upto}"
        made["item"] = _items(schema, _all_of(schema, chain, "item") if chain else moved, upto)
        made["account"] = _accounts(
            schema, f"{schema}.subtotal_{part}_item", _all_of(schema, chain, "account") if chain else moved
        )
        made["day"] = added_days_sql(_all_of(schema, chain, "day")) if chain else days_sql(schema, moved)
    for each, query in made.items():
        name = f"{schema}.subtotal_{part}_{each}"
        await conn.execute(f"create table {name} as {query}")
        if each in _INDEXES:
            await conn.execute(f"create index on {name} {_INDEXES[each]}")
        await conn.execute(f"analyze {name}")
    if table == "debt":
        await conn.execute(made_sql(schema, f"{schema}.subtotal_{part}"))
    counts = [
        f"(select count(*) from {schema}.subtotal_{part}_{each})" if each in made else "null"
        for each in get_args(SubtotalTable)
    ]
    await conn.execute(
        f"""insert into {schema}.subtotal_range (part, since, upto, day, items, accounts, days, debts)
            select $1, $2, $3, (
                select percentile_disc(0.5) within group (order by effective_on) from (
                    select effective_on from {schema}.movement where position <= $3
                    order by position desc, line desc limit {_TYPICAL}) last
            ), {", ".join(counts)}""",
        part,
        since,
        upto,
    )


def _rows_of(schema: str, part: SubtotalRange) -> str:
    return f"{schema}.subtotal_{part.part}_debt"


def _all_of(schema: str, chain: Sequence[SubtotalRange], table: SubtotalTable) -> str:
    return " union all ".join(f"select * from {schema}.subtotal_{each.part}_{table}" for each in chain)


def _items(schema: str, source: str, upto: int) -> str:
    """SQL: the sums by account and invoice; those apart are beside each other."""
    apart = apart_sql(schema, "sums.invoice_id", str(upto))
    return (
        f"select *, {apart} as is_apart from ({_sums(source, ON_ITEM, 'invoice_id')}) sums order by is_apart"
    )


def _accounts(schema: str, item: str, source: str) -> str:
    """SQL: the sums by account: cash and balance of a source, and what is open of the invoices of a subtotal."""
    key = ", ".join(ACCOUNT_KEY)
    dated = [
        f"""full join (
            select {key}, array_agg(day order by day) as {by}_days, array_agg(minor order by day) as {by}_sums from (
                select {key}, i.{by} as day,
                       sum(sum(item_minor)) over (partition by {key} order by i.{by})::bigint as minor
                from {item} join (select invoice_id, {by} from {schema}.item) i using (invoice_id)
                where item_minor <> 0 group by {key}, i.{by}
            ) dated group by {key}
        ) {by} using ({key})"""
        for by in _DATES
    ]
    return f"""
        select * from ({_sums(source, _ON_ACCOUNT)}) money
        full join (select {key}, sum(item_minor)::bigint as item_minor from {item} group by {key}) items using ({key})
        {" ".join(dated)}
    """


def _sums(source: str, columns: tuple[str, ...], *of: str) -> str:
    """SQL: sums of amounts by account and by more, without rows of nothing. A null in place of 0 takes no room and is
    not added."""
    key = ", ".join((*ACCOUNT_KEY, *of))
    sums = ", ".join(f"nullif(sum({column}), 0)::bigint as {column}" for column in columns)
    return f"""select {key}, {sums} from ({source}) source where {" or ".join(f"{c} <> 0" for c in columns)}
               group by {key} having {" or ".join(f"sum({c}) <> 0" for c in columns)}"""
