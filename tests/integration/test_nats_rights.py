"""Users × subjects × JetStream's API on the real nats-server: what each may do, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig

from encours.embedded.secrets import RELAY, ROLES
from encours.testing.servers import Installation
from encours.transport.names import inbox_prefix

STREAM = "LEDGER_demo"
USERS = (*ROLES, RELAY)
API = "$JS.API"

RELAYS = frozenset(
    {
        "ledger.demo.ent_a.invoice.issued",
        *(f"{API}.STREAM.{verb}.{STREAM}" for verb in ("CREATE", "UPDATE", "INFO", "DELETE", "MSG.GET")),
    }
)
SERVICES = frozenset(
    {"encours.poke.demo", f"{API}.CONSUMER.CREATE.{STREAM}", f"{API}.CONSUMER.MSG.NEXT.{STREAM}.c1"}
)
NOBODYS = frozenset(
    {
        *(f"{API}.{verb}" for verb in ("INFO", "STREAM.NAMES", "STREAM.LIST", "ACCOUNT.PURGE.$G")),
        *(f"{API}.STREAM.{verb}.{STREAM}" for verb in ("PURGE", "MSG.DELETE", "SNAPSHOT", "RESTORE")),
        *(f"{API}.STREAM.{verb}.{STREAM}" for verb in ("PEER.REMOVE", "LEADER.STEPDOWN")),
        *(f"{API}.CONSUMER.{verb}.{STREAM}" for verb in ("NAMES", "LIST")),
        *(f"{API}.CONSUMER.{verb}.{STREAM}.c1" for verb in ("CREATE", "DURABLE.CREATE", "DELETE", "INFO", "PAUSE")),
        *(f"{API}.DIRECT.GET.{STREAM}", f"{API}.DIRECT.GET.{STREAM}.ledger.demo.x"),
        f"$JS.ACK.{STREAM}.c1.1.1.1.1.1",
        "$JS.FC.x",
        "$KV.x.y",
        "$SYS.REQ.SERVER.PING",
        "anything",
        *(f"_INBOX.{user}.x.1" for user in (*USERS, "encours_admin")),
    }
)  # fmt: skip
ALL = RELAYS | SERVICES | NOBODYS
HEARD_BY_ALL = frozenset({"encours.poke.>"})
HEARD_BY_NOBODY = frozenset(
    {"ledger.>", "ledger.demo.>", ">", "*.*.*", "_INBOX.>", "$JS.API.>", "$JS.EVENT.>", "$SYS.>", "$KV.>"}
)


@asynccontextmanager
async def connected(installation: Installation, user: str) -> AsyncIterator[tuple[Client, list[str]]]:
    """A client of that user, and what the server refuses it."""
    refused: list[str] = []

    async def note(error: Exception) -> None:
        refused.append(str(error).lower())

    url = installation.nats.server.url(user)
    client = await nats.connect(url, inbox_prefix=inbox_prefix(url).encode(), error_cb=note)
    try:
        yield client, refused
    finally:
        await client.close()


async def refusals(refused: list[str], kind: str, among: frozenset[str], client: Client) -> set[str]:
    """Return the subjects that the server refused. The client reports them some time after the flush."""
    await client.flush()
    counted = -1
    while counted != len(refused):
        counted = len(refused)
        await asyncio.sleep(0.2)
    return {name for name in among if any(f'{kind} to "{name.lower()}"' in text for text in refused)}


@pytest.mark.parametrize("user", USERS)
async def test_each_user_publishes_what_its_part_needs_and_nothing_else(
    module_installation: Installation, user: str
) -> None:
    async with connected(module_installation, user) as (client, refused):
        for name in sorted(ALL):
            await client.publish(name, b"not a request")
        allowed = RELAYS if user == RELAY else SERVICES
        assert await refusals(refused, "publish", ALL, client) == ALL - allowed


@pytest.mark.parametrize("user", USERS)
async def test_each_user_hears_its_own_inbox_and_the_wake_up_messages(
    module_installation: Installation, user: str
) -> None:
    inboxes = frozenset(f"_INBOX.{other}.>" for other in (*USERS, "encours_admin"))
    every = inboxes | HEARD_BY_ALL | HEARD_BY_NOBODY
    async with connected(module_installation, user) as (client, refused):
        for name in sorted(every):
            await client.subscribe(name)
        mine = {f"_INBOX.{user}.>", *HEARD_BY_ALL}
        assert await refusals(refused, "subscription", every, client) == every - mine


@pytest.mark.parametrize("user", ROLES)
async def test_no_service_records_the_inbox_of_another(module_installation: Installation, user: str) -> None:
    """JetStream records with its own rights what a stream names: a stream over an inbox would read all its replies."""
    async with connected(module_installation, user) as (client, _):
        for subjects in (["_INBOX.encours_invoice.>"], ["_INBOX.>"], ["encours.poke.>"]):
            with pytest.raises(NatsError):
                await client.jetstream(timeout=0.5).add_stream(name=f"spy_{user}", subjects=subjects)
    url = module_installation.nats.server.url()
    admin = await nats.connect(url)
    try:
        names = {info.config.name for info in await admin.jetstream().streams_info()}
    finally:
        await admin.close()
    assert f"spy_{user}" not in names


async def test_a_service_reads_a_ledgers_stream_by_a_consumer_of_its_own(
    module_installation: Installation,
) -> None:
    async with connected(module_installation, RELAY) as (relay, _):
        await relay.jetstream().add_stream(name="LEDGER_read", subjects=["ledger.read.>"])
        await relay.jetstream().publish("ledger.read.ent_a.invoice.issued", b"{}")
    async with connected(module_installation, ROLES[0]) as (client, _):
        info = await client.jetstream().add_consumer("LEDGER_read", ConsumerConfig(ack_policy=AckPolicy.NONE))
        inbox = client.new_inbox()
        answers = await client.subscribe(inbox)
        await client.publish(f"{API}.CONSUMER.MSG.NEXT.LEDGER_read.{info.name}", b"", reply=inbox)
        assert (await answers.next_msg(timeout=60)).data == b"{}"
