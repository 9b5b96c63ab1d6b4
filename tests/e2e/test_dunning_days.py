"""Days of dunning with a real ledger, NATS, worker and mailbox."""

from __future__ import annotations

import asyncio
import json
import os
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from pydantic import SecretStr

from dunning_svc.app import create_app
from dunning_svc.domain.collector.commands import collector_id
from dunning_svc.outbox.settings import DunningSettings
from dunning_svc.read_models.cases.model import MODEL, Cases
from dunning_svc.read_models.collectors.targets import cash_standings
from encours.contracts.events.dunning.collectors import CollectorDefined, CustomersAssigned
from encours.contracts.events.dunning.promises import PromiseMade
from encours.contracts.events.dunning.reminders import (
    ReminderFailed,
    ReminderRequested,
    ReminderSent,
    ReminderSuppressed,
    TaskOpened,
)
from encours.contracts.events.dunning.titles import TitledInvoice, TitleRequested
from encours.embedded.process import free_port
from encours.kernel.ids import new_id
from encours.reading.moment import TimeTravel, View
from encours.reading.read_db import ReadDb
from encours.testing.events import event
from encours.testing.forks import run_fork
from encours.testing.http import client_of, grant, settings_of
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S, wait_until
from tests.e2e.dunning_world import Dunning, alert_rule, dunning
from tests.e2e.mail_store import MailStore, mail_store
from tests.histories.policies import written_policy

_CONNECTIONS = ("ledger_url", "store_url", "nats_url")
CERTIFICATE = Path(__file__).with_name("listener.pem")
"""Certificate and key of `localhost` and 127.0.0.1, signed by itself, for tests."""


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


async def test_what_stands_against_a_reminder_is_recorded_and_a_payment_is_thanked_for_or_ends_a_title(
    installation: Installation, tmp_path: Path
) -> None:
    linked = {"ENCOURS_ANSWER_URL": "https://pay.firm.example/a", "ENCOURS_ANSWER_KEY": "k" * 32}
    async with dunning(installation, tmp_path, settings=linked) as world:
        good, silent, bouncing = await world.customers("a@dupont.example", None, "bounce@dupont.example")
        (paid, *titled) = await world.invoices([good, silent, bouncing])
        run = await world.live(5)
        assert (run.requested, run.suppressed, run.pending) == (2, 1, 0)
        suppressed = [e.data for e in await world.events("reminder.suppressed")]
        assert [s.cause for s in suppressed if isinstance(s, ReminderSuppressed)] == ["no_address"]
        failed = [e.data for e in await world.events("reminder.failed")]
        assert [f.customer_id for f in failed if isinstance(f, ReminderFailed)] == [bouncing]
        assert isinstance(failed[0], ReminderFailed)
        assert failed[0].evidence.startswith("550")
        (reminded,) = world.mails()
        body = reminded.get_body(("plain",))
        assert body is not None
        token = body.get_content().rpartition("https://pay.firm.example/a/")[2].strip()
        async with client_of(create_app(_with_links(installation)), None) as debtor:
            path = f"/v1/answers/{token}"
            asked = (await debtor.get(path)).json()
            assert asked["open"] == {"amount": "120.00", "currency": "EUR"}
            for _ in range(2):
                given = {"kind": "promise", "on": str(world.today + timedelta(days=9))}
                assert (await debtor.post(path, json=given)).json() == {"kind": "promise", "taken": True}
            assert len(await world.events("promise.made")) == 1
            assert (await debtor.get(f"{path[:-1]}{'A' if path[-1] != 'A' else 'B'}")).status_code == 404
            await world.pay(paid, good, 2_000)
            assert (await debtor.get(path)).json()["open"]["amount"] == "100.00"
        assert await _expected(world, good, world.today + timedelta(days=9)) == 10_000
        await world.activate(written_policy(thanks={"after_reminder": False}))
        rule = alert_rule("coming", "near_due", 30, "chief@firm.example")
        await world.add(world.new(rule.rule_id, rule))
        await world.pay(paid, good, 10_000)
        await world.open_day()
        sent = await world.one("thanks.sent")
        (mail,) = [each for each in world.mails() if each["Message-ID"] == sent.message_id]
        assert mail["Subject"].startswith("Règlement reçu : facture FAC-")
        await world.one("alert_digest.sent")
        alerts = await world.events("alert.raised")
        await world.live(1)
        assert len(await world.events("thanks.requested")) == 1
        assert len(alerts) == len(await world.events("alert.raised")) == 2
        (digest,) = [each for each in world.mails() if "chief@firm.example" in each["To"]]
        assert digest["Subject"].startswith("Alerts of ")
        for customer_id, bill in zip((silent, bouncing), titled, strict=True):
            title_id, listed = new_id("ttl"), (event(TitledInvoice, invoice_id=bill),)
            made = event(TitleRequested, title_id=title_id, customer_id=customer_id, invoices=listed)
            await world.add(world.new(title_id, made))
        await world.pay(titled[0], silent, 12_000)
        await world.open_day()
        ended = await world.one("title.ended")
        assert (ended.customer_id, ended.outcome, ended.invoice_ids) == (silent, "paid", (titled[0],))


async def _expected(world: Dunning, customer_id: str, on: date) -> int:
    """Return what a collector may still expect of a customer in the month of a day."""
    stream = collector_id("marie")
    about: dict[str, Any] = {"collector_id": stream, "collector_code": "marie", "valid_from": world.today}
    position = await world.add(
        world.new(stream, event(CollectorDefined, **about)),
        world.new(stream, event(CustomersAssigned, **about, customer_ids=(customer_id,))),
    )
    db = await ReadDb.open(world.installation.store_url("dunning"), ledger=world.ledger, models=(Cases(),))
    try:
        assert await db.wait_for(MODEL, world.name, position, timeout=HANG_S)
        async with db.snapshot(MODEL, world.name) as (conn, schema, at):
            view = View(conn, schema, TimeTravel(world.today, at, None, is_now=True), None)
            (found,) = await cash_standings(view, on.replace(day=1))
    finally:
        await db.close()
    return found.expected_minor


def _with_links(installation: Installation) -> DunningSettings:
    return DunningSettings(
        **{name: getattr(settings_of(installation, "dunning"), name) for name in _CONNECTIONS},
        log_level="error",
        answer_key=SecretStr("k" * 32),
    )


async def test_a_bounce_and_promises_arrive_over_tls_and_the_ladder_follows_them(
    installation: Installation, tmp_path: Path
) -> None:
    port = free_port()
    listens = {
        "ENCOURS_REPLY_LISTEN": f"127.0.0.1:{port}",
        "ENCOURS_REPLY_TLS_CERTIFICATE": str(CERTIFICATE),
        "ENCOURS_MAIL_BOUNCE_TO": "bounces@firm.example",
    }
    async with (
        mail_store(CERTIFICATE) as box,
        dunning(installation, tmp_path, settings=listens | reads(box)) as world,
    ):
        good, gone, other = await world.customers(
            "a@dupont.example", "gone@dupont.example", "b@dupont.example"
        )
        await world.invoices([good, gone, other], due_in=1)
        await world.live(4)
        mails = {str(mail["To"]).rpartition("<")[2].strip(">"): mail for mail in world.mails()}
        envelope = str(mails["gone@dupont.example"]["X-Envelope-From"])
        assert envelope.startswith("bounces+rem_")

        await asyncio.to_thread(_hand_over, port, envelope, _bounce(mails["gone@dupont.example"]))
        bounced = await world.one("reminder.bounced")
        assert (bounced.customer_id, bounced.address) == (gone, "gone@dupont.example")
        promised_on = world.today + timedelta(days=11)
        said = f"We will pay on {promised_on:%d.%m.%Y}."
        await asyncio.to_thread(
            _hand_over, port, "read@firm.example", _answer(mails["a@dupont.example"], said, world.today)
        )
        promise = await world.one("promise.made")
        assert (promise.customer_id, promise.promised_on, promise.text) == (good, promised_on, said)
        assert (await world.one("task.raised")).kind == "address"
        await asyncio.to_thread(box.put, _answer(mails["b@dupont.example"], said, world.today, by="b"))
        await asyncio.to_thread(wait_until, lambda: box.unseen() == 0, "the mailbox is not read")
        made = [e.data for e in await world.events("promise.made")]
        assert [p.customer_id for p in made if isinstance(p, PromiseMade)] == [good, other]

        await world.live(12)
        causes = {
            (s.customer_id, s.cause)
            for e in await world.events("reminder.suppressed")
            if isinstance(s := e.data, ReminderSuppressed)
        }
        assert causes == {(gone, "no_address"), (good, "promised"), (other, "promised")}
        opened = [e.data for e in await world.events("task.opened")]
        assert [t.customer_id for t in opened if isinstance(t, TaskOpened)] == [gone]
        assert len(world.mails()) == 3


async def test_a_mailbox_that_no_longer_answers_is_overdue_work(
    installation: Installation, tmp_path: Path
) -> None:
    port, store = free_port(), await asyncpg.connect(installation.admin_url("dunning"))
    async with AsyncExitStack() as stack:
        box = await stack.enter_async_context(mail_store(CERTIFICATE))
        async with dunning(installation, tmp_path, kind="live", settings=reads(box)) as world:
            await world.live(1)
            key = await grant(installation, ledger=world.name)
            world.start("api", ENCOURS_PORT=str(port))
            asks = {
                "ENCOURS_URL_DUNNING": f"http://127.0.0.1:{port}",
                "ENCOURS_API_KEY": key.token,
                "ENCOURS_VAR_DIR": str(tmp_path / "other"),
            }
            box.put(b"Subject: Hello\r\n\r\nNothing to say\r\n")
            await asyncio.to_thread(wait_until, lambda: box.unseen() == 0, "the mailbox is not read")
            await asyncio.to_thread(wait_until, lambda: _is_ready(asks["ENCOURS_URL_DUNNING"]), "api")
            assert "mailbox_not_read" not in {each["kind"] for each in await _overdue(asks)}
            await stack.aclose()
            before = world.told("mailbox.unreachable")
            await asyncio.to_thread(
                wait_until, lambda: world.told("mailbox.unreachable") > before + 1, "nobody says so"
            )
            await store.execute("update encours_effects.mailbox set read_at = now() - interval '7 hours'")
            listed = await _overdue(asks)
            (found,) = [each for each in listed if each["kind"] == "mailbox_not_read"]
            assert found["detail"].startswith("The mailbox for replies has not been read since ")
            assert "ENCOURS_REPLY_MAILBOX_URL" in found["remedy"]
            done = await asyncio.to_thread(run_fork, "encours", "status", "--json", env=os.environ | asks)
            assert json.loads(done.stdout)["overdue"] == [each | {"ledger": None} for each in listed]
    await store.close()


async def _overdue(asks: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what the API lists as overdue."""
    headers = {"Authorization": f"Bearer {asks['ENCOURS_API_KEY']}"}
    async with httpx.AsyncClient(
        base_url=asks["ENCOURS_URL_DUNNING"], headers=headers, timeout=HANG_S
    ) as client:
        data: list[dict[str, Any]] = (await client.get("/v1/expected-work")).json()["data"]
    return data


def _is_ready(base: str) -> bool:
    try:
        return httpx.get(f"{base}/readyz", timeout=HANG_S).status_code == 200
    except httpx.HTTPError:
        return False


def reads(box: MailStore) -> dict[str, str]:
    """Settings of a worker that reads this mailbox."""
    return {
        "ENCOURS_REPLY_MAILBOX_URL": box.url,
        "ENCOURS_REPLY_MAILBOX_POLL_S": "1",
        "SSL_CERT_FILE": str(CERTIFICATE),
    }


def _hand_over(port: int, recipient: str, message: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=HANG_S) as server:
        server.ehlo()
        assert server.docmd("MAIL FROM:<>")[0] == 530, "TLS comes first"
        server.starttls(context=ssl.create_default_context(cafile=str(CERTIFICATE)))
        server.sendmail("", [recipient], message)


def _bounce(mail: EmailMessage) -> bytes:
    report = (
        "Reporting-MTA: dns; mx.dupont.example\r\n\r\nFinal-Recipient: rfc822; gone@dupont.example\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such mailbox\r\n"
    )
    return (
        "From: mailer-daemon@mx.dupont.example\r\nSubject: Undelivered\r\nMessage-ID: <b@mx.dupont.example>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n'
        f"--x\r\nContent-Type: message/delivery-status\r\n\r\n{report}\r\n"
        f"--x\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {mail['Message-ID']}\r\n\r\n--x--\r\n"
    ).encode()


def _answer(mail: EmailMessage, said: str, on: date, by: str = "a") -> bytes:
    answer = EmailMessage()
    answer["From"], answer["Message-ID"] = f"{by}@dupont.example", f"<{by}@dupont.example>"
    answer["Date"] = f"{on:%a, %d %b %Y} 10:00:00 +0000"
    answer["In-Reply-To"] = str(mail["Message-ID"])
    answer.set_content(
        f"Hello,\n\n{said}\n\nRegards\n\nOn Monday, Atelier wrote:\n> Please pay by 1 February.\n"
    )
    return answer.as_bytes()


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
