"""From an append to every read model: in order, once, whatever arrives twice, late or not at all."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import asyncpg
import nats
import pytest
from nats.aio.msg import Msg

from encours.kernel.tasks import end
from encours.ledger.model import Head
from encours.projection.read_model import ReadModel
from encours.projection.rebuild import rebuild
from encours.reading.read_db import ReadModelNotReady
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S, until
from encours.transport.announcer import Announcer
from encours.transport.client import NatsConnection, connect
from encours.transport.heads import watch_heads
from encours.transport.names import stream_name, subject, wakeup_subject
from encours.transport.relay import Relay
from encours.transport.tail import Tail
from tests.integration.projection.toy import (
    DAY,
    LEDGER,
    POISON,
    UNWRITABLE,
    Feed,
    OpenItems,
    feed_into,
    paid,
    reading,
    rows_of,
    worker_on,
)

MODEL = "toy_items"
IDLE_S = 3.0


async def test_an_append_becomes_visible_and_a_snapshot_holds_rows_and_position_of_one_moment(
    installation: Installation,
) -> None:
    async with feed_into(installation) as feed, reading(installation) as db:
        with pytest.raises(ReadModelNotReady):
            await rows_of(db, "item", "invoice_id")
        async with worker_on(installation):
            await feed.invoices(40)
            position = await feed.day(DAY + timedelta(days=1))
            assert await db.wait_for(MODEL, LEDGER, position, timeout=HANG_S)
            async with db.snapshot(MODEL, LEDGER) as (conn, schema, at):
                assert at == position
                assert await conn.fetchval(f"select sum(open_minor) from {schema}.item") == 40 * 7_000
                assert await conn.fetchval(f"select sum(open_minor) from {schema}.customer") == 40 * 7_000
                assert await conn.fetchval(f"select day from {schema}.today") == DAY + timedelta(days=1)
            (state,) = await db.read_models(LEDGER)
            assert (state["model"], state["position"], state["lag"], state["state"]) == (
                MODEL,
                position,
                0,
                "following",
            )
            assert state["content_hash"]
            assert not await db.wait_for(MODEL, LEDGER, position + 1, timeout=0.05)


async def test_the_streams_sequence_numbers_are_the_ledgers_positions(installation: Installation) -> None:
    async with feed_into(installation) as feed, reading(installation) as db, worker_on(installation):
        position = await feed.invoices(300)
        assert await db.wait_for(MODEL, LEDGER, position, timeout=HANG_S)
        client = await nats.connect(installation.nats.server.url())
        try:
            js = client.jetstream()
            await until(lambda: _last_is(js, position))
            for at in (1, 17, position):
                message = await js.get_msg(stream_name(LEDGER), at)
                (row,) = await feed.ledger.read_raw(LEDGER, at - 1, 1)
                assert message.data == row["data"]
                assert message.headers is not None
                assert message.headers["ce-id"] == str(row["event_id"])
                assert message.subject == subject(LEDGER, "ent_toy", row["type"])
        finally:
            await client.close()


async def test_two_relays_of_one_ledger_leave_each_event_once_and_in_its_place(
    installation: Installation,
) -> None:
    """A lease keeps them apart; should it fail, the stream refuses the second of each batch and of each message."""
    async with feed_into(installation) as feed:
        position = await feed.invoices(1_500)
        clients = [await connect(installation.nats_url("relay"), f"relay {n}") for n in range(2)]
        relays = [Relay(client, feed.ledger, LEDGER) for client in clients]

        def note(name: str, head: Head) -> None:
            for relay in relays if name == LEDGER else ():
                relay.note(head)

        heads = watch_heads(feed.ledger, lambda: True, note)
        running = [asyncio.create_task(work) for work in (heads, *(relay.run() for relay in relays))]
        try:
            js = clients[0].jetstream()
            await until(lambda: _last_is(js, position))
            for first in range(1_500, 1_560, 3):  # too few for a batch
                position = await feed.invoices(3, first=first)
                await asyncio.sleep(0.01)
            await until(lambda: _last_is(js, position))
            # Both have caught up, whatever the machine was busy with: these few go one by one.
            position = await feed.invoices(3, first=1_560)
            await until(lambda: _last_is(js, position))
            rows = (await feed.ledger.read_raw(LEDGER, 0, position))[::-7][::-1]
            kept = [(await js.get_msg(stream_name(LEDGER), row["position"])).headers or {} for row in rows]
            assert [headers["ce-id"] for headers in kept] == [str(row["event_id"]) for row in rows]
            assert "Nats-Batch-Id" in kept[10]
            assert "Nats-Batch-Id" not in kept[-1]
        finally:
            await end(running)
            for client in clients:
                await client.close()


async def _last_is(js: nats.js.JetStreamContext, position: int) -> bool:
    try:
        info = await js.stream_info(stream_name(LEDGER))
    except nats.js.errors.NotFoundError:
        return False
    return bool(info.state.last_seq == position and info.state.messages == position)


async def test_an_event_that_cannot_be_applied_parks_its_stream_and_the_rest_goes_on(
    installation: Installation,
) -> None:
    async with feed_into(installation) as feed, reading(installation) as db, worker_on(installation):
        await feed.invoices(10)
        await feed(("inv_000003", paid("inv_000003", "cus_3", POISON)))
        await feed(
            ("inv_000003", paid("inv_000003", "cus_3", 1)), ("inv_000004", paid("inv_000004", "cus_4", 7_000))
        )
        await feed(("inv_000005", paid("inv_000005", "cus_5", UNWRITABLE)))
        position = await feed(
            ("inv_000005", paid("inv_000005", "cus_5", 1)), ("inv_000006", paid("inv_000006", "cus_6", 1))
        )
        assert await db.wait_for(MODEL, LEDGER, position, timeout=HANG_S)
        items = {row["invoice_id"]: row["open_minor"] for row in await rows_of(db, "item", "invoice_id")}
        assert (items["inv_000003"], items["inv_000004"], items["inv_000005"], items["inv_000006"]) == (
            7_000,
            0,
            7_000,
            6_999,
        )
        assert sum(items.values()) == sum(
            row["open_minor"] for row in await rows_of(db, "customer", "customer_id")
        )
        parked = {row["stream"]: row for row in await db.pool.fetch("select * from encours.parked")}
        assert set(parked) == {"inv_000003", "inv_000005"}
        assert (parked["inv_000003"]["position"], parked["inv_000003"]["later"]) == (21, 1)
        assert parked["inv_000003"]["reason"] == "ValueError: poison"
        assert "does not fit into 64 bits" in parked["inv_000005"]["reason"]
        (state,) = await db.read_models(LEDGER)
        assert (state["state"], state["parked"], state["incomplete"]) == ("incomplete", 2, True)
        async with db.snapshot(MODEL, LEDGER) as snapshot:
            assert snapshot.incomplete


async def test_an_unknown_type_stops_the_model_before_it_and_says_so(installation: Installation) -> None:
    from uuid import uuid4

    from encours.kernel.ids import uuid7
    from encours.ledger import Append, Ledger, NewEvent, RawEvent

    async with feed_into(installation) as feed, reading(installation) as db, worker_on(installation):
        position = await feed.invoices(5)
        admin = await Ledger.open(installation.admin_url())
        try:
            tomorrow = RawEvent("invoice.teleported", 1, b"{}")
            event = NewEvent("inv_x", 1, tomorrow, "ent_toy", DAY, uuid7())
            await admin.append(
                Append(ledger=LEDGER, command_id=uuid4(), fingerprint=b"", events=(event,), actor="tester")
            )
        finally:
            await admin.close()
        last = await feed.invoices(5, first=100)
        assert await db.wait_for(MODEL, LEDGER, position, timeout=HANG_S)
        await until(lambda: _state_is(db, "stopped"))
        (state,) = await db.read_models(LEDGER)
        assert (state["position"], state["lag"]) == (position, last - position)
        assert "invoice.teleported" in state["reason"]
        checked = await rebuild(
            ledger_dsn=installation.ledger_url(),
            store_dsn=installation.store_url(),
            service="toy-svc",
            model=OpenItems(),
            ledger=LEDGER,
            check_only=True,
        )
        assert (checked.equal, checked.position, checked.head) == (True, position, last)
        assert "invoice.teleported" in (checked.stopped or "")


async def _state_is(db: object, wanted: str) -> bool:
    (state,) = await db.read_models(LEDGER)  # type: ignore[attr-defined]
    return bool(state["state"] == wanted)


async def test_duplicates_holes_and_reordering_in_the_stream_change_nothing(
    installation: Installation,
) -> None:
    """A stream that lies about its order: the model reads the ledger wherever it does not fit."""
    async with feed_into(installation) as feed, reading(installation) as db:
        position = await feed.invoices(60)
        client = await nats.connect(installation.nats.server.url())
        try:
            js = client.jetstream()
            async with worker_on(installation):
                assert await db.wait_for(MODEL, LEDGER, position, timeout=HANG_S)
                await until(lambda: _last_is(js, position))
                for sequence in range(
                    1, 40
                ):  # a copy of an old message at the end: position and sequence disagree
                    old = await js.get_msg(stream_name(LEDGER), sequence)
                    assert old.subject is not None
                    await client.publish(old.subject, old.data or b"", headers=old.headers)
                last = await feed.invoices(60, first=60)
                assert await db.wait_for(MODEL, LEDGER, last, timeout=HANG_S)
                assert sum(r["open_minor"] for r in await rows_of(db, "item", "invoice_id")) == 120 * 7_000
                # The relay notices a stream that runs ahead of the ledger and makes it anew.
                await until(lambda: _last_is_sequence(js, last))
        finally:
            await client.close()


async def _last_is_sequence(js: nats.js.JetStreamContext, position: int) -> bool:
    try:
        info = await js.stream_info(stream_name(LEDGER))
        message = await js.get_msg(stream_name(LEDGER), position)
    except nats.js.errors.Error:
        return False
    return bool(
        info.state.last_seq == position and (message.headers or {}).get("encours-position") == str(position)
    )


async def test_two_workers_share_the_work_and_apply_each_event_once(installation: Installation) -> None:
    models: list[ReadModel] = [OpenItems()]
    async with feed_into(installation) as feed, reading(installation) as db:
        async with worker_on(installation, models), worker_on(installation, models):
            position = await feed.invoices(1_000)
            assert await db.wait_for(MODEL, LEDGER, position, timeout=HANG_S)
        # The first leader has gone; a fresh pair takes over where it stood.
        async with worker_on(installation, models), worker_on(installation, models):
            position = await feed.invoices(200, first=1_000)
            assert await db.wait_for(MODEL, LEDGER, position, timeout=HANG_S)
        assert sum(row["open_minor"] for row in await rows_of(db, "item", "invoice_id")) == 1_200 * 7_000


async def test_a_new_ledger_is_followed_within_seconds(installation: Installation) -> None:
    async with worker_on(installation), reading(installation) as db:
        async with feed_into(installation) as feed:
            assert await db.wait_for(MODEL, LEDGER, await feed.invoices(1), timeout=HANG_S)
        # The worker has listed its ledgers by now: this one it has to find.
        async with feed_into(installation, "second") as feed:
            position = await feed.invoices(3)
            await until(lambda: db.wait_for(MODEL, "second", position, timeout=1))


async def test_a_ledger_in_which_nothing_happens_costs_no_queries_of_its_own(
    installation: Installation,
) -> None:
    """Of a worker with a relay. There were 8 a second for each ledger."""
    names = [f"idle-{number}" for number in range(10)]
    admin = await asyncpg.connect(installation.admin_url())
    for database in (installation.database("ledger"), installation.database("invoice")):
        await admin.execute(f"alter database {database} set log_statement = 'all'")
    await admin.close()
    async with worker_on(installation), reading(installation) as db, AsyncExitStack() as stack:
        for name in names:
            feed = await stack.enter_async_context(feed_into(installation, name))
            position = await feed.invoices(1)
            await until(lambda name=name, at=position: db.wait_for(MODEL, name, at, timeout=1))
        before = _queries(installation)
        await asyncio.sleep(IDLE_S)
        assert _queries(installation) - before < IDLE_S * 3 * len(names)


def _queries(installation: Installation) -> int:
    """Queries so far in the databases of this installation, by the server's log."""
    log = (installation.cluster.layout.log / "postgres.log").read_text()
    return len(re.findall(rf"@encours_\w+{installation.suffix} LOG:  (?:execute|statement)", log))


async def test_a_reader_who_waits_ends_the_rest_of_a_model(installation: Installation) -> None:
    """Between batches a model lets events gather; a reader who waits for one model does not wake another."""
    async with feed_into(installation) as feed, two_at_rest(installation, feed) as (link, _, resting, other):
        while not resting.done():
            Announcer(link).wanted(MODEL, LEDGER)
            await asyncio.wait({resting}, timeout=0.05)
        assert not other.done()


async def test_a_burst_of_appends_is_announced_by_its_first_and_its_last(installation: Installation) -> None:
    async with feed_into(installation) as feed, two_at_rest(installation, feed) as (link, _, _, _):
        heard: list[int] = []

        async def note(message: Msg) -> None:
            heard.append(int(message.data))

        client = await link.client()
        await client.subscribe(wakeup_subject(LEDGER), cb=note)
        await client.flush()
        announcer = Announcer(link)
        for head in range(1, 101):
            announcer.appended(LEDGER, head)
        await until(lambda: heard[-1:] == [100])
        assert heard == [1, 100]


async def test_a_reader_who_waits_has_the_ledger_read_before_the_burst_ends(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages of a burst are collected here for longer than any test takes."""
    monkeypatch.setattr("encours.transport.announcer.GROWN_S", 2 * HANG_S)
    async with feed_into(installation) as feed, two_at_rest(installation, feed) as (link, tail, _, _):
        announcer = Announcer(link)
        await until(lambda: tail.last >= 0)
        announcer.appended(LEDGER, feed.position)
        announcer.appended(LEDGER, await feed.invoices(1))

        async def is_read() -> bool:
            announcer.wanted(MODEL, LEDGER)
            return tail.last == feed.position

        await until(is_read)


async def test_an_event_that_a_model_applies_ends_its_rest_after_others(installation: Installation) -> None:
    async with feed_into(installation) as feed, two_at_rest(installation, feed) as (_, tail, _, _):
        await until(lambda: tail.last >= 0)
        resting = asyncio.create_task(tail.rest("third", 2 * HANG_S, until={"calendar.day_opened"}))
        tail.note(Head(await feed.invoices(1), tail.epoch, None))
        await until(lambda: tail.last == feed.position)
        assert not resting.done()
        tail.note(Head(await feed.day(DAY), tail.epoch, None))
        await resting


async def test_an_event_that_a_model_reacts_to_ends_its_rest(installation: Installation) -> None:
    async with feed_into(installation) as feed, two_at_rest(installation, feed) as (_, tail, resting, other):
        tail.hurry_for({"calendar.day_opened"}, MODEL)
        tail.hurry_for({"invoice.written_off"}, "another")
        await until(lambda: tail.last >= 0)
        tail.note(Head(await feed.invoices(1), tail.epoch, None))
        await until(lambda: tail.last == feed.position)
        assert not resting.done()
        tail.note(Head(await feed.day(DAY), tail.epoch, None))
        await resting
        assert not other.done()


@asynccontextmanager
async def two_at_rest(
    installation: Installation, feed: Feed
) -> AsyncIterator[tuple[NatsConnection, Tail, asyncio.Task[None], asyncio.Task[None]]]:
    """A tail, and two models that rest beside it for longer than any test takes."""
    link = NatsConnection(installation.nats_url("invoice"), "reader")
    tail = Tail(link, feed.ledger, LEDGER)
    running = asyncio.create_task(tail.run())
    resting, other = [asyncio.create_task(tail.rest(model, 2 * HANG_S)) for model in (MODEL, "another")]
    try:
        async with asyncio.timeout(HANG_S):
            yield link, tail, resting, other
    finally:
        await end([running, resting, other])
        await link.close()
