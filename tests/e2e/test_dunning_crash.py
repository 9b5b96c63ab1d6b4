"""What must never happen to a message: to be sent twice, to be lost without a word, to leave in a rebuild."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from dunning_svc.domain.policy.written import document_of
from dunning_svc.outbox.letters import letter_path, write_once
from encours.contracts.events.dunning.policy import PolicyActivated, PolicyCreated
from encours.contracts.events.dunning.reminders import (
    Channel,
    DecisionBasis,
    DunnedItem,
    ReminderRequested,
    ReminderSuppressed,
    TaskOpened,
)
from encours.embedded.gateway import LOST, TAKEN_IN_SILENCE
from encours.embedded.process import free_port
from encours.kernel.ids import new_id, with_prefix
from encours.testing.events import event
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S, wait_until
from tests.e2e.dunning_world import ADDRESS, Dunning, dunning
from tests.histories.policies import STEPS, written_policy

CUSTOMERS = 250


class HeldMailbox:
    """A mail server that keeps every sender waiting for its answer until it is told to go on."""

    def __init__(self) -> None:
        self.going_on = asyncio.Event()
        self.url = ""
        self.messages: list[bytes] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 held\r\n")
        while line := await reader.readline():
            answer = b"250 ok\r\n"
            if line.upper().startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                self.messages.append(await reader.readuntil(b"\r\n.\r\n"))
                await self.going_on.wait()
            elif line.upper().startswith(b"QUIT"):
                answer = b"221 bye\r\n"
            writer.write(answer)
            await writer.drain()
        writer.close()


async def outcomes(world: Dunning) -> dict[str, list[str]]:
    """Per requested reminder the types that followed in its stream."""
    requested = [e.stream for e in await world.events("reminder.requested")]
    streams = await world.ledger.read_streams(world.name, requested)
    return {stream: [e.type for e in events[1:]] for stream, events in streams.items()}


async def test_a_worker_killed_in_mid_send_sends_nothing_twice_and_answers_for_everything(
    installation: Installation, tmp_path: Path
) -> None:
    async with dunning(installation, tmp_path) as world:
        worker = world.children[-1]
        await world.invoices(await world.customers(*(f"c{n}@dupont.example" for n in range(CUSTOMERS))))
        await world.live(4)
        await world.open_day()
        wait_until(lambda: world.arrived() >= CUSTOMERS // 8, "mails")
        worker.kill()
        worker.wait()
        assert world.arrived() < CUSTOMERS, "killed too late to show anything"
        world.start("worker")
        run = await world.completed()
        assert (run.requested, run.pending) == (CUSTOMERS, 0)
        told = await outcomes(world)
        assert len(told) == CUSTOMERS
        assert all(len(types) == 1 for types in told.values())
        arrived = Counter(mail["Message-ID"] for mail in world.mails())
        assert set(arrived.values()) == {1}, "a message arrived twice"
        reminders = {identity.strip("<>").partition("@")[0] for identity in arrived}
        unconfirmed = {stream for stream, types in told.items() if types == ["reminder.unconfirmed"]}
        sent = {stream for stream, types in told.items() if types == ["reminder.sent"]}
        assert sent <= reminders
        assert reminders <= sent | unconfirmed
        assert len(unconfirmed) <= 32, "only what was being handed over may be in doubt"


async def test_a_rebuild_gives_the_same_content_and_sends_nothing(
    installation: Installation, tmp_path: Path
) -> None:
    async with dunning(installation, tmp_path) as world:
        await world.invoices(await world.customers(*(f"c{n}@dupont.example" for n in range(5))))
        await world.live(45)
        mails, letters = len(world.mails()), len(world.letters())
        assert (mails, letters) == (10, 5)
        before = await world.ledger.head(world.name)
        rebuild = world.start("rebuild", "--ledger", world.name, "--json")
        assert await asyncio.to_thread(rebuild.wait, HANG_S) == 0, world.tail("rebuild")
        (result,) = json.loads(world.tail("rebuild"))
        assert result["equal"] is True
        run = await world.live(1)
        assert run.requested == 0
        assert (len(world.mails()), len(world.letters())) == (mails, letters)
        after = await world.ledger.head(world.name)
        assert after.position == before.position + 2, "the day and its run, nothing else"


async def test_a_mail_server_that_is_down_delays_and_loses_nothing(
    installation: Installation, tmp_path: Path
) -> None:
    async with dunning(installation, tmp_path) as world:
        mailbox = world.children[0]
        mailbox.terminate()
        mailbox.wait()
        await world.invoices(await world.customers("a@dupont.example", "b@dupont.example"))
        await world.live(4)
        await world.open_day()
        await asyncio.to_thread(wait_until, lambda: "mail.unreachable" in world.tail("worker"), "a first try")
        assert await world.events("reminder.requested")
        assert not await world.events("reminder.sent")
        world.start_mailbox()
        run = await world.completed()
        assert (run.requested, run.pending) == (2, 0)
        assert all(types == ["reminder.sent"] for types in (await outcomes(world)).values())
        assert len(world.mails()) == 2


async def test_in_a_live_ledger_nothing_is_sent_for_days_that_have_passed(
    installation: Installation, tmp_path: Path
) -> None:
    async with dunning(installation, tmp_path, kind="live") as world:
        # Taken over now, issued and due long ago: only steps that are still to come count.
        world.today = await world.ledger.today(world.name) - timedelta(days=60)
        await world.invoices(await world.customers("a@dupont.example"), due_in=20)
        for _ in range(59):
            await world.open_day(late=True)
        await world.open_day()
        await world.completed()
        assert not await world.events("reminder.requested")
        assert not await world.events("task.opened")
        for _ in range(20):
            await world.open_day()
        await world.completed()
        requested = [e.data for e in await world.events("reminder.requested")]
        assert [r.step for r in requested if isinstance(r, ReminderRequested)] == ["J+3"]
        assert not [e for e in await world.events("task.opened") if isinstance(e.data, TaskOpened)]
        assert len(world.mails()) == 1, "the day of the formal notice, which is never the first contact"
        assert not world.letters()
        awake, asleep = await world.customers("awake@dupont.example", "asleep@dupont.example")
        await _mornings_alone(world, awake, hour_now=5)
        await _mornings_alone(world, asleep, hour_now=17)
        await world.invoices([awake, asleep], due_in=3)
        await world.open_day()
        run = await world.completed()
        assert (run.requested, run.pending) == (2, 1)
        await asyncio.to_thread(
            wait_until, lambda: len(world.mails()) == 2, "the message whose hours are now"
        )
        assert sum("awake@dupont.example" in mail["To"] for mail in world.mails()) == 1
        await _what_nobody_answers_leaves_by_the_policy(world)


async def _what_nobody_answers_leaves_by_the_policy(world: Dunning) -> None:
    (asked,) = await world.customers("asked@dupont.example")
    approval = {"role": "credit_manager", "days": 1, "unanswered": "send"}
    await _own_policy(world, asked, steps=[STEPS[0] | {"approval": approval}, *STEPS[1:]])
    await world.invoices([asked], due_in=3)
    await world.open_day()
    run = await world.completed()
    assert (run.requested, run.pending) == (1, 0)
    assert (await world.one("task.raised")).kind == "approval"
    for _ in range(2):
        await world.open_day()
        await world.completed()
    assert (await world.one("task.completed")).outcome == "sent_unanswered"
    await asyncio.to_thread(wait_until, lambda: len(world.mails()) == 3, "the message that nobody approved")


async def _mornings_alone(world: Dunning, customer: str, *, hour_now: int) -> None:
    """Put a policy for a customer in force whose messages leave before noon, in a zone where it is that hour now."""
    ahead = (hour_now - datetime.now(UTC).hour + 12) % 24 - 12
    hours = {"from": "00:00", "until": "12:00", "time_zone": f"Etc/GMT{-ahead:+d}"}
    await _own_policy(world, customer, hours=hours)


async def _own_policy(world: Dunning, customer: str, **more: Any) -> None:
    document = document_of(written_policy(applies_to={"customers": [customer]}, **more))
    pol = new_id("pol")
    await world.add(
        world.new(pol, PolicyCreated(policy_id=pol, document=document, shipped_as=None)),
        world.new(pol, event(PolicyActivated, policy_id=pol, version=1)),
    )


async def test_what_is_paid_before_the_mail_server_is_back_is_not_sent(
    installation: Installation, tmp_path: Path
) -> None:
    async with dunning(installation, tmp_path) as world:
        mailbox = world.children[0]
        mailbox.terminate()
        mailbox.wait()
        payer, debtor = await world.customers("a@dupont.example", "b@dupont.example")
        paid, _ = await world.invoices([payer, debtor])
        await world.live(4)
        await world.open_day()
        await asyncio.to_thread(wait_until, lambda: "mail.unreachable" in world.tail("worker"), "a first try")
        await world.pay(paid, payer, 12_000)
        world.start_mailbox()
        run = await world.completed()
        assert (run.requested, run.pending) == (2, 0)
        (withdrawn,) = [e.data for e in await world.events("reminder.suppressed")]
        assert isinstance(withdrawn, ReminderSuppressed)
        assert (withdrawn.customer_id, withdrawn.cause) == (payer, "paid_meanwhile")
        (mail,) = world.mails()
        assert "b@dupont.example" in mail["To"]


async def test_all_that_a_decision_rested_on_is_looked_at_again_when_the_mail_server_is_back(
    installation: Installation, tmp_path: Path
) -> None:
    async with dunning(installation, tmp_path) as world:
        mailbox = world.children[0]
        mailbox.terminate()
        mailbox.wait()
        covered, held, silent, moved, debtor = await world.customers(
            *(f"{name}@dupont.example" for name in ("covered", "held", "silent", "old", "debtor"))
        )
        await world.invoices([covered, held, silent, moved, debtor])
        await world.live(4)
        await world.open_day()
        await asyncio.to_thread(wait_until, lambda: "mail.unreachable" in world.tail("worker"), "a first try")
        await world.receive(covered, 12_000)
        await world.hold(held, 5)
        await world.write_to(silent, None)
        await world.write_to(moved, "new@dupont.example")
        world.start_mailbox()
        run = await world.completed()
        assert (run.requested, run.pending) == (5, 0)
        withdrawn = [e.data for e in await world.events("reminder.suppressed")]
        assert {w.customer_id: w.cause for w in withdrawn if isinstance(w, ReminderSuppressed)} == {
            covered: "covered_by_credit",
            held: "customer_on_hold",
            silent: "no_address",
        }
        recipients = sorted(str(mail["To"]) for mail in world.mails())
        assert [address.partition("<")[2] for address in recipients] == [
            "debtor@dupont.example>",
            "new@dupont.example>",
        ]


async def test_what_a_crash_left_in_doubt_stays_unconfirmed_although_it_was_paid_since(
    installation: Installation, tmp_path: Path
) -> None:
    mailbox = HeldMailbox()
    async with mailbox.listening(), dunning(installation, tmp_path, smtp=mailbox.url) as world:
        worker = world.children[-1]
        (debtor,) = await world.customers("a@dupont.example")
        (bill,) = await world.invoices([debtor])
        await world.live(4)
        await world.open_day()
        await asyncio.to_thread(wait_until, lambda: len(mailbox.messages) > 0, "a message")
        worker.kill()
        worker.wait()
        await world.pay(bill, debtor, 12_000)
        written, cut_off = [await formal_notice(world, "76600", "letter") for _ in range(2)]
        await being_handed_over(installation, written, cut_off)
        write_once(letter_path(tmp_path / "letters", world.name, written), b"%PDF-")
        for each in (written, cut_off):
            (asked,) = await world.ledger.read_stream(world.name, each)
            assert isinstance(asked.data, ReminderRequested)
            await world.pay(asked.data.items[0].invoice_id, asked.data.customer_id, 12_000)
        world.start("worker")
        await world.completed()
        found = await world.concluded([written, cut_off])
        assert found == {written: "reminder.sent", cut_off: "reminder.suppressed"}
        assert [path.stem for path in world.letters()] == [written]
        (mail,) = {*await outcomes(world)} - {*found}
        assert (await outcomes(world))[mail] == ["reminder.unconfirmed"], "it may have arrived"
        assert len(mailbox.messages) == 1


async def being_handed_over(installation: Installation, *reminders: str) -> None:
    """Note attempts as a process does that then ends."""
    store = await asyncpg.connect(installation.admin_url("dunning"))
    await store.executemany(
        """insert into encours_effects.attempt (ledger, reminder_id, message_id, state, owner)
           values ('box', $1, $1, 'handing', gen_random_uuid())""",
        [(each,) for each in reminders],
    )
    await store.close()


async def formal_notice(world: Dunning, postal_code: str, channel: Channel = "registered_letter") -> str:
    """A formal notice by post that was decided today, for a customer at such an address."""
    address = replace(ADDRESS, postal_code=postal_code)
    (debtor,) = await world.customers("a@dupont.example", address=address)
    (bill,) = await world.invoices([debtor], due_in=-60)
    reminder_id = new_id("rem")
    item = event(
        DunnedItem, invoice_id=bill, number="FAC-1", due_on=world.today - timedelta(days=60), days_past_due=60,
        open_minor=12_000, asked_minor=12_000, step="J+60", terms=None,
    )  # fmt: skip
    basis = DecisionBasis(
        policy_id=DEFAULT_POLICY.policy_id, policy_version=DEFAULT_POLICY.version, position=1, input_events=()
    )
    requested = event(
        ReminderRequested, reminder_id=reminder_id, decision_id=with_prefix(reminder_id, "dec"), customer_id=debtor,
        day=world.today, channel=channel, step="J+60", template="formal_notice", language="fr",
        currency="EUR", items=(item,), amount_minor=12_000, basis=basis,
    )  # fmt: skip
    await world.add(world.new(reminder_id, requested))
    return reminder_id


async def test_a_registered_letter_is_never_ordered_twice_whenever_the_worker_is_killed(
    installation: Installation, tmp_path: Path
) -> None:
    port, secret = free_port(), "whsec_" + "A" * 32
    settings = {"ENCOURS_GATEWAY_URL": f"http://127.0.0.1:{port}", "ENCOURS_GATEWAY_SECRET": secret}
    async with dunning(installation, tmp_path, settings=settings) as world:
        worker = world.children[-1]
        world.start_gateway(port, secret)
        plain, silent, lost = [await formal_notice(world, c) for c in ("76600", TAKEN_IN_SILENCE, LOST)]
        await world.concluded([plain])
        await asyncio.to_thread(wait_until, (tmp_path / "gateway" / f"{silent}.json").exists, "the order")
        worker.kill()
        worker.wait()
        world.start("worker", **settings)
        assert await world.concluded([plain, silent, lost]) == {
            plain: "reminder.sent",
            silent: "reminder.sent",
            lost: "reminder.unconfirmed",
        }
        orders = {path.stem for path in (tmp_path / "gateway").glob("*.json")}
        assert orders == {plain, silent}
        assert not world.letters()


async def test_a_worker_that_is_told_to_stop_finishes_what_it_hands_over(
    installation: Installation, tmp_path: Path
) -> None:
    async with dunning(installation, tmp_path) as world:
        worker, standby = world.children[-1], world.start("worker")
        await world.invoices(await world.customers(*(f"c{n}@dupont.example" for n in range(CUSTOMERS))))
        await world.live(4)
        await world.open_day()
        wait_until(lambda: world.arrived() >= CUSTOMERS // 8, "mails")
        for process in (worker, standby):
            process.terminate()
        assert (worker.wait(HANG_S), standby.wait(HANG_S)) == (0, 0)
        assert world.arrived() < CUSTOMERS, "stopped too late to show anything"
        world.start("worker")
        world.start("worker")
        run = await world.completed()
        assert (run.requested, run.pending) == (CUSTOMERS, 0)
        told = await outcomes(world)
        assert {tuple(types) for types in told.values()} == {("reminder.sent",)}, "nothing is in doubt"
        assert len(world.mails()) == CUSTOMERS


async def test_a_stop_waits_for_a_slow_mail_server_and_no_other_worker_takes_that_for_a_crash(
    installation: Installation, tmp_path: Path
) -> None:
    mailbox = HeldMailbox()
    async with mailbox.listening(), dunning(installation, tmp_path, smtp=mailbox.url) as world:
        worker = world.children[-1]
        await world.invoices(await world.customers(*(f"c{n}@dupont.example" for n in range(CUSTOMERS))))
        await world.live(4)
        await world.open_day()
        await asyncio.to_thread(wait_until, lambda: len(mailbox.messages) > 0, "a message")
        world.start("worker")
        await asyncio.to_thread(wait_until, lambda: world.told("worker started") == 2, "a second worker")
        worker.terminate()
        await asyncio.to_thread(wait_until, lambda: world.told("worker stopped") == 1, "the stop")
        with pytest.raises(subprocess.TimeoutExpired):
            await asyncio.to_thread(worker.wait, 2)
        mailbox.going_on.set()
        assert await asyncio.to_thread(worker.wait, HANG_S) == 0
        run = await world.completed()
        assert (run.requested, run.pending) == (CUSTOMERS, 0)
        told = await outcomes(world)
        assert {tuple(types) for types in told.values()} == {("reminder.sent",)}, "nothing is in doubt"
        assert len(mailbox.messages) == CUSTOMERS
