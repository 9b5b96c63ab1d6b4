"""A table that a rebuild copies in is the table that the live path writes."""

from __future__ import annotations

import hashlib
import random
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import product
from typing import Annotated

import asyncpg
import pytest

from encours.contracts import Recorded
from encours.postgres.connection import STORE_SETTINGS, connect
from encours.projection.binary import copy_encoded, copy_rows, row_encoder
from encours.projection.hashing import Hashed, table_hash
from encours.projection.projector import UNWRITABLE, create_indexes, create_tables
from encours.projection.read_model import ReadModel
from encours.projection.row_cache import RowCache
from encours.projection.rows import Id, Row, table_of
from encours.testing.servers import Installation


class Kinds(Row, kw_only=True):
    """Every kind of column, numbers together and apart."""

    TABLE = "kinds"
    KEY = ("number",)
    number: int
    amount_minor: int
    name: str
    invoice_id: Annotated[str, Id("inv")]
    payment_id: Annotated[str | None, Id("pay")]
    last_minor: int
    due_on: date
    paid_on: date | None
    seen_at: datetime
    reference: str | None
    limit_minor: int | None
    done: bool


class Listed(Row, kw_only=True):
    """A table that the live path writes from JSON."""

    TABLE = "listed"
    KEY = ("number",)
    number: int
    due_on: date
    seen_at: datetime
    steps: list[str]


class Entry(Row, kw_only=True):
    """A table that only gains rows."""

    TABLE = "entry"
    KEY = ("position", "line")
    position: int
    line: int
    amount_minor: int


class Agreed(Row, kw_only=True):
    """Rows of one owner that may not overlap in time."""

    TABLE = "agreed"
    KEY = ("owner", "first_day")
    TEMPORAL = ("owner", "first_day", "day_after")
    owner: str
    first_day: date
    day_after: date | None


class Calendared(ReadModel):
    """A model with a temporal key."""

    name = "calendared"
    version = 1
    rows = (Agreed,)
    applies: frozenset[str] = frozenset()
    ignores: frozenset[str] = frozenset()

    def project(self, e: Recorded, rows: RowCache) -> None:
        """No event is read."""


_ZONE = timezone(timedelta(hours=5, minutes=30))
_INTS = (0, 1, -1, 28800, 2**63 - 1, -(2**63))
_TEXTS = ("", "EUR", "null", "\\N", 'a "quoted", text\n', "Żółć 株式会社", "x" * 5000)
_DAYS = (date(2026, 3, 31), date(1999, 12, 31), date(2000, 1, 1), date.min, date.max)
_INSTANTS = (
    datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(1969, 7, 20, tzinfo=_ZONE),
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
)
_LISTS: tuple[list[str], ...] = ([], [""], ["a", "NULL", 'b,"c"'], ["x"] * 300)


def _kinds() -> list[Row]:
    pick = random.Random(7)
    rows: list[Row] = []
    for number in range(3_000):
        digits = f"{pick.getrandbits(128):032x}"
        rows.append(
            Kinds(
                number=number,
                amount_minor=pick.choice(_INTS),
                name=pick.choice(_TEXTS),
                invoice_id=pick.choice((f"inv_{digits}", f"inv_{'0190' * 8}", "")),
                payment_id=pick.choice((f"pay_{digits}", "", None)),
                last_minor=pick.choice(_INTS),
                due_on=pick.choice(_DAYS),
                paid_on=pick.choice((*_DAYS, None)),
                seen_at=pick.choice(_INSTANTS),
                reference=pick.choice((*_TEXTS, None)),
                limit_minor=pick.choice((*_INTS, None)),
                done=pick.choice((True, False)),
            )
        )
    return rows


def _listed() -> list[Row]:
    return [
        Listed(number=number, due_on=due_on, seen_at=seen_at, steps=steps)
        for number, (due_on, seen_at, steps) in enumerate(product(_DAYS, _INSTANTS, _LISTS))
    ]


@pytest.fixture
async def conn(installation: Installation) -> AsyncIterator[asyncpg.Connection]:
    conn = await connect(installation.admin_url("reporting"), settings=STORE_SETTINGS)
    for schema in ("copied", "upserted"):
        await conn.execute(f"create schema {schema}")
        for row_type in (Kinds, Listed, Entry):
            await conn.execute(table_of(row_type).create(schema))
            await conn.execute(table_of(row_type).create_key(schema))
    yield conn
    await conn.close()


@pytest.mark.parametrize("rows", [_kinds(), _listed()], ids=["plain", "with lists"])
async def test_copied_rows_are_those_that_the_live_path_writes(
    conn: asyncpg.Connection, rows: list[Row]
) -> None:
    table = table_of(type(rows[0]))
    await copy_rows(conn, "copied", table.name, rows)
    await copy_rows(conn, "copied", table.name, [])
    await conn.execute(table.upsert("upserted"), *table.upsert_arguments(rows))
    differing = await conn.fetch(
        f"select * from copied.{table.name} except all select * from upserted.{table.name}"
    )
    assert [dict(record) for record in differing[:1]] == []
    assert await conn.fetchval(f"select count(*) from copied.{table.name}") == len(rows)
    found = await table_hash(conn, "copied", table.row_type)
    assert found == await table_hash(conn, "upserted", table.row_type)


async def test_the_database_refuses_a_text_that_it_cannot_hold(conn: asyncpg.Connection) -> None:
    with pytest.raises(UNWRITABLE):
        await copy_rows(
            conn,
            "copied",
            "listed",
            [Listed(number=1, due_on=_DAYS[0], seen_at=_INSTANTS[0], steps=["a\x00b"])],
        )
    assert await conn.fetchval("select count(*) from copied.listed") == 0


async def test_a_hash_continues_with_the_rows_of_later_positions(conn: asyncpg.Connection) -> None:
    def entries(*positions: int) -> list[Row]:
        return [
            Entry(position=position, line=line, amount_minor=position * 7)
            for position in positions
            for line in (0, 1)
        ]

    rows = hashlib.sha256()
    assert await table_hash(conn, "copied", Entry) == rows.hexdigest()
    encode = row_encoder(Entry, "position", "line")
    for upto in (2, 3, 5_000):
        first = 1 + await conn.fetchval("select coalesce(max(position), 0) from copied.entry")
        new = entries(*range(first, upto + 1))
        encoded = [encode(row.position, row.line, row) for row in new if isinstance(row, Entry)]
        await copy_encoded(conn, "copied", "entry", Entry, encoded)
        known = Hashed(first - 1, rows.copy())
        rows.update(b"".join(encoded))
        assert await table_hash(conn, "copied", Entry) == rows.hexdigest()
        assert await table_hash(conn, "copied", Entry, known) == rows.hexdigest()
        assert await table_hash(conn, "copied", Entry, Hashed(upto, rows)) == rows.hexdigest()
    await copy_rows(conn, "upserted", "entry", reversed(entries(*range(1, 5_001))))
    assert await table_hash(conn, "upserted", Entry) == rows.hexdigest(), "in the order of the key"
    await conn.execute("update upserted.entry set amount_minor = 1 where position = 5000 and line = 1")
    assert await table_hash(conn, "upserted", Entry) != rows.hexdigest()


async def test_rows_of_a_temporal_key_may_not_overlap_at_the_end_of_a_transaction(
    conn: asyncpg.Connection,
) -> None:
    table = table_of(Agreed)
    await create_tables(conn, "dated", Calendared(), keys=True)
    await create_indexes(conn, "dated", Calendared.rows)

    async def write(*spans: tuple[str, int, int | None]) -> None:
        rows = [
            Agreed(
                owner=owner, first_day=date(2026, first, 1), day_after=date(2026, after, 1) if after else None
            )
            for owner, first, after in spans
        ]
        async with conn.transaction():
            await conn.execute(table.upsert("dated"), *table.upsert_arguments(rows))

    await write(("a", 1, None), ("b", 1, 3), ("b", 3, None))
    await write(("a", 4, None), ("a", 1, 4))
    with pytest.raises(asyncpg.ExclusionViolationError):
        await write(("a", 3, 6))
    assert await conn.fetchval("select count(*) from dated.agreed") == 4
