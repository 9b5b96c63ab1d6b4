"""The tables of back-tests: requests, progress, results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

import asyncpg
import msgspec

from dunning_svc.backtest.results import BacktestResult, Costs
from dunning_svc.backtest.tally import BacktestLine, CustomerContacts, Findings
from encours.reading.pages import Page
from encours.reading.where import Where
from encours.service.long_work_store import LongWork, LongWorkStore

_LINE = tuple(BacktestLine.__struct_fields__)
_CUSTOMER = tuple(CustomerContacts.__struct_fields__)
_COMPARED = """select coalesce(a.customer_id, b.customer_id) as customer_id,
    coalesce(a.messages, 0) as messages_a, coalesce(b.messages, 0) as messages_b,
    a.first_on as first_on_a, b.first_on as first_on_b
  from (select * from encours_backtests.customer where backtest_id = {}) a
  full join (select * from encours_backtests.customer where backtest_id = {}) b using (customer_id)
 where (a.messages, a.first_on) is distinct from (b.messages, b.first_on)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest(LongWork):
    """A back-test."""

    JSON: ClassVar[Mapping[str, Any]] = {"costs": Costs, "result": BacktestResult}

    policy_id: str
    version: int
    costs: Costs
    asked_on: date
    customers: int = 0
    customers_done: int = 0
    result: BacktestResult | None = None


class BacktestStore(LongWorkStore[Backtest]):
    """Reads and writes the tables of ``migrations/0002_backtest.sql``."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(
            pool,
            Backtest,
            "encours_backtests.backtest",
            ("dunning_svc.migrations", "0002_backtest.sql"),
            lock="encours_effects",
            found=("line", "customer"),
            anew="customers_done",
        )

    async def listed(self, ledger: str, page: Page, *, policy_id: str | None) -> list[asyncpg.Record]:
        """Return a page of a ledger's back-tests, as rows for :meth:`Backtest.of`."""
        return await self._listed(Where(None, entity=None).equal("policy_id", policy_id), page, ledger)

    async def lines(self, backtest_id: str, page: Page, *, customer_id: str | None) -> list[asyncpg.Record]:
        """Return a page of messages and tasks."""
        where = Where(None, entity=None).equal("backtest_id", backtest_id).equal("customer_id", customer_id)
        return await self._page(where, page, f"line, {', '.join(_LINE)}", "encours_backtests.line")

    async def customers(self, backtest_id: str, page: Page) -> list[asyncpg.Record]:
        """Return a page of customers with their contacts."""
        where = Where(None, entity=None).equal("backtest_id", backtest_id)
        return await self._page(where, page, ", ".join(_CUSTOMER), "encours_backtests.customer")

    async def differing(self, first_id: str, second_id: str, page: Page) -> list[asyncpg.Record]:
        """Return a page of customers whose contacts differ between two back-tests."""
        where = Where(None, entity=None)
        source = _COMPARED.format(where.arguments.add(first_id), where.arguments.add(second_id))
        return await self._page(where, page, "*", f"({source}) compared")

    async def keep(
        self, running: Backtest, found: Findings, first_line: int, customers: int, done: int
    ) -> bool:
        """Store findings and the progress; False if the back-test was cancelled or begun by another process."""
        async with self._pool.acquire() as conn, conn.transaction():
            if not await self._set(conn, running, {"customers": customers, "customers_done": done}):
                return False
            await self._copy(conn, "line", ("line", *_LINE), running, enumerate_rows(found.lines, first_line))
            await self._copy(
                conn, "customer", _CUSTOMER, running, map(msgspec.structs.astuple, found.customers)
            )
        return True


def enumerate_rows(lines: Sequence[BacktestLine], first: int) -> Iterable[tuple[Any, ...]]:
    """Return lines as rows, numbered."""
    return ((number, *msgspec.structs.astuple(line)) for number, line in enumerate(lines, first))
