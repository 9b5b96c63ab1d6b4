"""The tables of back-tests of limit policies: requests, progress, orders, effects by customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import Any, Literal

import asyncpg
import msgspec

from encours.reading.pages import Page
from encours.reading.where import Where
from risk_svc.backtest.results import LimitBacktestResult
from risk_svc.domain.backtest.effect import EffectPair, OrderLine
from risk_svc.domain.backtest.policy import LimitPolicy

LimitBacktestState = Literal["queued", "running", "completed", "failed", "cancelled"]
KEPT = 50
"""Back-tests of a ledger that are kept; with a new one the oldest beyond them are deleted."""
_SCHEMA = "encours_limit_backtests"
_ORDER = tuple(OrderLine.__struct_fields__)
_COMPARED = """select coalesce(a.customer_id, b.customer_id) as customer_id,
    coalesce(a.currency, b.currency) as currency,
    coalesce(a.refused, 0) as refused_a, coalesce(b.refused, 0) as refused_b,
    coalesce(a.losses_avoided_minor, 0) as losses_avoided_a, coalesce(b.losses_avoided_minor, 0) as losses_avoided_b,
    coalesce(a.good_blocked_minor, 0) as good_blocked_a, coalesce(b.good_blocked_minor, 0) as good_blocked_b
  from (select * from encours_limit_backtests.customer where backtest_id = {}) a
  full join (select * from encours_limit_backtests.customer where backtest_id = {}) b using (customer_id, currency)
 where (a.refused, a.losses_avoided_minor, a.good_blocked_minor)
       is distinct from (b.refused, b.losses_avoided_minor, b.good_blocked_minor)"""


@dataclass(frozen=True, slots=True)
class LimitBacktest:
    """A back-test of a limit policy. ``starts``: number of processes that have begun it."""

    id: str
    ledger: str
    policy: LimitPolicy
    name: str | None
    first_on: date
    last_on: date
    position: int
    fingerprint: bytes
    asked_by: str
    asked_on: date
    asked_at: datetime
    state: LimitBacktestState
    problem: str | None
    starts: int
    events: int
    events_done: int
    completed_at: datetime | None
    result: LimitBacktestResult | None


_FIELDS = ", ".join(LimitBacktest.__dataclass_fields__)


def as_limit_backtest(row: Mapping[str, Any] | asyncpg.Record) -> LimitBacktest:
    """Return the back-test of a row."""
    result = row["result"] and msgspec.json.decode(row["result"], type=LimitBacktestResult)
    policy = msgspec.json.decode(row["policy"], type=LimitPolicy)
    return LimitBacktest(**{**dict(row), "policy": policy, "result": result})


class LimitBacktestStore:
    """Reads and writes the tables of ``migrations/0001_limit_backtest.sql``."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._is_prepared = False

    async def prepare(self) -> None:
        """Create the tables, once. Several processes may call it at once."""
        if self._is_prepared:
            return
        text = files("risk_svc.migrations").joinpath("0001_limit_backtest.sql").read_text("utf-8")
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.execute(f"select pg_advisory_xact_lock(hashtext('{_SCHEMA}'))")
            await conn.execute(text)
        self._is_prepared = True

    async def add(self, wanted: LimitBacktest) -> LimitBacktest:
        """Store a request. Return it, or the one that an earlier run of the command stored."""
        await self._pool.execute(
            f"""insert into {_SCHEMA}.backtest (id, ledger, policy, name, first_on, last_on, position, fingerprint,
                 asked_by, asked_on, state)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'queued') on conflict (id) do nothing""",
            wanted.id, wanted.ledger, msgspec.json.encode(wanted.policy), wanted.name, wanted.first_on, wanted.last_on,
            wanted.position, wanted.fingerprint, wanted.asked_by, wanted.asked_on,
        )  # fmt: skip
        await self._pool.execute(
            f"""delete from {_SCHEMA}.backtest where id in (
                 select id from {_SCHEMA}.backtest where ledger = $1 and state not in ('queued', 'running')
                  order by asked_at desc, id desc offset $2)""",
            wanted.ledger,
            KEPT,
        )
        kept = await self.get(wanted.ledger, wanted.id)
        assert kept is not None
        return kept

    async def get(self, ledger: str, backtest_id: str) -> LimitBacktest | None:
        """Return a back-test of the ledger, or None."""
        row = await self._pool.fetchrow(
            f"select {_FIELDS} from {_SCHEMA}.backtest where ledger = $1 and id = $2", ledger, backtest_id
        )
        return None if row is None else as_limit_backtest(row)

    async def listed(self, ledger: str, page: Page) -> list[asyncpg.Record]:
        """Return a page of a ledger's back-tests, as rows for :func:`as_limit_backtest`."""
        where = Where(None, entity=None).equal("ledger", ledger)
        return await self._page(where, page, _FIELDS, f"{_SCHEMA}.backtest")

    async def orders(
        self, backtest_id: str, page: Page, *, customer_id: str | None, decision: str | None
    ) -> list[asyncpg.Record]:
        """Return a page of orders with their verdicts and outcomes."""
        where = Where(None, entity=None).equal("backtest_id", backtest_id)
        where.equal("customer_id", customer_id).equal("decision", decision)
        return await self._page(where, page, ", ".join(_ORDER), f"{_SCHEMA}.past_order")

    async def customers(self, backtest_id: str, page: Page) -> list[asyncpg.Record]:
        """Return a page of customers with the effects of both policies."""
        where = Where(None, entity=None).equal("backtest_id", backtest_id)
        return await self._page(where, page, "customer_id, currency, effect", f"{_SCHEMA}.customer")

    async def differing(self, first_id: str, second_id: str, page: Page) -> list[asyncpg.Record]:
        """Return a page of customers on whom two back-tests differ."""
        where = Where(None, entity=None)
        source = _COMPARED.format(where.arguments.add(first_id), where.arguments.add(second_id))
        return await self._page(where, page, "*", f"({source}) compared")

    async def _page(self, where: Where, page: Page, columns: str, source: str) -> list[asyncpg.Record]:
        statement = where.page_sql(page, columns, source)
        rows: list[asyncpg.Record] = await self._pool.fetch(statement, *where.arguments)
        return rows

    async def cancel(self, ledger: str, backtest_id: str) -> None:
        """End a back-test that has no result yet; its process stops at its next progress."""
        await self._pool.execute(
            f"""update {_SCHEMA}.backtest set state = 'cancelled', completed_at = now()
                where ledger = $1 and id = $2 and state in ('queued', 'running')""",
            ledger,
            backtest_id,
        )

    async def next_waiting(self) -> LimitBacktest | None:
        """Return the oldest back-test without a result, also one whose process has ended."""
        row = await self._pool.fetchrow(
            f"""select {_FIELDS} from {_SCHEMA}.backtest where state in ('queued', 'running')
                order by asked_at, id limit 1"""
        )
        return None if row is None else as_limit_backtest(row)

    async def begin(self, backtest_id: str) -> LimitBacktest | None:
        """Begin a back-test that waits, anew if an earlier process did; None if there is none."""
        async with self._pool.acquire() as conn, conn.transaction():
            row = await conn.fetchrow(
                f"""update {_SCHEMA}.backtest set state = 'running', starts = starts + 1, events_done = 0
                     where id = $1 and state in ('queued', 'running') returning {_FIELDS}""",
                backtest_id,
            )
            await conn.execute(f"delete from {_SCHEMA}.past_order where backtest_id = $1", backtest_id)
            await conn.execute(f"delete from {_SCHEMA}.customer where backtest_id = $1", backtest_id)
        return None if row is None else as_limit_backtest(row)

    async def keep(self, running: LimitBacktest, lines: Sequence[OrderLine], done: int) -> bool:
        """Store orders and the progress; False if the back-test was cancelled or begun by another process."""
        async with self._pool.acquire() as conn, conn.transaction():
            if not await self._progress(conn, running, done):
                return False
            rows = [tuple(getattr(line, name) for name in _ORDER) for line in lines]
            await self._copy(conn, "past_order", _ORDER, running.id, rows)
        return True

    async def customers_after(self, backtest_id: str, after: str, limit: int) -> list[str]:
        """Return the next customers with an order."""
        rows = await self._pool.fetch(
            f"""select distinct customer_id from {_SCHEMA}.past_order where backtest_id = $1 and customer_id > $2
                order by customer_id limit $3""",
            backtest_id,
            after,
            limit,
        )
        return [row["customer_id"] for row in rows]

    async def take(self, backtest_id: str, customers: Sequence[str]) -> list[OrderLine]:
        """Return the orders of customers, to be put back with their outcomes by :meth:`settle`."""
        rows = await self._pool.fetch(
            f"""select {", ".join(_ORDER)} from {_SCHEMA}.past_order
                where backtest_id = $1 and customer_id = any($2) order by customer_id, day, order_id""",
            backtest_id,
            list(customers),
        )
        return [OrderLine(**dict(row)) for row in rows]

    async def settle(
        self,
        running: LimitBacktest,
        customers: Sequence[str],
        lines: Sequence[OrderLine],
        effects: Sequence[EffectPair],
    ) -> bool:
        """Store the orders of customers with their outcomes, and the effects; False as :meth:`keep`."""
        async with self._pool.acquire() as conn, conn.transaction():
            if not await self._progress(conn, running, running.position):
                return False
            await conn.execute(
                f"delete from {_SCHEMA}.past_order where backtest_id = $1 and customer_id = any($2)",
                running.id,
                list(customers),
            )
            rows = [tuple(getattr(line, name) for name in _ORDER) for line in lines]
            await self._copy(conn, "past_order", _ORDER, running.id, rows)
            columns = (
                "customer_id", "currency", "refused", "losses_avoided_minor", "good_blocked_minor", "effect"
            )  # fmt: skip
            found = [
                (
                    each.key,
                    each.currency,
                    each.policy.refused,
                    each.policy.losses_avoided_minor,
                    each.policy.good_blocked_minor,
                    msgspec.json.encode(each),
                )
                for each in effects
            ]
            await self._copy(conn, "customer", columns, running.id, found)
        return True

    async def _progress(self, conn: Any, running: LimitBacktest, done: int) -> bool:
        updated: bool | None = await conn.fetchval(
            f"""update {_SCHEMA}.backtest set events = $3, events_done = $4
                where id = $1 and starts = $2 and state = 'running' returning true""",
            running.id,
            running.starts,
            running.position,
            done,
        )
        return bool(updated)

    async def _copy(
        self, conn: Any, table: str, columns: Sequence[str], backtest_id: str, rows: Sequence[tuple[Any, ...]]
    ) -> None:
        await conn.copy_records_to_table(
            table,
            schema_name=_SCHEMA,
            columns=("backtest_id", *columns),
            records=[(backtest_id, *row) for row in rows],
        )

    async def complete(self, running: LimitBacktest, result: LimitBacktestResult) -> bool:
        """Store the result, unless the back-test was cancelled meanwhile."""
        return await self._end(running, "completed", result=msgspec.json.encode(result))

    async def fail(self, running: LimitBacktest, problem: str) -> None:
        """Store why there is no result."""
        await self._end(running, "failed", problem=problem)

    async def _end(
        self,
        running: LimitBacktest,
        state: LimitBacktestState,
        *,
        problem: str | None = None,
        result: bytes | None = None,
    ) -> bool:
        done: bool | None = await self._pool.fetchval(
            f"""update {_SCHEMA}.backtest set state = $3, problem = $4, result = $5, completed_at = now()
                where id = $1 and starts = $2 and state = 'running' returning true""",
            running.id,
            running.starts,
            state,
            problem,
            result,
        )
        return bool(done)
