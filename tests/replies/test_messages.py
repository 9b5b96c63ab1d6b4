"""Messages as they arrive: kinds, reports, and bytes that are no message."""

from __future__ import annotations

import hashlib
import random
from datetime import date

import pytest

from dunning_svc.domain.policy.policy import USUAL_TERMS
from dunning_svc.domain.promise.commands import PromiseBasis, PromisedInvoice
from dunning_svc.domain.promise.decide import Promising
from dunning_svc.domain.reminder.state import REMINDER, Reminder
from dunning_svc.domain.reply import decide
from dunning_svc.domain.reply.commands import ReadingRules, ReadMail
from dunning_svc.domain.reply.mail import CitedReminder, DeliveryReport
from dunning_svc.inbox.messages import reply_id_of
from dunning_svc.inbox.parsing import message_id_of, parse
from encours.contracts import decode, encode
from encours.contracts.events.dunning.reminders import DunnedItem, ReminderRequested, ReminderSent
from encours.kernel.ids import derived_id
from encours.testing.events import event
from encours.testing.history import happened

REM = derived_id("rem", "mail")
TODAY = date(2026, 3, 2)
DSN = f"""\
Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@mx.client.example>
To: bounces+{REM}@firm.example
Subject: Undelivered Mail Returned to Sender
Date: Mon, 2 Mar 2026 09:00:00 +0000
Message-ID: <dsn@mx.client.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

The goods were never delivered: 550 5.1.1 unknown user
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.client.example

Original-Recipient: rfc822; Gone@client.example
Final-Recipient: rfc822; gone@inner.client.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 unknown user

--b--
"""
READ = f"""\
From: compta@client.example
Subject: Read: Rappel
Date: Mon, 2 Mar 2026 09:00:00 +0000
In-Reply-To: <{REM}@main.encours.invalid>
Content-Type: multipart/report; report-type=disposition-notification; boundary="b"

--b
Content-Type: text/plain

Displayed.
--b
Content-Type: message/disposition-notification

Final-Recipient: rfc822;compta@client.example
Original-Message-ID: <{REM}@main.encours.invalid>
Disposition: manual-action/MDN-sent-manually; displayed

--b--
"""
REPLY = f"""\
From: =?utf-8?q?Compta_D=C3=A9biteur?= <compta@client.example>
Subject: Re: Rappel
Date: Mon, 2 Mar 2026 09:00:00 +0000
Message-ID: <reply@client.example>
References: <{derived_id("rem", "first")}@main.encours.invalid> <{REM}@main.encours.invalid>
In-Reply-To: <{REM}@main.encours.invalid>
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Bonjour,

Nous vous réglerons le 15 mars. La quantité facturée est erronée.

Cordialement
"""
HTML = REPLY.replace("text/plain", "text/html").replace(
    "Bonjour,", "<p>Bonjour</p><blockquote>We will pay on 20 March.</blockquote>"
)
AWAY = REPLY.replace("Subject: Re: Rappel", "Subject: Automatic reply: Rappel")
SAMPLES = (DSN, READ, REPLY, HTML, AWAY)


def reminder() -> Reminder:
    item = event(
        DunnedItem,
        invoice_id=derived_id("inv", 1),
        number="FAC-2026-1",
        step="J+3",
        open_minor=12_000,
        asked_minor=12_000,
    )
    requested = event(ReminderRequested, reminder_id=REM, items=(item,), amount_minor=12_000, currency="EUR")
    return REMINDER.fold(
        happened(requested, event(ReminderSent, reminder_id=REM, customer_id=requested.customer_id))
    )


def read(text: str | bytes) -> list[decide.Emitted]:
    raw = text if isinstance(text, bytes) else text.encode()
    mail = parse(raw)
    cmd = ReadMail(reply_id_of("main", message_id_of(raw), raw), "listener", mail, ReadingRules())
    cited = next((each for each in mail.cited if each.reminder_id == REM), None)
    owed = PromisedInvoice(
        derived_id("inv", 1), derived_id("cus", 1), derived_id("ent", 1), "EUR", 12_000, ()
    )
    basis = PromiseBasis(invoices=[owed], terms=USUAL_TERMS, country="FR")
    return decide.read(cmd, reminder() if cited else None, cited, None, TODAY, Promising(basis))


@pytest.mark.parametrize(
    ("text", "types"),
    [
        (DSN, ["reply.read", "reminder.bounced", "task.raised"]),
        (DSN.replace("Action: failed", "Action: delayed"), ["reply.read", "reminder.bounced"]),
        (DSN.replace("Action: failed", "Action: delivered"), ["reply.read", "reminder.delivered"]),
        (DSN.replace("Action: failed", "Action: relayed"), ["reply.read"]),
        (READ, ["reply.read", "reminder.read"]),
        (REPLY, ["reply.read", "reminder.answered", "promise.made", "task.raised"]),
        (HTML, ["reply.read", "reminder.answered", "promise.made", "task.raised"]),
        (AWAY, ["reply.read"]),
        (REPLY.replace(REM, "rem_unknown"), ["reply.read"]),
        ("", ["reply.read"]),
    ],
)
def test_a_message_leads_to_its_events_and_no_others(text: str, types: list[str]) -> None:
    assert [emitted.TYPE for _, emitted in read(text)] == types


def test_a_bounce_names_address_status_and_reason_and_opens_the_step_again() -> None:
    mail = parse(DSN.encode())
    assert mail.reports == (
        DeliveryReport("failed", "Gone@client.example", "5.1.1", "smtp; 550 5.1.1 unknown user"),
    )
    bounced = {e.TYPE: e for _, e in read(DSN)}["reminder.bounced"]
    assert [(step.step, step.invoice_id) for step in bounced.steps] == [("J+3", derived_id("inv", 1))]  # type: ignore[attr-defined]
    assert bounced.permanent  # type: ignore[attr-defined]
    assert bounced.address == "Gone@client.example"  # type: ignore[attr-defined]


def test_the_reminder_answered_is_the_one_cited_last() -> None:
    assert parse(REPLY.encode()).cited[0] == CitedReminder(REM, "message_id")
    at_bounce_address = parse(b"From: a@b.example\r\n\r\nx", (f"bounces+{REM}@firm.example",))
    assert at_bounce_address.cited == (CitedReminder(REM, "bounce_address"),)
    assert at_bounce_address.kind == "unreadable"


def test_the_words_of_a_mail_server_are_never_read_as_the_debtors() -> None:
    said = "Your goods were never delivered. We will pay on 15 March."
    unknown = f"From: postmaster@client.example\nSubject: Hello\n\n{said}\n"
    assert parse(unknown.encode()).kind == "unreadable"
    assert [e.TYPE for _, e in read(unknown)] == ["reply.read"]


def test_the_same_message_has_the_same_id_whatever_relays_add() -> None:
    raw = REPLY.encode()
    relayed = b"Received: from a by b\r\n" + raw
    assert message_id_of(raw) == message_id_of(relayed) == "<reply@client.example>"
    assert reply_id_of("main", None, raw) != reply_id_of("main", None, relayed)


def test_five_hundred_damaged_messages_are_each_read_and_recorded_whole() -> None:
    draw = random.Random(5)
    kinds = set()
    for number in range(500):
        raw = bytearray(SAMPLES[number % len(SAMPLES)].encode())
        for _ in range(draw.randint(1, 40)):
            _damage(draw, raw)
        emitted = read(bytes(raw))
        first = emitted[0][1]
        kinds.add(first.kind)  # type: ignore[attr-defined]
        assert first.content_sha256 == hashlib.sha256(bytes(raw)).hexdigest()  # type: ignore[attr-defined]
        for _, each in emitted:
            assert decode(each.TYPE, each.VERSION, encode(each)) == each
    assert {"reply", "bounce", "receipt", "automatic"} <= kinds


def _damage(draw: random.Random, raw: bytearray) -> None:
    place = draw.randrange(len(raw) + 1)
    match draw.randrange(4):
        case 0:
            raw[place : place + draw.randrange(60)] = b""
        case 1:
            raw[place:place] = bytes(draw.randrange(256) for _ in range(draw.randrange(20)))
        case 2:
            raw[place:place] = draw.choice(
                (
                    b"\r\n",
                    b"=?utf-8?b?////?=",
                    b"\x00",
                    b"charset=nonsense",
                    b"--b\n",
                    b"\xff\xfe",
                    b"<" * 50,
                    b"\n\n",
                )
            )
        case _:
            raw[place : place + 30] = raw[place : place + 30][::-1]


def test_a_message_id_with_characters_that_no_store_takes_is_none() -> None:
    """Its message would be refused at each reading of the mailbox, and hold up all that came after it."""
    for wrong in (b"<a\x00b@client.example>", b"<a\x7fb@client.example>", b"<a b@client.example>"):
        raw = b"Message-ID: " + wrong + b"\r\nSubject: Paid\r\n\r\nPaid."
        assert (message_id_of(raw), parse(raw).message_id) == (None, None)
