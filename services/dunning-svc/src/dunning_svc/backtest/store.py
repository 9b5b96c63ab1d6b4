"""The tables of back-tests: requests, progress, results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import Any, Literal

import asyncpg
import msgspec

from dunning_svc.backtest.results import BacktestResult, Costs
from dunning_svc.backtest.tally import BacktestLine, CustomerContacts, Findings
from encours.reading.pages import Page
from encours.reading.where import Where

BacktestState = Literal["queued", "running", "completed", "failed", "cancelled"]
KEPT = 50
"""Back-tests of a ledger that are kept; with a new one the oldest beyond them are deleted."""
_FIELDS = """id, ledger, policy_id, version, first_on, last_on, position, costs, fingerprint, asked_by, asked_on,
 asked_at, state, problem, starts, customers, customers_done, completed_at, result"""
_LINE = tuple(BacktestLine.__struct_fields__)
_CUSTOMER = tuple(CustomerContacts.__struct_fields__)
_COMPARED = """select coalesce(a.customer_id, b.customer_id) as customer_id,
    coalesce(a.messages, 0) as messages_a, coalesce(b.messages, 0) as messages_b,
    a.first_on as first_on_a, b.first_on as first_on_b
  from (select * from encours_backtests.customer where backtest_id = {}) a
  full join (select * from encours_backtests.customer where backtest_id = {}) b using (customer_id)
 where (a.messages, a.first_on) is distinct from (b.messages, b.first_on)"""


@dataclass(frozen=True, slots=True)
class Backtest:
    """A back-test. ``starts``: number of processes that have begun it."""

    id: str
    ledger: str
    policy_id: str
    version: int
    first_on: date
    last_on: date
    position: int
    costs: Costs
    fingerprint: bytes
    asked_by: str
    asked_on: date
    asked_at: datetime
    state: BacktestState
    problem: str | None
    starts: int
    customers: int
    customers_done: int
    completed_at: datetime | None
    result: BacktestResult | None


def as_backtest(row: Mapping[str, Any] | asyncpg.Record) -> Backtest:
    """Return the back-test of a row."""
    result = row["result"] and msgspec.json.decode(row["result"], type=BacktestResult)
    costs = msgspec.json.decode(row["costs"], type=Costs)
    return Backtest(**{**dict(row), "costs": costs, "result": result})


class BacktestStore:
    """Reads and writes the tables of ``migrations/0002_backtest.sql``."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._is_prepared = False

    async def prepare(self) -> None:
        """Create the tables, once. Several processes may call it at once."""
        if self._is_prepared:
            return
        text = files("dunning_svc.migrations").joinpath("0002_backtest.sql").read_text("utf-8")
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.execute("select pg_advisory_xact_lock(hashtext('encours_effects'))")
            await conn.execute(text)
        self._is_prepared = True

    async def add(self, wanted: Backtest) -> Backtest:
        """Store a request. Return it, or the one that an earlier run of the command stored."""
        await self._pool.execute(
            """insert into encours_backtests.backtest (id, ledger, policy_id, version, first_on, last_on, position,
                 costs, fingerprint, asked_by, asked_on, state)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'queued') on conflict (id) do nothing""",
            wanted.id, wanted.ledger, wanted.policy_id, wanted.version, wanted.first_on, wanted.last_on,
            wanted.position, msgspec.json.encode(wanted.costs), wanted.fingerprint, wanted.asked_by, wanted.asked_on,
        )  # fmt: skip
        await self._pool.execute(
            """delete from encours_backtests.backtest where id in (
                 select id from encours_backtests.backtest where ledger = $1 and state not in ('queued', 'running')
                  order by asked_at desc, id desc offset $2)""",
            wanted.ledger,
            KEPT,
        )
        kept = await self.get(wanted.ledger, wanted.id)
        assert kept is not None
        return kept

    async def get(self, ledger: str, backtest_id: str) -> Backtest | None:
        """Return a back-test of the ledger, or None."""
        row = await self._pool.fetchrow(
            f"select {_FIELDS} from encours_backtests.backtest where ledger = $1 and id = $2",
            ledger,
            backtest_id,
        )
        return None if row is None else as_backtest(row)

    async def listed(self, ledger: str, page: Page, *, policy_id: str | None) -> list[asyncpg.Record]:
        """Return a page of a ledger's back-tests, as rows for :func:`as_backtest`."""
        where = Where(None, entity=None).equal("ledger", ledger).equal("policy_id", policy_id)
        return await self._page(where, page, _FIELDS, "encours_backtests.backtest")

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

    async def _page(self, where: Where, page: Page, columns: str, source: str) -> list[asyncpg.Record]:
        statement = where.page_sql(page, columns, source)
        rows: list[asyncpg.Record] = await self._pool.fetch(statement, *where.arguments)
        return rows

    async def cancel(self, ledger: str, backtest_id: str) -> None:
        """End a back-test that has no result yet; its process stops at its next progress."""
        await self._pool.execute(
            """update encours_backtests.backtest set state = 'cancelled', completed_at = now()
                where ledger = $1 and id = $2 and state in ('queued', 'running')""",
            ledger,
            backtest_id,
        )

    async def next_waiting(self) -> Backtest | None:
        """Return the oldest back-test without a result, also one whose process has ended."""
        row = await self._pool.fetchrow(
            f"""select {_FIELDS} from encours_backtests.backtest where state in ('queued', 'running')
                order by asked_at, id limit 1"""
        )
        return None if row is None else as_backtest(row)

    async def begin(self, backtest_id: str) -> Backtest | None:
        """Begin a back-test that waits, anew if an earlier process did; None if there is none."""
        async with self._pool.acquire() as conn, conn.transaction():
            row = await conn.fetchrow(
                f"""update encours_backtests.backtest set state = 'running', starts = starts + 1, customers_done = 0
                     where id = $1 and state in ('queued', 'running') returning {_FIELDS}""",
                backtest_id,
            )
            await conn.execute("delete from encours_backtests.line where backtest_id = $1", backtest_id)
            await conn.execute("delete from encours_backtests.customer where backtest_id = $1", backtest_id)
        return None if row is None else as_backtest(row)

    async def keep(
        self, running: Backtest, found: Findings, first_line: int, customers: int, done: int
    ) -> bool:
        """Store findings and the progress; False if the back-test was cancelled or begun by another process."""
        async with self._pool.acquire() as conn, conn.transaction():
            updated = await conn.fetchval(
                """update encours_backtests.backtest set customers = $3, customers_done = $4
                    where id = $1 and starts = $2 and state = 'running' returning true""",
                running.id,
                running.starts,
                customers,
                done,
            )
            if not updated:
                return False
            await self._copy(
                conn, "line", ("line", *_LINE), running.id, enumerate_rows(found.lines, first_line)
            )
            await self._copy(
                conn, "customer", _CUSTOMER, running.id, map(msgspec.structs.astuple, found.customers)
            )
        return True

    async def _copy(
        self,
        conn: Any,
        table: str,
        columns: Sequence[str],
        backtest_id: str,
        rows: Iterable[tuple[Any, ...]],
    ) -> None:
        await conn.copy_records_to_table(
            table,
            schema_name="encours_backtests",
            columns=("backtest_id", *columns),
            records=[(backtest_id, *row) for row in rows],
        )

    async def complete(self, running: Backtest, result: BacktestResult) -> bool:
        """Store the result, unless the back-test was cancelled meanwhile."""
        return await self._end(running, "completed", result=msgspec.json.encode(result))

    async def fail(self, running: Backtest, problem: str) -> None:
        """Store why there is no result."""
        await self._end(running, "failed", problem=problem)

    async def _end(
        self,
        running: Backtest,
        state: BacktestState,
        *,
        problem: str | None = None,
        result: bytes | None = None,
    ) -> bool:
        done: bool | None = await self._pool.fetchval(
            """update encours_backtests.backtest set state = $3, problem = $4, result = $5, completed_at = now()
                where id = $1 and starts = $2 and state = 'running' returning true""",
            running.id,
            running.starts,
            state,
            problem,
            result,
        )
        return bool(done)


def enumerate_rows(lines: Sequence[BacktestLine], first: int) -> Iterable[tuple[Any, ...]]:
    """Return lines as rows, numbered."""
    return ((number, *msgspec.structs.astuple(line)) for number, line in enumerate(lines, first))
