"""Sender, thread and pace of messages."""

from __future__ import annotations

import email
from collections import Counter
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default

import pytest
from msgspec.structs import replace

from dunning_svc.domain.message.render import Message
from dunning_svc.read_models.cases.rows.parties import CreditorRow
from encours.mail.mime import email_bytes
from encours.mail.pace import Pace
from encours.mail.senders import Sender, Senders

CREDITOR = CreditorRow(
    entity_id="ent_1", name="Atelier Dupont", country="FR", time_zone="Europe/Paris", address=None, iban=None,
    siren=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("own", "reply_to", "address", "answered_at"),
    [
        (None, "", "encours@firm.example", None),
        ("compta@FIRM.example", "", "compta@FIRM.example", None),
        ("compta@firm.example", "read@firm.example", "compta@firm.example", "read@firm.example"),
        ("compta@other.example", "", "encours@firm.example", "compta@other.example"),
        ("compta@other.example", "read@firm.example", "encours@firm.example", "read@firm.example"),
        ("no address\r\nBcc: x@y.example", "", "encours@firm.example", None),
    ],
)
def test_a_creditor_writes_from_its_own_address_within_the_domain_of_the_server(
    own: str | None, reply_to: str, address: str, answered_at: str | None
) -> None:
    senders = Senders("encours@firm.example", reply_to)
    assert senders.of(replace(CREDITOR, email=own)) == Sender("Atelier Dupont", address, answered_at)


def test_a_bounce_address_carries_the_reminder_and_without_one_the_sender_gets_bounces() -> None:
    known = Senders("encours@firm.example", bounce_to="bounces@firm.example")
    assert known.envelope("rem_1") == "bounces+rem_1@firm.example"
    assert Senders("encours@firm.example").envelope("rem_1") == "encours@firm.example"


def test_a_later_reminder_joins_the_thread_of_the_first() -> None:
    first = "<rem_1@demo.encours.invalid>"
    mail = _mail(Sender("A", "a@firm.example", "read@firm.example"), first)
    assert (mail["In-Reply-To"], mail["References"], mail["Reply-To"]) == (first, first, "read@firm.example")
    assert mail["Auto-Submitted"] == "auto-generated"
    alone = _mail(Sender("A", "a@firm.example"), None)
    assert (alone["In-Reply-To"], alone["References"], alone["Reply-To"]) == (None, None, None)


def _mail(sender: Sender, thread: str | None) -> EmailMessage:
    raw = email_bytes(
        Message("s", "t", "h"),
        identity="<rem_2@demo.encours.invalid>",
        written_at=datetime(2026, 4, 30, 9, tzinfo=UTC),
        sender=sender,
        to_name="D",
        to="d@example.com",
        thread=thread,
    )
    found = email.message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def test_no_domain_gets_more_messages_in_a_minute_than_allowed_and_each_gets_its_turn() -> None:
    now_s = 0.0
    pace = Pace(at_once=4, per_minute=6, clock_s=lambda: now_s)
    waiting = {f"a{n}": "x@slow.example" for n in range(9)} | {"b": "x@other.example"}
    sent: list[tuple[float, str]] = []
    for _ in range(90):
        for key in [key for key, address in waiting.items() if pace.wait_s(address, key) == 0]:
            sent.append((now_s, waiting.pop(key)))
        now_s += 1
    assert not waiting
    assert [at for at, address in sent if address == "x@other.example"] == [0]
    minutes = Counter(int(at // 60) for at, address in sent if address == "x@slow.example")
    assert minutes == {0: 6, 1: 3}


async def test_a_domain_has_its_own_slots() -> None:
    pace = Pace(at_once=1)
    async with pace.slot("a@One.example"):
        assert pace.slot("b@one.example").locked()
        assert not pace.slot("b@two.example").locked()
