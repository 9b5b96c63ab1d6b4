"""Webhooks on real servers: every event arrives at least once and in order per object, or is a dead letter."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from standardwebhooks import Webhook

from encours.contracts.events.credit_hold import PayerBadgeGiven, PayerBadgeRemoved
from encours.embedded.process import free_port
from encours.kernel.ids import derived_id
from encours.kernel.tasks import end
from encours.ledger.admin import new_epoch
from encours.postgres.connection import connect
from encours.testing.events import drafted, event
from encours.testing.forks import Fork
from encours.testing.http import grant
from encours.testing.servers import Installation
from encours.testing.waiting import until
from reporting_svc.webhooks.dispatch import AT_ONCE
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
from tests.integration.webhook_yard import ENT_A, ENT_B, Yard, yard

INV = [derived_id("inv", number) for number in range(4)]
RECEIVER = Path(__file__).with_name("receiver_process.py")


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

        badges = await world.make(receiver.url, types=["payer_badge.*"])
        fields = {"payer_badge_id": derived_id("bdg", 1), "customer_id": derived_id("cus", 1)}
        told = [event(kind, **fields) for kind in (PayerBadgeGiven, PayerBadgeRemoved)]
        sent = await world.append(*told, drafted(invoice_id=INV[2]), entity=ENT_B)
        await world.serve(badges)
        assert receiver.positions()[2:] == sent[:2]
        await world.http.delete(f"/v1/webhooks/{badges['id']}")

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
        assert "1 dead letters are older than" in refused.json()["detail"]
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


class KilledReceiver:
    """A receiver in a process of its own, on one port, and what it took before each kill and after."""

    def __init__(self, folder: Path) -> None:
        self.port, self.file = free_port(), folder / "taken"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, hold_from: int) -> None:
        arguments = (str(self.port), str(self.file), str(hold_from))
        self.process = subprocess.Popen([sys.executable, str(RECEIVER), *arguments])

    async def hung(self, hold_from: int) -> None:
        """Start it, and wait for the delivery that it leaves without an answer."""
        wanted = len(self.taken()) + hold_from
        self.start(hold_from)
        await until(lambda: len(self.taken()) >= wanted, "the receiver takes nothing")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def taken(self) -> list[tuple[str, int]]:
        """Stream and position of each delivery, in the order of arrival."""
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return [(stream, position) for stream, position in map(json.loads, lines)]


async def deliver(world: Yard, webhook: dict[str, str]) -> None:
    """Deliver until cancelled; each round is a minute."""
    while True:
        await world.serve(webhook)
        world.now += timedelta(minutes=1)


async def rounds(world: Yard, number: int) -> None:
    """Wait until so many rounds of deliveries are over."""
    later = world.now + timedelta(minutes=number)
    await until(lambda: world.now > later, "nobody delivers")


async def test_a_receiver_that_is_killed_in_mid_flow_misses_nothing_and_sees_each_object_in_order(
    module_installation: Installation, tmp_path: Path
) -> None:
    receiver, wanted = KilledReceiver(tmp_path), list[int]()
    async with yard(module_installation) as world:
        webhook = await world.make(f"http://127.0.0.1:{receiver.port}/hook", types=["invoice.*"])

        async def more() -> None:
            wanted.extend(await world.append(*(drafted(invoice_id=each) for each in INV * 3)))

        sending = asyncio.create_task(deliver(world, webhook))
        try:
            for kills in range(1, 4):
                await more()
                await receiver.hung(hold_from=5)
                await more()
                receiver.kill()
                await rounds(world, 5)
                assert (await world.shown(webhook))["pending"] >= 12 * kills
            receiver.start(hold_from=10**6)
            await until(lambda: len({*receiver.taken()}) == len(wanted), "an event is lost")
        finally:
            receiver.kill()
            await end([sending])
        shown = await world.shown(webhook)
    assert (shown["dead"], sorted(position for _, position in {*receiver.taken()})) == (0, wanted)
    assert len(receiver.taken()) >= len(wanted) + 3, "what was taken without an answer came again"
    for stream in INV:
        arrived = [position for each, position in receiver.taken() if each == stream]
        assert arrived == sorted(arrived), "none came before an earlier one, or again after a later one"
