"""Days of dunning with a real ledger, NATS, worker and mailbox."""

from __future__ import annotations

from pathlib import Path

from encours.contracts.events.dunning.reminders import (
    ReminderFailed,
    ReminderRequested,
    ReminderSent,
    ReminderSuppressed,
)
from encours.testing.servers import Installation
from tests.e2e.dunning_world import dunning


async def test_the_ladder_of_an_invoice_from_notice_to_litigation(
    installation: Installation, tmp_path: Path
) -> None:
    async with dunning(installation, tmp_path) as world:
        (debtor,) = await world.customers("compta@dupont.example")
        await world.invoices([debtor])
        await world.live(101)
        sent = [e.data for e in await world.events("reminder.sent")]
        assert [(s.channel, isinstance(s, ReminderSent)) for s in sent if isinstance(s, ReminderSent)] == [
            ("email", True),
            ("email", True),
            ("letter", True),
            ("registered_letter", True),
        ]
        mails = world.mails()
        assert len(mails) == 2
        assert {m["Message-ID"] for m in mails} == {
            s.message_id for s in sent if isinstance(s, ReminderSent) and s.channel == "email"
        }
        assert all("FAC-" in m["Subject"] and "compta@dupont.example" in m["To"] for m in mails)
        assert len(world.letters()) == 2
        assert [e.data.kind for e in await world.events("task.opened")] == ["call", "litigation_file"]  # type: ignore[attr-defined]
        assert len(await world.events("reminder.run_completed")) == 101


async def test_what_stands_against_a_reminder_is_recorded_with_its_reason(
    installation: Installation, tmp_path: Path
) -> None:
    async with dunning(installation, tmp_path) as world:
        good, silent, bouncing = await world.customers("a@dupont.example", None, "bounce@dupont.example")
        await world.invoices([good, silent, bouncing])
        run = await world.live(5)
        assert (run.requested, run.suppressed, run.pending) == (2, 1, 0)
        suppressed = [e.data for e in await world.events("reminder.suppressed")]
        assert [s.cause for s in suppressed if isinstance(s, ReminderSuppressed)] == ["no_address"]
        failed = [e.data for e in await world.events("reminder.failed")]
        assert [f.customer_id for f in failed if isinstance(f, ReminderFailed)] == [bouncing]
        assert isinstance(failed[0], ReminderFailed)
        assert failed[0].evidence.startswith("550")
        assert len(world.mails()) == 1


async def test_a_paid_invoice_is_left_alone(installation: Installation, tmp_path: Path) -> None:
    async with dunning(installation, tmp_path) as world:
        (debtor,) = await world.customers("a@dupont.example")
        (bill,) = await world.invoices([debtor])
        await world.live(5)
        await world.pay(bill, debtor, 12_000)
        await world.live(30)
        requested = [e.data for e in await world.events("reminder.requested")]
        assert [r.step for r in requested if isinstance(r, ReminderRequested)] == ["J-5"]


async def test_a_sandbox_never_mails_beyond_this_machine(installation: Installation, tmp_path: Path) -> None:
    async with dunning(installation, tmp_path, smtp="smtp://192.0.2.1:25") as world:
        (debtor,) = await world.customers("a@dupont.example")
        await world.invoices([debtor])
        run = await world.live(5)
        assert (run.requested, run.pending) == (1, 0)
        failed = [e.data for e in await world.events("reminder.failed")]
        assert isinstance(failed[0], ReminderFailed)
        assert "sandbox" in failed[0].evidence
