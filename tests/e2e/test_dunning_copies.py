"""A ledger that was loaded or restored: nobody is written to twice, and what is decided from then on is sent."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

import asyncpg
import pytest

from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.embedded.access import local_admin_url
from encours.ledger.admin import new_epoch
from encours.ledger.archive import export_ledger, load_ledger
from encours.ledger.migrate import LEDGER_DATABASE, database_dsn
from encours.mail.door import KEPT
from encours.testing.servers import Cluster, Installation, fresh_installation
from encours.testing.system import System
from encours.testing.waiting import HANG_S, wait_until
from tests.e2e.dunning_world import Dunning, dunning
from tests.e2e.world import World


@pytest.fixture
def elsewhere(cluster: Cluster) -> Iterator[Installation]:
    """A second installation."""
    with fresh_installation(cluster) as fresh:
        yield fresh


@pytest.mark.parametrize("before", ["no ledger", "nothing"])
async def test_a_loaded_ledger_sends_nothing_that_was_decided_before_and_all_that_is_decided_then(
    installation: Installation,
    elsewhere: Installation,
    tmp_path: Path,
    before: Literal["no ledger", "nothing"],
) -> None:
    archive, here, there = tmp_path / "box.gz", tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    async with dunning(installation, here) as first:
        await _half_sent(first)
        await export_ledger(installation.admin_url(), first.name, archive)
    async with dunning(elsewhere, there, holds=before) as second:
        second.today, second.entity, second.versions = first.today, first.entity, first.versions
        await asyncio.to_thread(wait_until, lambda: "worker started" in second.tail("worker"), "worker")
        if before == "nothing":
            await _caught_up(second)
        loaded = await load_ledger(elsewhere.admin_url(), archive)
        await _caught_up(second)
        sent = await _next_message(second, loaded.head)
        assert second.mails()[0]["Message-ID"].startswith(f"<{sent.reminder_id}@")
        assert (len(second.mails()), len(second.letters())) == (1, 0)


async def test_a_restored_ledger_sends_nothing_again_that_left_after_the_backup(
    installation: Installation, tmp_path: Path
) -> None:
    async with dunning(installation, tmp_path) as world:
        await _half_sent(world)
        world.children[-1].terminate()
        world.children[-1].wait()
        # The backup was taken before the attempts were noted: nothing in it says that they were made.
        store, admin = [await asyncpg.connect(installation.admin_url(name)) for name in ("dunning", "ledger")]
        await store.execute("truncate encours_effects.attempt")
        await new_epoch(admin, world.name)
        await store.close()
        await admin.close()
        head = (await world.ledger.head(world.name)).position
        (tmp_path / "letters").unlink()
        (tmp_path / "letters.kept").rename(tmp_path / "letters")
        world.start_mailbox()
        world.start("worker")
        await _caught_up(world)
        sent = await _next_message(world, head)
        assert sent.reminder_id in {
            mail["Message-ID"].strip("<>").partition("@")[0] for mail in world.mails()
        }
        assert (len(world.mails()), len(world.letters())) == (4 + 1, 1)


def test_the_clock_of_a_copy_goes_on_from_a_day_whose_run_was_not_closed(
    system: System, tmp_path: Path
) -> None:
    world = World.make(system, day="2026-03-31")
    due_on = date.fromisoformat(world.invoice(world.customer(email="defer@dupont.example"))["due_on"])
    world.advance((due_on - timedelta(days=6)).isoformat())
    notice = {"to": (due_on - timedelta(days=5)).isoformat()}
    assert world.send("invoice", f"/v1/ledgers/{world.ledger}/clock", notice).status_code == 202
    wait_until(lambda: _pending(world) == 1, "no reminder was requested")

    archive, copy = tmp_path / "box.gz", World(system, f"{world.ledger}-copy")
    system.json("ledger", "export", world.ledger, str(archive))
    head = system.json("ledger", "load", str(archive), "--as", copy.ledger)["events"]
    system.wait_caught_up(copy.ledger)
    until = {"to": (due_on + timedelta(days=2)).isoformat()}
    assert copy.send("invoice", f"/v1/ledgers/{copy.ledger}/clock", until).status_code == 202
    wait_until(lambda: copy.today == until["to"], "the clock of the copy does not get on")
    system.wait_caught_up(copy.ledger)
    assert _pending(copy) == 1
    since = copy.get("reporting", "/v1/events", after=head)["data"]
    assert {e["type"] for e in since} == {"calendar.day_opened", "reminder.run_completed", "score.graded"}


def test_a_sandbox_is_made_lived_in_compared_and_dropped(system: System) -> None:
    world = World.make(system, day="2026-03-31")
    mailbox = f"{world.ledger}@dupont.example"
    due_on = date.fromisoformat(world.invoice(world.customer(email=mailbox))["due_on"])
    world.advance((due_on - timedelta(days=6)).isoformat())
    copy = World(system, f"{world.ledger}-copy", entity=world.entity)
    path = f"/v1/sandboxes/{copy.ledger}"
    made = world.post("dunning", "/v1/sandboxes", {"name": copy.ledger, "note": "Look two weeks ahead"})
    assert (made["source"], made["position"]) == (world.ledger, _head(world))
    assert world.get("dunning", f"{path}/proof")["equal"] is True
    assert [each["name"] for each in world.get("dunning", "/v1/sandboxes")["data"]] == [copy.ledger]

    copy.advance((due_on + timedelta(days=8)).isoformat())
    again = copy.invoice(copy.customer(), "50.00")
    world.customer()
    system.wait_caught_up(copy.ledger)
    found = world.get("dunning", path)
    assert (found["state"], found["today"]) == ("ready", copy.today)
    assert again["number"].endswith("2")
    assert found["sandbox"]["reminders"] == {"sent": 2}
    assert found["sandbox"]["events"]["calendar.day_opened"] == 14
    assert [each["amount"] for each in found["sandbox"]["open"]] == ["180.00"]
    assert found["source_since"]["events"] == {"customer.registered": 1}
    assert [each["amount"] for each in found["source_since"]["open"]] == ["120.00"]
    sent = copy.get("dunning", "/v1/reminders", status="sent")["data"]
    assert {each["evidence"] for each in sent} == {KEPT.evidence}
    mails = [path.read_text() for path in system.layout.mail.iterdir()]
    assert [mail for mail in mails if mailbox in mail] == []

    gone = world.client("dunning").delete(path)
    assert (gone.status_code, gone.json()["state"]) == (200, "dropped")
    for service in ("invoice", "dunning", "risk", "reporting"):
        wait_until(partial(_is_gone, copy, service), service)
    wait_until(lambda: not asyncio.run(_kept(system, copy.ledger)), f"rows of {copy.ledger} are kept")
    assert world.get("dunning", path)["state"] == "dropped"
    assert world.send("dunning", "/v1/sandboxes", {"name": copy.ledger, "note": "Again"}).status_code == 409
    _is_dropped_while_it_is_built(world, f"{copy.ledger}-2")


def _is_dropped_while_it_is_built(world: World, name: str) -> None:
    """Nobody reports an error, and the same request says later that the sandbox is gone."""
    client, wanted = world.client("dunning"), {"name": name, "note": "Dropped at once"}
    key = {"Idempotency-Key": name}
    assert client.post("/v1/sandboxes", json=wanted, headers=key).status_code == 201
    wait_until(lambda: bool(_told(world, name)), "no worker begins with it")
    assert client.delete(f"/v1/sandboxes/{name}").status_code == 200
    repeated = client.post("/v1/sandboxes", json=wanted, headers=key)
    assert (repeated.status_code, repeated.json()["type"]) == (409, "/problems/sandbox-dropped")
    wait_until(lambda: not asyncio.run(_kept(world.system, name)), f"rows of {name} are kept")
    assert [each for each in _told(world, name) if each["level"] in ("error", "critical")] == []


def _told(world: World, name: str) -> list[dict[str, Any]]:
    """Return what the logs of the workers say about a ledger."""
    logs = (path.read_text(errors="replace") for path in world.system.layout.log.glob("*-worker.log"))
    return [json.loads(line) for text in logs for line in text.splitlines() if f'"{name}"' in line]


def _is_gone(world: World, service: str) -> bool:
    return world.client(service).get("/v1/read-models").status_code == 404


def _head(world: World) -> int:
    head: int = world.get("reporting", "/v1/events", limit=1)["position"]
    return head


async def _kept(system: System, ledger: str) -> list[str]:
    """Return the databases that have a row or a table of the dropped ledger."""
    admin_url = local_admin_url(system.layout, system.run)
    assert admin_url is not None
    orphans = """select exists (select from ledger.event e
                  where not exists (select from ledger.ledgers l where l.id = e.ledger))"""
    rows = """select exists (select from encours.checkpoint where ledger = $1)
                  or exists (select from pg_namespace where position(replace($1, '-', '_') in nspname) > 0)"""
    kept = []
    for name in ("encours_invoice", "encours_dunning", "encours_risk", "encours_reporting", LEDGER_DATABASE):
        connection = await asyncpg.connect(database_dsn(admin_url, name))
        question = (orphans,) if name == LEDGER_DATABASE else (rows, ledger)
        if await connection.fetchval(*question):
            kept.append(name)
        await connection.close()
    return kept


def _pending(world: World) -> int:
    return len(world.get("dunning", "/v1/reminders", status="requested")["data"])


async def _half_sent(world: Dunning) -> None:
    """Four mails and a letter that have left, and on the last day one of each that has not."""
    a, c = await world.customers("a@dupont.example", "c@dupont.example")
    await world.invoices([a], due_in=10)
    await world.invoices([c], due_in=15)
    await world.live(44)
    assert (len(world.mails()), len(world.letters())) == (4, 1)
    await world.invoices(await world.customers("b@dupont.example"), due_in=6)
    world.children[0].terminate()
    world.children[0].wait()
    (world.folder / "letters").rename(world.folder / "letters.kept")
    (world.folder / "letters").touch()
    await world.open_day()
    await _tried(world)
    types = Counter(e.type for e in await world.events("reminder."))
    assert (types["reminder.requested"], types["reminder.sent"]) == (7, 5)
    requested = [e.data for e in await world.events("reminder.requested")]
    channels = [r.channel for r in requested if isinstance(r, ReminderRequested) and r.day == world.today]
    assert sorted(channels) == ["email", "letter"]


async def _next_message(world: Dunning, head: int) -> ReminderRequested:
    """Live until the next step is due, and show that its message is all that happened since ``head``.

    It meets a mail server that is down and a worker that stops: so it leaves by the way on which whatever is
    pending leaves, after a look at all of that.
    """
    quiet = await world.live(7)
    assert (quiet.requested, quiet.pending) == (0, 0)
    mailbox, worker = world.children[-2:]
    mailbox.terminate()
    mailbox.wait()
    tried = world.told("mail.unreachable")
    await world.open_day()
    await _tried(world, tried)
    worker.terminate()
    assert worker.wait(HANG_S) == 0
    world.start_mailbox()
    world.start("worker")
    run = await world.completed()
    assert (run.requested, run.pending) == (1, 0)
    since = await world.ledger.read(world.name, head, 1000)
    assert Counter(e.type for e in since) == {
        "calendar.day_opened": 8,
        "reminder.run_completed": 8,
        "reminder.requested": 1,
        "reminder.sent": 1,
    }
    (requested,) = [e.data for e in since if isinstance(e.data, ReminderRequested)]
    assert requested.step == "J+3"
    return requested


async def _tried(world: Dunning, before: int = 0) -> None:
    await asyncio.to_thread(wait_until, lambda: world.told("mail.unreachable") > before, "a first try")


async def _caught_up(world: Dunning) -> None:
    """Wait until the worker's read model stands at the head of the ledger, in the ledger's epoch."""
    store = await asyncpg.connect(world.installation.store_url("dunning"))
    query = "select position from encours.checkpoint where ledger = $1 and epoch = $2"
    try:
        async with asyncio.timeout(HANG_S):
            while True:
                head = await world.ledger.head(world.name)
                if await store.fetchval(query, world.name, head.epoch) == head.position:
                    return
                await asyncio.sleep(0.02)
    finally:
        await store.close()
