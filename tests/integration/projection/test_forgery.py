"""Messages in the stream that are not the ledger's events: an alarm, and nothing believed, whoever published them.

``DEEP=1``: a thousand of each user.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
from typing import cast

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import StreamInfo

from encours.contracts import encode
from encours.embedded.secrets import ROLES
from encours.ledger.digest import digest_of
from encours.ledger.stored import StoredEvent, event_of
from encours.postgres.connection import connect
from encours.testing.servers import Installation
from encours.testing.waiting import until
from encours.transport.messages import headers_of
from encours.transport.names import inbox_prefix, stream_name, subject
from tests.integration.projection.test_faults import MODEL, all_applied_once, loading
from tests.integration.projection.toy import (
    DAY,
    LEDGER,
    Feed,
    feed_into,
    issued,
    reading,
    rows_of,
    worker_on,
)

MESSAGES_EACH = 1_000 if os.environ.get("DEEP") else 250
THIEF = "cus_thief"


def let_services_publish(installation: Installation) -> None:
    """Rights as a server has them that was not reloaded since the release before: services publish the ledger."""
    path = installation.nats.server.config
    written = json.loads(path.read_text())
    for user in written["authorization"]["users"]:
        if user["user"] in ROLES:
            user["permissions"]["publish"]["allow"] += ["ledger.>", "$JS.API.STREAM.INFO.*"]
    path.write_text(json.dumps(written))
    installation.nats.kill()
    installation.nats.start()


async def test_a_thousand_forged_messages_of_all_users_are_not_believed_and_sound_the_alarm(
    installation: Installation,
) -> None:
    let_services_publish(installation)
    async with feed_into(installation) as feed, reading(installation) as db, worker_on(installation):
        async with loading(feed, pause_s=0.1):
            await until(lambda: db.wait_for(MODEL, LEDGER, 20, timeout=2))
            await asyncio.gather(*(forge(installation, feed, user) for user in ROLES))
            await until(lambda: alarms(installation))
        await all_applied_once(db, feed, installation)
        assert THIEF not in {row["customer_id"] for row in await rows_of(db, "item", "invoice_id")}


async def alarms(installation: Installation) -> int:
    connection = await connect(installation.admin_url("invoice"), "encours tests")
    try:
        return int(await connection.fetchval("select coalesce(sum(messages), 0) from encours.forgery"))
    finally:
        await connection.close()


async def forge(installation: Installation, feed: Feed, user: str) -> None:
    """Publish what the stream would take for the next event: invented, altered, and old."""
    url = installation.nats.server.url(user)
    client = await nats.connect(url, inbox_prefix=inbox_prefix(url).encode())
    js = client.jetstream()
    epoch = (await feed.ledger.head(LEDGER)).epoch
    try:
        for number in range(MESSAGES_EACH):
            if number % 20 == 0:
                position = await next_position(client)
                model = await template(feed, position)
            forged = altered(model, number, position + number % 20)
            headers = cast("dict[str, str]", headers_of(forged, epoch, "encours-forged: 1"))
            name = subject(LEDGER, "ent_toy", forged.type)
            if number % 20 < 19:
                await client.publish(name, forged.raw, headers=headers)
            else:  # waits for the server's answer, so that the server is not drowned
                with contextlib.suppress(NatsError):
                    await js.publish(name, forged.raw, headers=headers)
    finally:
        await client.close()


async def next_position(client: Client) -> int:
    """The sequence number that the stream's next message will have."""
    while True:
        try:
            info: StreamInfo = await client.jetstream().stream_info(stream_name(LEDGER))
        except NatsError:  # the relay is making it anew
            await asyncio.sleep(0.02)
        else:
            return info.state.last_seq + 1


async def template(feed: Feed, position: int) -> StoredEvent:
    """The ledger's own event of that position, or its last one."""
    rows = await feed.ledger.read_raw(LEDGER, position - 1, 1)
    rows = rows or await feed.ledger.read_raw(LEDGER, feed.position - 1, 1)
    return event_of(rows[0], LEDGER)


INVENTED = itertools.count(1)


def altered(event: StoredEvent, kind: int, position: int) -> StoredEvent:
    forged = StoredEvent(*(getattr(event, name) for name in StoredEvent.__struct_fields__))
    forged.data = None
    forged.position = position
    match kind % 4:
        case 0:
            number = next(INVENTED)
            forged.stream, forged.version, forged.type = f"inv_9{number:05d}", 1, "invoice.issued"
            forged.raw = encode(issued(forged.stream, THIEF, 99_000_000))
        case 1:
            forged.raw = event.raw.replace(b'"total_minor":10000', b'"total_minor":10001')
        case 2:
            forged.stream = f"inv_{next(INVENTED):06d}"
        case _:
            forged.version += 1
    return forged


async def test_what_is_forged_at_the_place_of_an_event_of_the_ledger_is_read_from_the_ledger(
    installation: Installation,
) -> None:
    """The relay's own password is known to the thief, and the genuine event comes too late."""
    async with feed_into(installation) as feed, reading(installation) as db:
        position = await feed.invoices(50)
        url = installation.nats_url("relay")
        client = await nats.connect(url, inbox_prefix=inbox_prefix(url).encode())
        try:
            js = client.jetstream()
            await js.add_stream(
                name=stream_name(LEDGER),
                subjects=[f"ledger.{LEDGER}.>"],
                metadata={"encours.epoch": str((await feed.ledger.head(LEDGER)).epoch)},
            )
            for row in await feed.ledger.read_raw(LEDGER, 0, position):
                event = event_of(row, LEDGER)
                forged = altered(event, event.position, event.position)
                headers = headers_of(forged, (await feed.ledger.head(LEDGER)).epoch, "encours-forged: 1")
                name = subject(LEDGER, "ent_toy", event.type)
                await js.publish(name, forged.raw, headers=cast("dict[str, str]", headers))
        finally:
            await client.close()
        async with worker_on(installation):
            await all_applied_once(db, feed, installation)


async def test_one_digest_is_equal_for_the_ledgers_rows_and_the_events_and_differs_when_one_field_does(
    installation: Installation,
) -> None:
    async with feed_into(installation) as feed:
        position = await feed.invoices(40)
        rows = await feed.ledger.read_raw(LEDGER, 0, position)
        events = [event_of(row, LEDGER) for row in rows]
        assert digest_of(events) == await feed.ledger.digest(LEDGER, 0, position)
        assert digest_of(events[10:20]) == await feed.ledger.digest(LEDGER, 10, 20)
        assert await feed.ledger.digest(LEDGER, position, position + 5) is None
        last = events[-1]
        another = last.event_id
        for name, value in {
            "position": 7, "stream": "x", "version": 9, "type": "invoice.voided", "schema_version": 2, "entity": "",
            "effective_on": DAY.replace(year=2030), "actor": "y", "reason": "", "correlation_id": another,
            "causation_id": another, "traceparent": "", "raw": b"{}",
            "ids": (last.command_id, another, last.recorded_at),
        }.items():  # fmt: skip
            kept = getattr(last, name)
            setattr(last, name, value)
            assert digest_of(events) != await feed.ledger.digest(LEDGER, 0, position), name
            setattr(last, name, kept)
        assert digest_of(events) == await feed.ledger.digest(LEDGER, 0, position)
