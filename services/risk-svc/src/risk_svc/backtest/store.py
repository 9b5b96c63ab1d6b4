"""The tables of back-tests of limit policies: requests, progress, orders, effects by customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

import asyncpg
import msgspec

from encours.projection.read_model import Conn
from encours.reading.pages import Page
from encours.reading.where import Where
from encours.service.long_work_store import LongWork, LongWorkStore
from risk_svc.backtest.results import LimitBacktestResult
from risk_svc.domain.backtest.effect import EffectPair, OrderLine
from risk_svc.domain.backtest.policy import LimitPolicy

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


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitBacktest(LongWork):
    """A back-test of a limit policy."""

    JSON: ClassVar[Mapping[str, Any]] = {"policy": LimitPolicy, "result": LimitBacktestResult}

    policy: LimitPolicy
    name: str | None
    asked_on: date
    events: int = 0
    events_done: int = 0
    result: LimitBacktestResult | None = None


class LimitBacktestStore(LongWorkStore[LimitBacktest]):
    """Reads and writes the tables of ``migrations/0001_limit_backtest.sql``."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(
            pool,
            LimitBacktest,
            f"{_SCHEMA}.backtest",
            ("risk_svc.migrations", "0001_limit_backtest.sql"),
            found=("past_order", "customer"),
            anew="events_done",
        )

    async def listed(self, ledger: str, page: Page) -> list[asyncpg.Record]:
        """Return a page of a ledger's back-tests, as rows for :meth:`LimitBacktest.of`."""
        return await self._listed(Where(None, entity=None), page, ledger)

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

    async def keep(self, running: LimitBacktest, lines: Sequence[OrderLine], done: int) -> bool:
        """Store orders and the progress; False if the back-test was cancelled or begun by another process."""
        async with self._pool.acquire() as conn, conn.transaction():
            if not await self._progress(conn, running, done):
                return False
            rows = [tuple(getattr(line, name) for name in _ORDER) for line in lines]
            await self._copy(conn, "past_order", _ORDER, running, rows)
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
            await self._copy(conn, "past_order", _ORDER, running, rows)
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
            await self._copy(conn, "customer", columns, running, found)
        return True

    async def _progress(self, conn: Conn, running: LimitBacktest, done: int) -> bool:
        return await self._set(conn, running, {"events": running.position, "events_done": done})
