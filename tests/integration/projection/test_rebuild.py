"""A rebuilt model is the live one again: same hash, no failed read, and what was changed by hand is found."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from encours.contracts import Recorded
from encours.contracts.events import aside
from encours.contracts.events.aside import EventSetAside
from encours.contracts.events.calendar import DayOpened
from encours.projection import shadow
from encours.projection.control import load_checkpoint, move_checkpoint
from encours.projection.read_model import Reactor
from encours.projection.rebuild import Rebuilt, rebuild
from encours.projection.schemas import schema_of, shadow_of, unquoted
from encours.projection.shadow import Shadow
from encours.reading.read_db import ReadDb, ReadModelNotReady
from encours.service.rebuilding import rebuild_main
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S, until
from tests.integration.projection.toy import (
    DAY,
    LEDGER,
    POISON,
    Feed,
    OpenItems,
    feed_into,
    paid,
    reading,
    rows_of,
    settings_of,
    worker_on,
)

MODEL = "toy_items"


async def rebuilt(
    installation: Installation, *, check_only: bool = False, rows_in_memory: int = 250_000
) -> Rebuilt:
    return await rebuild(
        ledger_dsn=installation.ledger_url(),
        store_dsn=installation.store_url(),
        service="toy-svc",
        model=OpenItems(),
        ledger=LEDGER,
        check_only=check_only,
        rows_in_memory=rows_in_memory,
    )


async def live_hash(db: ReadDb, position: int) -> str:
    """The hash that the live model publishes for a position."""

    async def there() -> bool:
        (state,) = await db.read_models(LEDGER)
        return bool(state["hash_position"] == position)

    await until(there)
    (state,) = await db.read_models(LEDGER)
    return str(state["content_hash"])


async def history(feed: Feed) -> int:
    """Invoices, payments, opened days and a parked stream, written in several batches."""
    for number in range(4):
        await feed.invoices(100, first=number * 100)
        await feed.day(DAY + timedelta(days=number))
    await feed(("inv_000007", paid("inv_000007", "cus_0", POISON)))
    return await feed(
        ("inv_000007", paid("inv_000007", "cus_0", 1)), ("inv_000008", paid("inv_000008", "cus_1", 7_000))
    )


@pytest.mark.parametrize("rows_in_memory", [250_000, 30], ids=["all rows in memory", "rows evicted"])
async def test_a_rebuild_gives_the_hash_of_the_live_model(
    installation: Installation, rows_in_memory: int
) -> None:
    async with feed_into(installation) as feed, reading(installation) as db:
        async with worker_on(installation):
            await until(lambda: db.wait_for(MODEL, LEDGER, 0, timeout=1))  # followed from the first event on
            position = await history(feed)
            assert await db.wait_for(MODEL, LEDGER, position, timeout=HANG_S)
            live = await live_hash(db, position)
            result = await rebuilt(installation, rows_in_memory=rows_in_memory)
            assert (result.position, result.old_hash, result.new_hash, result.equal) == (
                position,
                live,
                live,
                True,
            )
            assert (result.parked, result.swapped, result.differing_rows) == (1, True, [])
            assert (result.head, result.stopped) == (position, None)
            # The live projector goes on in the tables that took the place of the old ones.
            after = await feed.invoices(10, first=900)
            assert await db.wait_for(MODEL, LEDGER, after, timeout=HANG_S)
        # And when no projector runs.
        again = await rebuilt(installation)
        assert (again.equal, again.position) == (True, after)
        assert not await shadow_exists(installation)


async def shadow_exists(installation: Installation) -> bool:
    conn = await asyncpg.connect(installation.store_url())
    try:
        found = await conn.fetchval("select to_regnamespace($1)", unquoted(shadow_of(MODEL, LEDGER)))
    finally:
        await conn.close()
    return found is not None


async def test_autovacuum_waits_until_the_tables_of_a_long_rebuild_are_complete(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = Shadow.finish
    seen: list[set[str]] = []

    async def disturbed(conn: asyncpg.Connection, schema: str) -> set[str]:
        found = await conn.fetch(
            """select relname from pg_class c join pg_namespace n on n.oid = relnamespace
               where nspname = $1 and relkind = 'r' and reloptions is null""",
            unquoted(schema),
        )
        return {row["relname"] for row in found}

    async def finished(building: Shadow) -> None:
        seen.append(await disturbed(building.conn, building.schema))
        await finish(building)
        seen.append(await disturbed(building.conn, building.schema))

    monkeypatch.setattr(Shadow, "finish", finished)
    async with feed_into(installation) as feed:
        position = await feed.invoices(10)
        for long in (position + 1, position):
            monkeypatch.setattr(shadow, "UNDISTURBED", long)
            await rebuilt(installation)
    tables = {row_type.TABLE for row_type in OpenItems.rows}
    assert seen == [tables, tables, set(), tables]


async def test_a_rebuild_tells_the_model_which_streams_lost_their_first_event(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[list[str]] = []
    monkeypatch.setattr(OpenItems, "on_left_out", lambda _, streams, __: left.append(list(streams)))
    async with feed_into(installation) as feed:
        await feed.invoices(3)
        for position, stream in ((1, "inv_000000"), (4, "inv_000001")):
            await feed((aside.STREAM, EventSetAside(position=position, stream=stream, fault="unreadable")))
        await rebuilt(installation)
    assert left == [["inv_000000"]]


async def test_a_row_changed_by_hand_is_found_named_and_mended(installation: Installation) -> None:
    async with feed_into(installation) as feed, reading(installation) as db:
        position = await feed.invoices(50)
        assert (await rebuilt(installation)).equal is None  # the first build: nothing to compare with
        before = await live_hash(db, position)
        await db.pool.execute(
            f"update {schema_of(MODEL, LEDGER)}.item set open_minor = 1 where invoice_id = 'inv_000033'"
        )
        found = await rebuilt(installation, check_only=True)
        assert (found.equal, found.swapped, found.new_hash) == (False, False, before)
        assert {(row["table"], row["key"], row["side"]) for row in found.differing_rows} == {
            ("item", '["inv_000033"]', "live"),
            ("item", '["inv_000033"]', "rebuilt"),
        }
        changed = {row["invoice_id"]: row["open_minor"] for row in await rows_of(db, "item", "invoice_id")}
        assert changed["inv_000033"] == 1  # only looked at
        mended = await rebuilt(installation)
        assert (mended.equal, mended.swapped) == (False, True)
        assert (await rebuilt(installation, check_only=True)).equal is True


async def test_a_rebuild_while_events_come_in_fails_no_read_and_no_figure(installation: Installation) -> None:
    async with feed_into(installation) as feed, reading(installation) as db, worker_on(installation):
        position = await feed.invoices(300)
        assert await db.wait_for(MODEL, LEDGER, position, timeout=HANG_S)
        stop = asyncio.Event()
        live = schema_of(MODEL, LEDGER)
        in_one = f"""select array[(select sum(open_minor) from {live}.item),
            (select sum(open_minor) from {live}.customer), (select max(last_position) from {live}.item)]"""
        reads = 0

        async def load() -> None:
            first = 1_000
            while not stop.is_set():
                await feed.invoices(20, first=first)
                first += 20

        async def read() -> None:
            nonlocal reads
            while not stop.is_set():
                async with db.snapshot(MODEL, LEDGER) as (conn, schema, at):
                    items = await conn.fetchrow(
                        f"select count(*), sum(open_minor), max(last_position) from {schema}.item"
                    )
                    await asyncio.sleep(0.01)  # the swap falls between two queries of one snapshot
                    customers = await conn.fetchval(f"select sum(open_minor) from {schema}.customer")
                assert items is not None
                assert (items[1], items[2]) == (customers, at)
                at, sums = await db.value_now(MODEL, LEDGER, in_one)
                assert (sums[0], sums[2]) == (sums[1], at)
                reads += 1

        tasks = [asyncio.create_task(load()), asyncio.create_task(read()), asyncio.create_task(read())]
        try:
            for _ in range(3):
                result = await rebuilt(installation)
                assert (result.equal, result.swapped) == (True, True), result
        finally:
            stop.set()
            await asyncio.gather(*tasks)
        assert reads > 5
        assert await db.wait_for(MODEL, LEDGER, feed.position, timeout=HANG_S)


async def test_a_checkpoint_moves_only_for_the_build_that_its_mover_knows(
    installation: Installation,
) -> None:
    async with feed_into(installation) as feed, reading(installation) as db:
        await feed.invoices(1)
        for _ in range(2):
            await rebuilt(installation)
        async with db.pool.acquire() as conn:
            now = await load_checkpoint(conn, LEDGER, MODEL)
            assert now is not None
            at = {"old": now.position, "epoch": now.epoch, "new": now.position}
            assert not await move_checkpoint(conn, LEDGER, MODEL, generation=now.generation - 1, **at)
            assert await move_checkpoint(conn, LEDGER, MODEL, generation=now.generation, **at)
            assert await move_checkpoint(conn, LEDGER, MODEL, **at)


async def column(db: ReadDb, name: str) -> list[asyncpg.Record]:
    async with db.snapshot(MODEL, LEDGER) as (conn, schema, _):
        found: list[asyncpg.Record] = await conn.fetch(f"select {name} from {schema}.item")
    return found


async def test_a_new_version_of_a_model_is_built_at_the_next_start(installation: Installation) -> None:
    class Second(OpenItems):
        version = 2

    async with feed_into(installation) as feed, reading(installation) as db:
        async with worker_on(installation):
            position = await feed.invoices(20)
            assert await db.wait_for(MODEL, LEDGER, position, timeout=HANG_S)
        await db.pool.execute(f"update {schema_of(MODEL, LEDGER)}.item set open_minor = 1")
        async with reading(installation, [Second()]) as newer:
            with pytest.raises(ReadModelNotReady):
                await column(newer, "only_in_version_2")
            with pytest.raises(asyncpg.UndefinedColumnError):
                await column(db, "in_no_version")
        async with worker_on(installation, [Second()]):
            position = await feed.invoices(1, first=500)
            assert await db.wait_for(MODEL, LEDGER, position, timeout=HANG_S)
            assert {row["open_minor"] for row in await rows_of(db, "item", "invoice_id")} == {7_000}
            (state,) = await db.read_models(LEDGER)
            assert (state["version"], state["state"]) == (2, "following")


async def test_the_command_says_equal_or_names_what_differs(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    async with feed_into(installation) as feed, reading(installation) as db:
        position = await feed.invoices(5)
        settings = settings_of(installation)

        async def command(*argv: str) -> int:
            return await asyncio.to_thread(rebuild_main, settings, "toy-svc", [OpenItems()], argv)

        assert await command("--ledger", LEDGER) == 0
        assert f"{LEDGER} {MODEL} at {position}: built " in capsys.readouterr().out
        assert await command("--model", "nobody") == 2
        assert await command("--ledger", "nowhere") == 2
        assert "There is no ledger nowhere" in capsys.readouterr().err
        assert await command("--check-only") == 0
        assert "equal" in capsys.readouterr().out
        await db.pool.execute(f"delete from {schema_of(MODEL, LEDGER)}.customer where customer_id = 'cus_2'")
        assert await command("--check-only", "--json") == 3
        assert '"equal": false' in (printed := capsys.readouterr().out)
        assert "cus_2" in printed


class _Noting(Reactor):
    types = frozenset({DayOpened.TYPE})

    def __init__(self) -> None:
        self.seen: list[int] = []

    async def react(self, e: Recorded) -> None:
        self.seen.append(e.position)


async def test_builds_before_any_worker_ran_leave_every_reaction_to_the_worker(
    installation: Installation,
) -> None:
    async with feed_into(installation) as feed, reading(installation) as db:
        await feed.invoices(3)
        days = [await feed.day(DAY)]
        await feed.invoices(3, first=10)
        days.append(await feed.day(DAY + timedelta(days=1)))
        settings, reactors = settings_of(installation), {MODEL: _Noting}
        for _ in range(2):
            code = await asyncio.to_thread(rebuild_main, settings, "toy-svc", [OpenItems()], [], reactors)
            assert code == 0
            (state,) = await db.read_models(LEDGER)
            assert state["position"] == days[0]
        noting = _Noting()
        async with worker_on(installation, reactors={MODEL: noting}):
            await until(lambda: db.wait_for(MODEL, LEDGER, feed.position, timeout=1))
        assert noting.seen == days
