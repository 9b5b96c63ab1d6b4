"""The account that messages ask to pay into: that of their currency, as of their day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dunning_svc.read_models.cases.fold.by_event import project
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.use_cases.messages import written
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.contracts.events.parties.entity import BankAccountSet, EntityAmended, EntityRegistered
from encours.testing.events import event
from encours.testing.history import recorded

OWN, FIRST, SECOND, POUNDS = "FR7630006000011234567890189", "FR-first", "FR-second", "GB-pounds"
CUSTOMER = DebtorRow(
    customer_id="cus_1", entity_id="ent_1", name="Durand", language="fr", email=None, phone=None,
    address="2 place Bellecour\n69002 Lyon\nFR", hold_until=None, hold_cause=None, hold_position=0, position=2,
)  # fmt: skip


def account(iban: str | None, valid_from: date, **changes: Any) -> BankAccountSet:
    usual: dict[str, Any] = {"currency": "EUR", "use": "receipts", "bic": None, "holder": None, "bank": None}
    return BankAccountSet(entity_id="ent_1", iban=iban, valid_from=valid_from, **(usual | changes))


EVENTS = (
    event(EntityRegistered, entity_id="ent_1", iban=OWN),
    account(SECOND, date(2026, 5, 1), bic="AGRIFRPP", holder="Perles\nSA"),
    account("FR-mistaken", date(2026, 4, 1)),
    account(FIRST, date(2026, 4, 1)),
    account("FR-refunds", date(2026, 4, 1), use="refunds"),
    account(POUNDS, date(2026, 4, 1), currency="GBP"),
    account(None, date(2026, 6, 1)),
    event(EntityAmended, entity_id="ent_1", iban=OWN),
)


@pytest.mark.parametrize(
    ("day", "currency", "said"),
    [
        (date(2026, 3, 31), "EUR", OWN),
        (date(2026, 4, 1), "EUR", FIRST),
        (date(2026, 4, 30), "EUR", FIRST),
        (date(2026, 5, 1), "EUR", f"{SECOND} (BIC AGRIFRPP, titulaire Perles SA)"),
        (date(2026, 6, 1), "EUR", None),
        (date(2026, 5, 1), "GBP", POUNDS),
        (date(2026, 5, 1), "USD", OWN),
    ],
)
def test_a_message_names_the_account_of_its_currency_and_day(
    day: date, currency: str, said: str | None
) -> None:
    """It was the IBAN of the entity, whatever accounts were set."""
    rows = MemoryRows()
    for each in EVENTS:
        project(recorded(each), rows)
    creditor = rows.get(CreditorRow, "ent_1")
    assert creditor is not None
    reminder = event(ReminderRequested, day=day, currency=currency, channel="letter", template="penalties")
    text = written(reminder, CUSTOMER, creditor).message.text
    paragraphs = [part for part in text.split("\n\n") if part.startswith("Règlement par virement")]
    assert paragraphs == ([f"Règlement par virement sur le compte {said}"] if said else [])
