"""The tables of checks against another system (``migrations/0028_sync_checks.sql``)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec

from encours.reading.where import Where
from invoice_svc.sync.comparing import Cause, SideTotals, SyncComparison, compare, totals
from invoice_svc.sync.lines import ListedItem

if TYPE_CHECKING:
    from encours.reading.moment import Granted
    from encours.reading.pages import Page

_BATCH = 5_000
_LINE = (
    "check_id", "n", "number", "number_key", "digits_key", "currency", "open_minor", "total_minor", "due_on",
    "cancelled",
)  # fmt: skip
_CHECK = (
    "id, ledger, fingerprint, entity_id, made_on, position, made_at, actor, lines, sha256, totals, counts"
)
_DIFFERENCE = (
    "number_key, n, cause, number, their_number, invoice_id, customer_id, currency, their_currency, theirs_minor, "
    "ours_minor, their_total_minor, our_total_minor, their_due_on, our_due_on, since_kind, since_on"
)
_totals = msgspec.json.Decoder(list[SideTotals])
_counts = msgspec.json.Decoder(dict[str, int])


@dataclass(frozen=True, slots=True)
class SyncCheck:
    """A check that was made, with the number of differences by cause."""

    id: str
    ledger: str
    fingerprint: bytes
    entity_id: str
    made_on: date
    position: int
    made_at: datetime
    actor: str
    lines: int
    sha256: str
    totals: Sequence[SideTotals]
    counts: Mapping[str, int]


def as_check(row: Mapping[str, Any] | asyncpg.Record) -> SyncCheck:
    """Return the check of a row."""
    read = {"totals": _totals.decode(row["totals"]), "counts": _counts.decode(row["counts"])}
    return SyncCheck(**{**dict(row), **read})


def with_theirs(found: Sequence[SideTotals], theirs: Sequence[SideTotals]) -> list[SideTotals]:
    """Add the control totals of the other side, by currency."""
    both = {each.currency: each for each in found}
    for each in theirs:
        own = both.get(each.currency, each)
        both[each.currency] = replace(own, theirs_minor=each.theirs_minor, theirs_count=each.theirs_count)
    return [both[currency] for currency in sorted(both)]


@dataclass(frozen=True, slots=True)
class SyncStore:
    """Reads and writes checks."""

    pool: asyncpg.Pool[Any]

    async def take(self, check_id: str, items: AsyncIterator[ListedItem]) -> tuple[int, str]:
        """Store the lines of a list; return their number, and the hash of what they say."""
        batch, count, digest = [], 0, hashlib.sha256()
        await self.forget(check_id)
        async for item in items:
            record = item.record(check_id)
            digest.update(repr(record[1:]).encode())
            batch.append(record)
            count += 1
            if len(batch) == _BATCH:
                await self._copy(batch)
                batch = []
        await self._copy(batch)
        return count, digest.hexdigest()

    async def _copy(self, batch: Sequence[tuple[Any, ...]]) -> None:
        async with self.pool.acquire() as conn:
            await conn.copy_records_to_table("line", schema_name="sync", columns=_LINE, records=batch)

    async def forget(self, check_id: str) -> None:
        """Remove the lines of a list."""
        await self.pool.execute("delete from sync.line where check_id = $1", check_id)

    async def compare(self, asked: SyncComparison, made: SyncCheck) -> SyncCheck:
        """Compare the stored lines, and keep the check with its differences. One transaction.

        Of control totals alone, which ``made`` has, only the totals are compared.
        """
        async with self.pool.acquire() as conn, conn.transaction():
            await conn.execute("set local statement_timeout = '10min'")
            await conn.execute(
                f"insert into sync.check ({_CHECK}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '[]', '{{}}')",
                made.id, made.ledger, made.fingerprint, made.entity_id, made.made_on, made.position, made.made_at,
                made.actor, made.lines, made.sha256,
            )  # fmt: skip
            if made.lines:
                await compare(conn, asked)
            found = with_theirs(await totals(conn, asked), made.totals)
            rows = await conn.fetch(
                "select cause, count(*) as n from sync.difference where check_id = $1 group by cause", made.id
            )
            counts = {row["cause"]: row["n"] for row in rows}
            await conn.execute(
                "update sync.check set totals = $2, counts = $3 where id = $1",
                made.id, msgspec.json.encode(found).decode(), msgspec.json.encode(counts).decode(),
            )  # fmt: skip
        kept = await self.get(made.ledger, made.id)
        assert kept is not None, "it was stored just now"
        return kept

    async def get(self, ledger: str, check_id: str) -> SyncCheck | None:
        """Return a check, None if there is none."""
        row = await self.pool.fetchrow(
            f"select {_CHECK} from sync.check where ledger = $1 and id = $2", ledger, check_id
        )
        return None if row is None else as_check(row)

    async def listed(self, ledger: str, page: Page, granted: Granted, *, entity_id: str | None) -> list[Any]:
        """Rows of a page of checks."""
        where = Where(granted).equal("ledger", ledger).equal("entity_id", entity_id)
        return await self.pool.fetch(where.page_sql(page, _CHECK, "sync.check"), *where.arguments)

    async def differences(self, check_id: str, page: Page, *, cause: Cause | None) -> list[Any]:
        """Rows of a page of differences."""
        where = Where(None, entity=None).equal("check_id", check_id).equal("cause", cause)
        source = "(select *, number_key || ' ' || id as difference from sync.difference) found"
        return await self.pool.fetch(
            where.page_sql(page, f"{_DIFFERENCE}, difference", source), *where.arguments
        )

    async def cancelled(self, check_id: str) -> list[str]:
        """Return the invoices that are cancelled there and open here."""
        rows = await self.pool.fetch(
            "select invoice_id from sync.difference where check_id = $1 and cause = 'cancelled' "
            "order by number_key, id",
            check_id,
        )
        return [row["invoice_id"] for row in rows]
