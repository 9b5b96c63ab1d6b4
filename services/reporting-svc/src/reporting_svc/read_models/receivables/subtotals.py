"""Subtotals of movements, which a question about the past adds in place of the movements themselves.

A subtotal is the sum of the movements of a range of positions, by invoice and by account. Those of consecutive ranges
make a chain from the first position on. An answer takes a chain, adds the movements after it that count, and takes off
those within it that count only after the day of the question. It is the same sum with any chain, and without one.

Movements are never changed, so that subtotals need not be kept up to date: a worker makes them after the fact, and a
rebuild, which replaces the schema, drops them. They are no part of the content that is hashed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from encours.projection.schemas import schema_of
from encours.reading.where import Arguments
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View

BLOCK = 50_000
"""Movements of a subtotal that is made of them: about as many are read beside a chain."""
_TYPICAL = 1_001
"""Last movements of a subtotal whose median day says how far its history went."""
_ON_ITEM = ("item_minor", "contested_minor", "conceded_minor", "planned_minor")
_ON_ACCOUNT = ("cash_minor", "account_minor")
_AMOUNTS = (*_ON_ITEM, *_ON_ACCOUNT)
_DATES = ("due_on", "issued_on")
_KEY = ("entity", "customer_id", "currency", "invoice_id")
Basis = Literal["due_on", "issued_on"]
PAST_WORK_MEM = "64MB"
"""For movements joined with a million items: with the default of 4 MB the join goes through temporary files."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Subtotals that add up to the movements of the positions up to ``upto``: some are added, some are taken off."""

    upto: int = 0
    added: tuple[int, ...] = ()
    taken_off: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SubtotalRange:
    """Subtotal of the positions after ``since`` up to ``upto``."""

    part: int
    since: int
    upto: int
    rows: int


async def chain_for(view: View, scope: Scope) -> Chain:
    """Return the chain nearest to the dates of the question, and prepare the transaction for sums over movements.

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
    position = None if view.time.is_now else view.time.position
    upto: int | None = await view.conn.fetchval(
        f"""select max(upto) from {view.schema}.subtotal_range
            where day <= $1 and ($2::bigint is null or upto <= $2)""",
        view.time.as_of,
        position,
    )
    return Chain() if upto is None else shortest(await _ranges(view.conn, view.schema), upto)


async def _ranges(conn: Conn, schema: str) -> list[SubtotalRange]:
    found = await conn.fetch(
        f"select part, since, upto, rows from {schema}.subtotal_range order by upto, since"
    )
    return [SubtotalRange(*row) for row in found]


def shortest(ranges: Sequence[SubtotalRange], upto: int) -> Chain:
    """Return the chain with the fewest rows: from the last subtotal of everything on, or from the next one back."""
    wholes = [each for each in ranges if each.since == 0]
    found = []
    for whole in {(w.upto <= upto): w for w in wholes if w.upto <= upto or w is _next(wholes, upto)}.values():
        first, last = sorted((whole.upto, upto))
        between = [each for each in ranges if each.since >= max(first, 1) and each.upto <= last]
        parts = tuple(each.part for each in between)
        chain = Chain(upto, (whole.part, *parts)) if whole.upto <= upto else Chain(upto, (whole.part,), parts)
        found.append((whole.rows + sum(each.rows for each in between), chain))
    return min(found, key=lambda each: each[0])[1]


def _next(wholes: Sequence[SubtotalRange], upto: int) -> SubtotalRange | None:
    return next((each for each in wholes if each.upto > upto), None)


def counted_sql(args: Arguments, view: View, scope: Scope, chain: Chain) -> str:
    """SQL: rows that add up to the movements that counted by the day of the question and were known at its moment.

    Their columns are the key and the amounts of movements.
    """
    return " union all ".join(counted_sources(args, view, scope, chain, None))


def counted_sources(args: Arguments, view: View, scope: Scope, chain: Chain, by: Basis | None) -> list[str]:
    """SQL of queries that together give the rows of :func:`counted_sql`, with the date ``by`` of their invoices as
    ``day``; null of an invoice that was never issued.
    """
    counts = ScopeWhere(view, scope, "m", args, packed=True).counted()
    movement = f"{view.schema}.movement m"
    if not chain.added:
        dated = f"left join {view.schema}.item i on i.invoice_id = m.invoice_id" if by else ""
        return [f"select {_columns(f'i.{by}' if by else None)} from {movement} {dated} where {counts.sql}"]
    # So few of them are left that looking up their invoices takes less than a join, whatever the planner expects.
    day = f"(select i.{by} from {view.schema}.item i where i.invoice_id = m.invoice_id)" if by else None
    counts.add("m.position > {}::bigint", chain.upto)
    beyond = ScopeWhere(view, scope, "m", args, packed=True).add("m.position <= {}::bigint", chain.upto)
    beyond.add(f"m.effective_on > {beyond.as_of}")
    within = ScopeWhere(view, scope, "m", args, packed=True).sql
    whole, *others = [
        f"select {_columns(f'm.{by}' if by else None, sign)} from {view.schema}.subtotal_{part} m where {within}"
        for sign, parts in (("", chain.added), ("-", chain.taken_off))
        for part in parts
    ]
    rest = [
        f"select {_columns(day)} from {movement} where {counts.sql}",
        f"select {_columns(day, '-')} from {movement} where {beyond.sql}",
        *others,
    ]
    # By itself the largest is read by several processes: the planner knows how many accounts it has.
    return [whole, " union all ".join(rest)]


def _columns(day: str | None, sign: str = "") -> str:
    key = [f"m.{column}" for column in _KEY]
    dated = [f"{day} as day"] if day else []
    return ", ".join([*key, *dated, *(f"{sign}m.{column} as {column}" for column in _AMOUNTS)])


async def with_movements(conn: Conn, model: str) -> list[str]:
    """Return the schemas of all ledgers of which a model with movements is built."""
    ledgers = await conn.fetch("select ledger from encours.checkpoint where model = $1", model)
    schemas = [schema_of(model, row["ledger"]) for row in ledgers]
    found = await conn.fetch(
        "select s from unnest($1::text[]) s where to_regclass(s || '.movement') is not null", schemas
    )
    return [row["s"] for row in found]


async def add_subtotal(conn: Conn, schema: str, block: int = BLOCK) -> bool:
    """Make the next subtotal of ``block`` movements; false if fewer are left.

    Once those since the last one that begins with the first position have as many rows as it has, they are added up to
    another: a chain has hardly more rows than there was open.
    """
    async with conn.transaction():
        if await _end_of_block(conn, schema, block) is None:
            return False
        await conn.execute(
            f"""set local work_mem = '{PAST_WORK_MEM}';
                create table if not exists {schema}.subtotal_range (part int primary key, since bigint not null,
                  upto bigint not null, day date not null, rows bigint not null, unique (upto, since));
                lock table {schema}.subtotal_range in share row exclusive mode"""
        )
        # Another worker may have made it until the lock was granted.
        upto = await _end_of_block(conn, schema, block)
        if upto is None:
            return False
        ranges = await _ranges(conn, schema)
        since = max((each.upto for each in ranges), default=0)
        await _keep(conn, schema, since, upto, _of_movements(schema, since, upto))
        ranges = await _ranges(conn, schema)
        base = max((each for each in ranges if each.since == 0), key=lambda each: each.upto)
        blocks = [each for each in ranges if each.since >= base.upto]
        if blocks and sum(each.rows for each in blocks) >= base.rows:
            await _keep(conn, schema, 0, upto, _of_subtotals(schema, [base, *blocks]))
    return True


async def _end_of_block(conn: Conn, schema: str, block: int) -> int | None:
    """Return the position of the last of the next movements; None if there are fewer."""
    made = await conn.fetchval("select to_regclass($1) is not null", f"{schema}.subtotal_range")
    since = await conn.fetchval(f"select max(upto) from {schema}.subtotal_range") if made else None
    upto: int | None = await conn.fetchval(
        f"select position from {schema}.movement where position > $1 order by position, line offset $2 limit 1",
        since or 0,
        block - 1,
    )
    return upto


async def _keep(conn: Conn, schema: str, since: int, upto: int, query: str) -> None:
    part = await conn.fetchval(f"select coalesce(max(part), 0) + 1 from {schema}.subtotal_range")
    await conn.execute(f"create table {schema}.subtotal_{part} as {query}")
    await conn.execute(f"analyze {schema}.subtotal_{part}")
    await conn.execute(
        f"""insert into {schema}.subtotal_range (part, since, upto, day, rows)
            select $1, $2, $3, (
                select percentile_disc(0.5) within group (order by effective_on) from (
                    select effective_on from {schema}.movement where position <= $3
                    order by position desc, line desc limit {_TYPICAL}) last
            ), (select count(*) from {schema}.subtotal_{part})""",
        part,
        since,
        upto,
    )


def _of_movements(schema: str, since: int, upto: int) -> str:
    """SQL: the sums of a range of positions by invoice, with its dates, and by account."""
    source = f"{schema}.movement where position > {since} and position <= {upto}"
    dates = ", ".join(f"i.{column}" for column in _DATES)
    amounts = ", ".join(f"m.{column}" for column in _AMOUNTS)
    return f"""
        select m.entity, m.customer_id, m.currency, m.invoice_id, {dates}, {amounts}
        from ({_sums(source, "and", _ON_ITEM, "invoice_id")}) m left join {schema}.item i using (invoice_id)
        union all {_of_accounts(source, "and")}
    """


def _of_subtotals(schema: str, chain: list[SubtotalRange]) -> str:
    """SQL: the sums of subtotals."""
    parts = " union all ".join(f"select * from {schema}.subtotal_{each.part}" for each in chain)
    source = f"({parts}) parts"
    return f"""{_sums(source, "where", _ON_ITEM, "invoice_id", *_DATES)}
               union all {_of_accounts(source, "where")}"""


def _of_accounts(source: str, also: str) -> str:
    nothing = ", ".join(f"null::date as {column}" for column in _DATES)
    return _sums(source, also, _ON_ACCOUNT, f"null::uuid as invoice_id, {nothing}")


def _sums(source: str, also: str, columns: tuple[str, ...], *of: str) -> str:
    """SQL: sums of some amounts by account and by more, without rows of nothing. A null in place of 0 takes no room and
    is not added."""
    sums = ", ".join(
        f"nullif(sum({c}), 0)::bigint as {c}" if c in columns else f"null::bigint as {c}" for c in _AMOUNTS
    )
    key = ", ".join(("entity", "customer_id", "currency", *of))
    return f"""select {key}, {sums} from {source} {also} ({" or ".join(f"{c} <> 0" for c in columns)})
               group by {", ".join(str(n + 1) for n in range(key.count(",") + 1))}
               having {" or ".join(f"sum({c}) <> 0" for c in columns)}"""
