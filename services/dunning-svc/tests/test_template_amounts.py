"""Amounts of a mail, parsed out of subject, plain text and HTML, are those of the event."""

from __future__ import annotations

import email
import os
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from email.policy import default
from html.parser import HTMLParser
from random import Random
from typing import Any

from dunning_svc.domain.message.shipped import LANGUAGES, TEMPLATES
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.use_cases.messages import written
from encours.contracts.events.dunning.reminders import DunnedItem, LateTerms, ReminderRequested
from encours.kernel.ids import derived_id
from encours.mail.mime import email_bytes, message_id
from encours.mail.senders import Senders
from encours.testing.events import event

MAILS = 1_000 if os.environ.get("DEEP") else 200
SENDERS = Senders("a@localhost")
DECIMALS = {"EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3}
_AMOUNT = re.compile(r"(-?)([0-9][0-9.,\u202f]*)\u00a0(EUR|GBP|JPY|KWD)")


def amounts_in(text: str, lang: str) -> Counter[tuple[int, str]]:
    """Read amounts as a reader of the language does, in minor units."""
    thousands, point = {"fr": ("\u202f", ","), "de": (".", ","), "en": (",", ".")}[lang]
    found: Counter[tuple[int, str]] = Counter()
    for sign, figures, currency in _AMOUNT.findall(text):
        whole, _, fraction = figures.replace(thousands, "").partition(point)
        assert len(fraction) == DECIMALS[currency], figures
        found[int(f"{sign}{whole}{fraction}"), currency] += 1
    return found


class Text(HTMLParser):
    """Collects the text of a document's body."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_title = tag == "title"

    def handle_data(self, data: str) -> None:
        if not self.in_title:
            self.parts.append(data)
        self.in_title = False


CODES = [code for code, shipped in TEMPLATES.items() if shipped.purpose not in ("short_message", "thanks")]


def drawn(random: Random, n: int) -> ReminderRequested:
    lang, code = LANGUAGES[n % 3], random.choice(CODES)
    currency = random.choice(list(DECIMALS))
    day = date(2026, 1, 1) + timedelta(days=random.randrange(700))
    coming = code == "friendly"
    items = []
    for i in range(random.choice([1, 1, 2, 3, 7])):
        open_minor = random.choice([1, 99, 100_000, random.randrange(1, 10**10)])
        disputed, planned, in_hand, later = (
            random.randrange(open_minor // 4 + 1) if random.random() < 0.3 else 0 for _ in range(4)
        )
        announced = i > 0 and not coming and random.random() < 0.3
        late = -5 if coming or announced else random.randrange(1, 400)
        items.append(
            DunnedItem(
                invoice_id=derived_id("inv", n, i), invoice_version=3, number=f"FAC-{n}-{i}",
                due_on=day - timedelta(days=late), days_past_due=late, open_minor=open_minor, disputed_minor=disputed,
                planned_minor=planned, in_hand_minor=in_hand, later_minor=later, step="J+3",
                asked_minor=0 if announced else open_minor - disputed - planned - in_hand - later,
                terms=LateTerms(
                    penalty_rate_bps=random.choice([None, 0, 1_234]), indemnity_minor=random.choice([0, 4_000])
                ),
            )
        )  # fmt: skip
    asked = sum(item.asked_minor for item in items)
    credit = random.randrange(asked) if random.random() < 0.4 else 0
    return event(
        ReminderRequested, reminder_id=derived_id("rem", n), day=day, channel="email", template=code, language=lang,
        currency=currency, items=tuple(items), credit_minor=credit, amount_minor=asked - credit,
    )  # fmt: skip


def expected(reminder: ReminderRequested) -> Counter[tuple[int, str]]:
    """Amounts that the message of the event shows, without fees."""
    found = [reminder.amount_minor]
    if reminder.credit_minor:
        found.append(-reminder.credit_minor)
    for item in reminder.items:
        parts = (item.disputed_minor, item.planned_minor, item.in_hand_minor, item.later_minor)
        found += [item.open_minor, *(part for part in parts if part)]
    return Counter((minor, reminder.currency) for minor in found)


def test_amounts_in_subject_text_and_html_are_those_of_the_event() -> None:
    random = Random(10)
    subjects = 0
    for n in range(MAILS):
        reminder = drawn(random, n)
        customer, creditor = parties(reminder)
        mail: Any = email.message_from_bytes(
            email_bytes(
                written(reminder, customer, creditor).message, identity=message_id("demo", reminder.reminder_id),
                written_at=datetime(2026, 4, 30, tzinfo=UTC), sender=SENDERS.of(creditor),
                to_name=customer.name, to="b@example.com",
            ),
            policy=default,
        )  # fmt: skip
        plain, html = (part.get_content() for part in mail.iter_parts())
        reader = Text()
        reader.feed(html)
        fees = Counter({(4_000, reminder.currency): 1})
        asked = expected(reminder)
        for text in (plain, " ".join(reader.parts)):
            found = amounts_in(text, reminder.language)
            assert found in (asked, asked + fees), (n, reminder.template)
        in_subject = amounts_in(mail["Subject"], reminder.language)
        claimed = [item for item in reminder.items if item.asked_minor or item.days_past_due > 0]
        total = Counter({(reminder.amount_minor, reminder.currency): 1})
        assert in_subject == (total if len(claimed) > 1 else Counter())
        subjects += len(in_subject)
    assert subjects > MAILS // 4


def parties(reminder: ReminderRequested) -> tuple[DebtorRow, CreditorRow]:
    customer = DebtorRow(
        customer_id="cus_1", entity_id="ent_1", name="Müller & Söhne", language=reminder.language, email=None,
        phone=None, address=None, hold_until=None, hold_cause=None, hold_position=0, position=2,
    )  # fmt: skip
    creditor = CreditorRow(
        entity_id="ent_1", name="Perles SA", country="FR", time_zone="UTC", address="1 rue du Lac",
        iban="FR7630006000011234567890189", siren=None,
    )  # fmt: skip
    return customer, creditor
