"""Webhooks on real servers: every event arrives at least once and in order per object, or is a dead letter."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr
from standardwebhooks import Webhook

from encours.contracts import Event
from encours.http.access.keys import NewKey, fetch_from
from encours.kernel.ids import derived_id, uuid7
from encours.ledger import Ledger
from encours.ledger.admin import new_epoch
from encours.ledger.model import Append, NewEvent
from encours.ledger.reader import Reader
from encours.postgres.connection import STORE_SETTINGS, close_pool, connect, open_pool
from encours.postgres.leases import Leases
from encours.testing.events import DAY, drafted
from encours.testing.forks import Fork
from encours.testing.history import History
from encours.testing.http import client_of, grant
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S, until
from reporting_svc.app import create_app
from reporting_svc.domain.webhook.address import AllowedAddresses
from reporting_svc.read_models.feed import Feed
from reporting_svc.webhooks.caller import ReceiverCaller
from reporting_svc.webhooks.dispatch import AT_ONCE, WebhookDispatcher
from reporting_svc.webhooks.settings import ReportingSettings
from reporting_svc.webhooks.store import WebhookStore
from tests.integration.receiver import (
    BROKEN,
    CUT_AFTER_OK,
    GONE,
    HANG,
    OK,
    UNPROCESSABLE,
    Received,
    receiving,
)

ENT_A, ENT_B = derived_id("ent", "a"), derived_id("ent", "b")
INV = [derived_id("inv", number) for number in range(4)]


@dataclass
class Yard:
    """A live ledger, the API, and a dispatcher whose clock the test moves."""

    installation: Installation
    name: str
    http: httpx.AsyncClient
    ledger: Ledger
    key: NewKey
    dispatcher: WebhookDispatcher
    feed: Feed
    store: WebhookStore
    leases: Leases
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    history: History = field(default_factory=History)

    async def append(self, *events: Event, entity: str = ENT_A) -> list[int]:
        """Append these events; return their positions."""
        rows = [self.history.add(event, entity=entity) for event in events]
        done = await self.ledger.append(
            Append(
                ledger=self.name,
                command_id=uuid7(),
                fingerprint=b"given",
                events=tuple(NewEvent(e.stream, e.version, e.data, entity, DAY, uuid7()) for e in rows),
                actor="test",
            )
        )
        return list(range(done.first_position, done.last_position + 1))

    async def make(self, url: str, **fields: Any) -> dict[str, Any]:
        """POST /v1/webhooks."""
        answer = await self.http.post("/v1/webhooks", json={"url": url} | fields)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def shown(self, webhook: dict[str, Any], path: str = "", **query: str) -> dict[str, Any]:
        """GET the webhook, or what is below it."""
        answer = await self.http.get(f"/v1/webhooks/{webhook['id']}{path}", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def replay(self, webhook: dict[str, Any], **body: Any) -> httpx.Response:
        return await self.http.post(f"/v1/webhooks/{webhook['id']}/replay", json=body)

    async def is_measured(self) -> bool:
        """True if the metrics have a backlog of the ledger."""
        name = f'encours_webhook_deliveries_pending{{ledger="{self.name}"}}'
        return name in (await self.http.get("/metrics")).text

    async def queued(self, webhook: dict[str, Any], position: int, state: str) -> None:
        """Store a delivery of a position."""
        admin = await connect(self.installation.store_url("reporting"), "webhook tests")
        await admin.execute(
            """insert into encours_webhooks.delivery (webhook_id, position, stream, type, event_id, state, next_at)
               values ($1, $2, 'inv_x', 'invoice.drafted', $3, $4, now())""",
            *(webhook["id"], position, uuid7(), state),
        )
        await admin.close()

    async def serve(self, webhook: dict[str, Any]) -> None:
        """Deliver all that is due at the clock's time."""
        while await self.dispatcher.serve_once(self.name, webhook["id"]):
            pass

    async def serve_to_the_end(self, webhook: dict[str, Any]) -> None:
        """Deliver and move the clock until nothing waits; six days are enough for anything."""
        for _ in range(3 * 6):
            await self.serve(webhook)
            shown = await self.shown(webhook)
            if not shown["pending"] or shown["state"] == "disabled":
                return
            self.now += timedelta(hours=8)
        raise AssertionError("deliveries wait for more than six days")


@asynccontextmanager
async def yard(installation: Installation) -> AsyncIterator[Yard]:
    name = f"hooks-{uuid7().hex[-12:]}"
    key = await grant(installation, ledger=name)
    settings = ReportingSettings(
        ledger_url=SecretStr(installation.ledger_url("reporting")),
        store_url=SecretStr(installation.store_url("reporting")),
        nats_url=SecretStr(installation.nats_url("reporting")),
        log_level="error",
        webhook_allow="127.0.0.1",
    )
    ledger = await Ledger.open(installation.admin_url())
    reading = await open_pool(installation.ledger_url("reporting"), "webhook tests", size=2)
    tables = await open_pool(
        installation.store_url("reporting"), "webhook tests", size=4, settings=STORE_SETTINGS
    )
    feed, store = Feed(ledger, Reader(reading)), WebhookStore(tables)
    leases = Leases(installation.store_url("reporting"), "webhook tests")
    caller = ReceiverCaller(AllowedAddresses.parse("127.0.0.1"), timeout_s=HANG_S)
    made: list[Yard] = []
    dispatcher = WebhookDispatcher(
        ledger, feed, store, fetch_from(reading), caller, leases, clock=lambda: made[0].now
    )
    try:
        async with client_of(create_app(settings), key) as http:
            made.append(Yard(installation, name, http, ledger, key, dispatcher, feed, store, leases))
            yield made[0]
    finally:
        await leases.close()
        for pool in (tables, reading):
            await close_pool(pool)
        await ledger.close()


def in_order(positions: list[int]) -> bool:
    return positions == sorted(set(positions))


async def test_every_event_arrives_in_order_per_object_or_is_a_dead_letter(
    module_installation: Installation,
) -> None:
    chance = random.Random(7)

    def flaky(found: Received) -> bytes:
        if found.event["subject"] == INV[3] and found.event["streamversion"] == 1:
            return redirect  # never followed, never taken: given up after three days
        return chance.choice([OK, OK, CUT_AFTER_OK, BROKEN])

    async with yard(module_installation) as world, receiving() as inside, receiving(flaky) as receiver:
        redirect = f"HTTP/1.1 302 Found\r\nLocation: {inside.url}\r\nContent-Length: 0\r\n\r\n".encode()
        await world.append(drafted(invoice_id=derived_id("inv", "before")))
        webhook = await world.make(receiver.url, types=["invoice.*"])
        wanted = []
        for _ in range(3):
            wanted += await world.append(*(drafted(invoice_id=each) for each in INV))
        await world.serve_to_the_end(webhook)

        shown = await world.shown(webhook)
        assert (shown["pending"], shown["dead"], shown["position"]) == (0, 1, wanted[-1])
        (dead,) = (await world.shown(webhook, "/deliveries", state="dead"))["data"]
        assert (dead["stream"], dead["status"]) == (INV[3], 302)
        assert datetime.fromisoformat(dead["ended_at"]) - datetime.fromisoformat(
            dead["first_at"]
        ) >= timedelta(days=3)
        assert inside.received == []
        assert sorted(receiver.positions()) == sorted({*wanted} - {dead["position"]})
        assert all(in_order(receiver.positions(stream)) for stream in INV)
        later = [each for each in receiver.received if each.event["subject"] == INV[3]]
        versions = [each.event["streamversion"] for each in later]
        assert versions[0] == 1
        assert versions == sorted(versions)

        receiver.behave = lambda _: OK
        assert (await world.replay(webhook, dead_letters=True)).status_code == 200
        await world.serve_to_the_end(webhook)
        assert receiver.positions()[-1] == dead["position"]
        assert (await world.shown(webhook))["dead"] == 0

        receiver.answered.clear()
        assert (await world.replay(webhook, after=wanted[3])).status_code == 200
        await world.serve_to_the_end(webhook)
        assert sorted(receiver.positions()) == wanted[4:]
        assert (await world.replay(webhook, after=10**6)).status_code == 422
        for each in receiver.received:
            assert each.headers["webhook-id"] == f"evt_{each.event['id'].replace('-', '')}"


async def test_a_receiver_that_fails_rests_as_a_whole_and_a_single_call_tries_it(
    module_installation: Installation,
) -> None:
    many = [derived_id("inv", "many", n) for n in range(AT_ONCE * 2)]
    async with yard(module_installation) as world, receiving(lambda _: BROKEN) as receiver:
        webhook = await world.make(receiver.url)
        wanted = await world.append(*(drafted(invoice_id=each) for each in (*many, *many)))
        calls = []
        for rest_s in (0, 4, 1, 30, 120, 600, 600):
            world.now += timedelta(seconds=rest_s)
            before = len(receiver.received)
            await world.serve(webhook)
            calls.append(len(receiver.received) - before)
        assert calls == [AT_ONCE, 0, 1, 1, 1, 1, 1]
        receiver.behave = lambda _: OK
        world.now += timedelta(seconds=599)
        await world.serve(webhook)
        assert receiver.positions() == []
        await world.serve_to_the_end(webhook)
        assert sorted(receiver.positions()) == wanted
        assert all(in_order(receiver.positions(stream)) for stream in many)

        receiver.behave = lambda _: BROKEN
        await world.append(*(drafted(invoice_id=each) for each in many))
        await world.serve(webhook)
        for days in (2, 1):
            world.now += timedelta(days=days)
            await world.serve(webhook)
        shown = await world.shown(webhook)
        assert (shown["dead"], shown["pending"]) == (len(many), 0), "each was given up after three days"

        receiver.behave = lambda _: UNPROCESSABLE
        await world.append(*(drafted(invoice_id=each) for each in many))
        receiver.received.clear()
        world.now += timedelta(minutes=10)
        await world.serve(webhook)
        refused = len(receiver.received)
        assert refused == len(many), "a receiver that refuses events is none that fails"


async def test_no_secret_is_kept_in_answers(module_installation: Installation) -> None:
    async with yard(module_installation) as world, receiving() as receiver:
        once = {"Idempotency-Key": f"make {world.name}"}
        body = {"url": receiver.url}
        made = (await world.http.post("/v1/webhooks", json=body, headers=once)).json()
        path = f"/v1/webhooks/{made['id']}/secret"
        again = {"Idempotency-Key": f"rotate {world.name}"}
        rotated = (await world.http.post(path, json={"overlap_hours": 1}, headers=again)).json()
        assert (await world.http.post("/v1/webhooks", json=body, headers=once)).json() == made
        assert (await world.http.post(path, json={"overlap_hours": 1}, headers=again)).json() == rotated
        await world.http.post(path, json={"overlap_hours": 0})
        admin = await connect(module_installation.store_url("reporting"), "webhook tests")
        kept = await admin.fetch("select answer from encours_webhooks.command where ledger = $1", world.name)
        await admin.close()
        assert len(kept) == 3
        assert not any(b"whsec_" in row["answer"] for row in kept)
        repeated = (await world.http.post("/v1/webhooks", json=body, headers=once)).json()
        assert repeated == made | {"secret": None}
        await world.http.delete(f"/v1/webhooks/{made['id']}")
        gone = await world.http.post(path, json={"overlap_hours": 1}, headers=again)
        assert gone.json() == rotated | {"secret": None}


async def test_a_receiver_that_is_gone_is_called_no_more_until_a_replay(
    module_installation: Installation,
) -> None:
    async with yard(module_installation) as world, receiving(lambda _: GONE) as receiver:
        webhook = await world.make(receiver.url)
        wanted = await world.append(drafted(invoice_id=INV[0]), drafted(invoice_id=INV[0]))
        await world.serve(webhook)
        shown = await world.shown(webhook)
        assert (shown["state"], shown["pending"], len(receiver.received)) == ("disabled", 2, 1)
        assert "410" in shown["problem"]
        world.now += timedelta(days=1)
        await world.serve(webhook)
        assert len(receiver.received) == 1

        receiver.behave = lambda _: OK
        assert (await world.replay(webhook, dead_letters=True)).json()["state"] == "active"
        await world.serve(webhook)
        assert receiver.positions() == wanted


async def test_a_key_gets_what_it_may_read_and_a_secret_is_shown_once(
    module_installation: Installation,
) -> None:
    async with yard(module_installation) as world, receiving() as receiver:
        limited = await grant(module_installation, entities=[ENT_A], ledger=world.name)
        bearer = {"Authorization": f"Bearer {limited.token}", "Idempotency-Key": "once"}
        first = await world.http.post("/v1/webhooks", json={"url": receiver.url}, headers=bearer)
        again = await world.http.post("/v1/webhooks", json={"url": receiver.url}, headers=bearer)
        webhook = first.json()
        assert (again.json(), again.headers["idempotency-replayed"]) == (webhook, "true")
        other = await world.http.post("/v1/webhooks", json={"url": receiver.url + "2"}, headers=bearer)
        assert other.json()["type"] == "/problems/idempotency-key-reused"
        assert webhook["entity_ids"] == [ENT_A]
        foreign = {"url": receiver.url, "entity_ids": [ENT_B]}
        refused = await world.http.post(
            "/v1/webhooks", json=foreign, headers=bearer | {"Idempotency-Key": "2"}
        )
        assert refused.status_code == 403
        everything = await world.make(receiver.url)
        listed = await world.http.get("/v1/webhooks", headers=bearer)
        assert [each["id"] for each in listed.json()["data"]] == [webhook["id"]]
        assert "secret" not in listed.text.replace("secret_before_until", "")
        hidden = await world.http.get(f"/v1/webhooks/{everything['id']}", headers=bearer)
        assert hidden.json()["type"] == "/problems/webhook-not-found"

        mine = await world.append(drafted(invoice_id=INV[0]))
        await world.append(drafted(invoice_id=INV[1]), entity=ENT_B)
        await world.serve(webhook)
        assert receiver.positions() == mine
        Webhook(webhook["secret"]).verify(receiver.received[0].body, dict(receiver.received[0].headers))

        path = f"/v1/webhooks/{webhook['id']}"
        rotated = (await world.http.post(f"{path}/secret", json={"overlap_hours": 1})).json()
        await world.append(drafted(invoice_id=INV[0]))
        await world.serve(webhook)
        for secret in (webhook["secret"], rotated["secret"]):
            Webhook(secret).verify(receiver.received[1].body, dict(receiver.received[1].headers))

        admin = await connect(module_installation.admin_url(), "webhook tests")
        await admin.execute("update ledger.api_key set revoked_at = now() where id = $1", limited.id)
        await admin.close()
        await world.append(drafted(invoice_id=INV[0]))
        await world.serve(webhook)
        assert (await world.shown(webhook))["state"] == "disabled"
        assert len(receiver.received) == 2
        assert (await world.http.delete(path)).json()["id"] == webhook["id"]
        assert (await world.http.get(path)).status_code == 404
        assert await world.is_measured()
        await world.http.delete(f"/v1/webhooks/{everything['id']}")

        async def is_forgotten() -> bool:
            return not await world.is_measured()

        await until(is_forgotten, "a ledger without webhooks has a backlog")


async def test_a_restored_ledger_and_a_sandbox_send_nothing(module_installation: Installation) -> None:
    async with yard(module_installation) as world, receiving() as receiver:
        webhook = await world.make(receiver.url)
        before = await world.append(drafted(invoice_id=INV[0]))
        # What was sent after the backup was made; the restored ledger does not have it.
        await world.queued(webhook, before[-1] + 1, "delivered")
        await world.queued(webhook, before[-1] + 2, "dead")
        await world.serve(webhook)
        receiver.answered.clear()
        early = await world.make(receiver.url)
        await world.queued(early, before[-1], "dead")
        admin = await connect(module_installation.admin_url(), "webhook tests")
        await new_epoch(admin, world.name)
        await admin.close()
        await world.serve(webhook)
        assert (await world.shown(webhook))["dead"] == 0
        refused = await world.replay(webhook, after=before[0] - 1)
        assert refused.json()["type"] == "/problems/replay-before-restore"
        after = await world.append(drafted(invoice_id=INV[0]), drafted(invoice_id=INV[1]))
        await world.serve(webhook)
        assert receiver.positions() == after
        receiver.answered.clear()
        refused = await world.replay(early, dead_letters=True)
        assert refused.json()["type"] == "/problems/replay-before-restore"
        assert "1 dead letters are of before" in refused.json()["detail"]
        assert (await world.shown(early))["dead"] == 1
        assert (await world.replay(early, after=before[0], before_restore=True)).status_code == 422
        assert (await world.replay(early, dead_letters=True, before_restore=True)).status_code == 200
        await world.serve_to_the_end(early)
        assert sorted(receiver.positions()) == [before[-1], *after]
        sandbox = await grant(module_installation, ledger=f"{world.name}-box", kind="sandbox")
        answer = await world.http.post(
            "/v1/webhooks", json={"url": receiver.url}, headers={"Authorization": f"Bearer {sandbox.token}"}
        )
        assert answer.status_code == 201
        assert not await world.dispatcher.serve_once(f"{world.name}-box", answer.json()["id"])
        inside = await world.http.post("/v1/webhooks", json={"url": "https://192.168.1.1/"})
        assert inside.json()["type"] == "/problems/webhook-address-refused"


@contextmanager
def worker(installation: Installation) -> Iterator[Fork]:
    """The worker of reporting-svc as a process."""
    environment = installation.environment("reporting") | {"ENCOURS_WEBHOOK_ALLOW": "127.0.0.1"}
    process = Fork("reporting_svc", "worker", env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def test_a_worker_that_is_killed_in_mid_delivery_loses_nothing_and_a_slow_receiver_holds_nobody(
    module_installation: Installation,
) -> None:
    async with (
        yard(module_installation) as world,
        receiving(lambda _: HANG) as slow,
        receiving() as quick,
    ):
        await world.make(slow.url, types=["invoice.*"])  # a worker may open a day besides
        await world.make(quick.url, types=["invoice.*"])
        wanted = await world.append(*(drafted(invoice_id=each) for each in INV), drafted(invoice_id=INV[0]))
        with worker(module_installation):
            await until(lambda: len(quick.answered) == len(wanted) and slow.received, "no delivery")
            assert slow.answered == []
        slow.behave = lambda _: OK
        slow.received.clear()
        with worker(module_installation):
            await until(lambda: len({*slow.positions()}) == len(wanted), "a delivery was lost")
    assert sorted({*slow.positions()}) == sorted({*quick.positions()}) == wanted
    assert all(in_order(list(dict.fromkeys(slow.positions(stream)))) for stream in INV)
