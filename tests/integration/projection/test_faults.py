"""Streams deleted, servers and workers killed under load: each event applied once, lag back to 0."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator

import nats
import pytest

from encours.contracts import Recorded
from encours.contracts.events.calendar import DayOpened
from encours.projection.read_model import Reactor
from encours.reading.read_db import ReadDb
from encours.testing.forks import Fork
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S, until
from encours.transport.jetstream import LedgerStream
from encours.transport.names import stream_name
from tests.integration.projection.test_rebuild import live_hash, rebuilt
from tests.integration.projection.toy import DAY, LEDGER, Feed, feed_into, reading, rows_of, worker_on

MODEL = "toy_items"


@contextlib.asynccontextmanager
async def loading(feed: Feed, *, pause_s: float = 0.01) -> AsyncIterator[None]:
    """Invoices, for as long as the block runs."""
    stop = asyncio.Event()

    async def load() -> None:
        first = 0
        while not stop.is_set():
            await feed.invoices(10, first=first)
            first += 10
            await asyncio.sleep(pause_s)

    task = asyncio.create_task(load())
    try:
        yield
    finally:
        stop.set()
        await task


async def all_applied_once(db: ReadDb, feed: Feed, installation: Installation) -> None:
    """The live model caught up, and it is what the ledger makes of it."""
    await until(lambda: db.wait_for(MODEL, LEDGER, feed.position, timeout=2))
    invoices = len(feed.versions)
    assert sum(row["open_minor"] for row in await rows_of(db, "item", "invoice_id")) == invoices * 7_000
    live = await live_hash(db, feed.position)
    result = await rebuilt(installation, check_only=True)
    assert (result.equal, result.new_hash) == (True, live), result


async def test_a_stream_deleted_under_load_heals_itself(installation: Installation) -> None:
    async with feed_into(installation) as feed, reading(installation) as db, worker_on(installation):
        client = await nats.connect(installation.nats.server.url())
        try:
            js = client.jetstream()
            async with loading(feed):
                for _ in range(3):
                    await until(lambda: _reaches(js, 1))
                    await js.delete_stream(stream_name(LEDGER))
                    await until(lambda at=feed.position: _reaches(js, at + 1))
            await all_applied_once(db, feed, installation)
            await until(lambda: _holds(js, feed.position))
        finally:
            await client.close()


async def _reaches(js: nats.js.JetStreamContext, position: int) -> bool:
    return await _last(js) >= position


async def _holds(js: nats.js.JetStreamContext, position: int) -> bool:
    return await _last(js) == position


async def _last(js: nats.js.JetStreamContext) -> int:
    try:
        return int((await js.stream_info(stream_name(LEDGER))).state.last_seq)
    except nats.js.errors.Error:
        return 0


async def test_nats_killed_under_load_makes_events_late_not_lost(installation: Installation) -> None:
    async with feed_into(installation) as feed, reading(installation) as db, worker_on(installation):
        async with loading(feed):
            for _ in range(2):
                await _relayed(installation, feed.position + 1)
                installation.nats.kill()
                at = feed.position
                # While it is away, the ledger itself is read.
                await until(lambda at=at: db.wait_for(MODEL, LEDGER, at + 20, timeout=1))
                await asyncio.to_thread(installation.nats.start)
        await all_applied_once(db, feed, installation)
        await _relayed(installation, feed.position)


async def _relayed(installation: Installation, position: int) -> None:
    """Wait until the stream of the server that runs now has come so far."""
    client = await nats.connect(installation.nats.server.url())
    try:
        await until(lambda: _reaches(client.jetstream(), position))
    finally:
        await client.close()


@contextlib.contextmanager
def worker_process(installation: Installation) -> Iterator[Fork]:
    addresses = (
        *(installation.ledger_url(), installation.store_url()),
        *(installation.nats_url(), installation.nats_url("relay")),
    )
    process = Fork("tests.integration.projection.worker_process", *addresses, env=os.environ)
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(HANG_S) in (0, -9)


async def test_a_worker_killed_in_mid_batch_loses_and_repeats_nothing(installation: Installation) -> None:
    async with feed_into(installation) as feed, reading(installation) as db:
        async with loading(
            feed, pause_s=0.004
        ):  # without a pause it outruns a machine that starts two processes
            with contextlib.ExitStack() as stack:
                for _ in range(3):
                    process = stack.enter_context(worker_process(installation))
                    standby = stack.enter_context(worker_process(installation))
                    at = feed.position
                    await until(lambda at=at: db.wait_for(MODEL, LEDGER, at + 1, timeout=1))
                    process.kill()
                    at = feed.position
                    await until(lambda at=at: db.wait_for(MODEL, LEDGER, at + 1, timeout=1))
                    standby.kill()
        with worker_process(installation):
            await all_applied_once(db, feed, installation)


async def test_a_stream_ahead_of_a_restored_ledger_and_models_of_another_epoch_are_made_anew(
    installation: Installation,
) -> None:
    async with feed_into(installation) as feed, reading(installation) as db, worker_on(installation):
        position = await feed.invoices(50)
        await until(lambda: db.wait_for(MODEL, LEDGER, position, timeout=1))
        client = await nats.connect(installation.nats.server.url())
        try:
            js = client.jetstream()
            await until(lambda: _holds(js, position))
            # What a restore does: the last events are gone and the epoch is another.
            await _restore(installation, position - 40)
            await until(lambda: _holds(js, position - 40))
            await until(lambda: _stands_at(db, position - 40))
            state = await LedgerStream(client, LEDGER).state()
            assert state is not None
            assert (state.epoch, state.drift) == (777, ())
        finally:
            await client.close()
        feed.versions.clear()
        last = await feed.invoices(5, first=900)
        await until(lambda: db.wait_for(MODEL, LEDGER, last, timeout=1))
        assert (await rebuilt(installation, check_only=True)).equal is True


async def _stands_at(db: ReadDb, position: int) -> bool:
    (state,) = await db.read_models(LEDGER)
    return bool(state["position"] == position and state["epoch"] == 777)


async def _restore(installation: Installation, upto: int) -> None:
    import asyncpg

    conn = await asyncpg.connect(installation.admin_url())
    try:
        async with conn.transaction():
            await conn.execute("alter table ledger.event disable trigger append_only_rows")
            await conn.execute("delete from ledger.event where position > $1", upto)
            await conn.execute("alter table ledger.event enable always trigger append_only_rows")
            await conn.execute("update ledger.ledgers set epoch = 777")
    finally:
        await conn.close()


async def test_a_drifted_declaration_is_named_and_mended(installation: Installation) -> None:
    client = await nats.connect(installation.nats.server.url())
    try:
        js = client.jetstream()
        await js.add_stream(
            name=stream_name(LEDGER), subjects=["ledger.toy.>"], max_msgs=10, metadata={"encours.epoch": "1"}
        )
        stream = LedgerStream(client, LEDGER)
        state = await stream.state()
        assert state is not None
        assert not state.unchangeable
        assert {line.split(":")[0] for line in state.drift} == {
            "discard",
            "max_msgs",
            "deny_delete",
            "deny_purge",
            "allow_atomic",
        }
        await stream.update(1)
        mended = await stream.state()
        assert mended is not None
        assert mended.drift == ()
        with pytest.raises(nats.js.errors.APIError):
            await js.purge_stream(stream_name(LEDGER))
    finally:
        await client.close()


class _Notes(Reactor):
    """Notes the position and what the model looked like; fails the first time."""

    types = frozenset({DayOpened.TYPE})

    def __init__(self, db: ReadDb) -> None:
        self.db = db
        self.seen: list[tuple[int, int]] = []
        self.failures = 1

    async def react(self, e: Recorded) -> None:
        async with self.db.snapshot(MODEL, LEDGER) as (_, _, position):
            self.seen.append((e.position, position))
        if self.failures:
            self.failures -= 1
            raise ConnectionError("mail server away")


async def test_a_reaction_meets_the_model_exactly_at_its_event_and_is_repeated_until_it_is_done(
    installation: Installation,
) -> None:
    async with feed_into(installation) as feed, reading(installation) as db:
        await feed.invoices(3)
        first = await feed.day(
            DAY
        )  # before any worker: a first build ends here and the reaction is still due
        await feed.invoices(3, first=10)
        notes = _Notes(db)
        async with worker_on(installation, reactors={MODEL: notes}):
            await until(lambda: db.wait_for(MODEL, LEDGER, feed.position, timeout=1))
            second = await feed.day(DAY.replace(day=2))
            await feed.invoices(3, first=20)
            await until(lambda: db.wait_for(MODEL, LEDGER, feed.position, timeout=1))
            assert notes.seen == [(first, first), (first, first), (second, second)]
            assert (await rebuilt(installation)).equal is True
        async with worker_on(installation, reactors={MODEL: notes}):
            last = await feed.invoices(1, first=30)
            await until(lambda: db.wait_for(MODEL, LEDGER, last, timeout=1))
        assert len(notes.seen) == 3  # neither a rebuild nor a restart reacts again
