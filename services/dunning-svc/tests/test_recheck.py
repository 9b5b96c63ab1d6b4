"""The last look before a message leaves: all that the decision rested on, one test a change."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from dunning_svc.domain.ladder.recheck import overtaken
from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from encours.contracts.common import Address
from encours.contracts.events import customer, reminders
from tests.histories.dunning import ADDRESS, CUS, GROUP, History


def requested(days: int = 14) -> tuple[History, reminders.ReminderRequested]:
    """An invoice of 10.00 with its first reminder."""
    history = History()
    history.issue(10, 1_000)
    for _ in range(days):
        history.open_day()
    reminder = history.decided[-1][1]
    assert isinstance(reminder, reminders.ReminderRequested)
    return history, reminder


def cause(history: History, reminder: reminders.ReminderRequested) -> str | None:
    case = history.rows.case(GROUP)
    assert case is not None
    return overtaken(reminder, case, history.today, DEFAULT_POLICY)


def moved_house(*, email: str | None, address: Address | None) -> customer.CustomerAmended:
    return customer.CustomerAmended(
        customer_id=CUS, name="Débiteur", country="FR", language="fr", email=email, phone=None, siren=None,
        vat_id=None, address=address, segment=None, salesperson=None,
    )  # fmt: skip


def test_a_decision_that_still_holds_lets_the_message_go() -> None:
    assert cause(*requested()) is None


def test_it_leaves_too_when_the_reminder_itself_has_moved_the_ladder() -> None:
    history, reminder = requested()
    history.open_day()
    assert cause(history, reminder) is None


@pytest.mark.parametrize(
    ("act", "found"),
    [
        (("settle", 0, 1_000), "paid_meanwhile"),
        (("write_off", 0, 1_000), "paid_meanwhile"),
        (("settle", 0, 1), "changed_meanwhile"),
        (("dispute", 0, 1_000), "fully_disputed"),
        (("dispute", 0, 400), "changed_meanwhile"),
        (("receive", 1_000), "covered_by_credit"),
        (("receive", 5_000), "covered_by_credit"),
        (("receive", 1), "changed_meanwhile"),
        (("hold", 0), "customer_on_hold"),
        (("hold", 9), "customer_on_hold"),
        (("hold", -1), None),
    ],
)
def test_whatever_the_decision_rested_on_is_looked_at_again(act: tuple[Any, ...], found: str | None) -> None:
    history, reminder = requested()
    getattr(history, act[0])(*act[1:])
    assert cause(history, reminder) == found


def test_an_email_is_not_sent_to_an_address_that_was_removed() -> None:
    history, reminder = requested()
    history.add(moved_house(email=None, address=ADDRESS), CUS)
    assert cause(history, reminder) == "no_address"


def test_a_letter_is_not_sent_to_an_address_that_was_removed() -> None:
    history, reminder = requested(41)
    assert reminder.channel == "letter"
    history.add(moved_house(email=None, address=ADDRESS), CUS)
    assert cause(history, reminder) is None, "a letter needs no e-mail address"
    history.add(moved_house(email="a@example.com", address=None), CUS)
    assert cause(history, reminder) == "no_address"


def test_cash_that_an_older_invoice_uses_up_leaves_the_message_as_it_was_decided() -> None:
    history, reminder = requested()
    history.issue(-30, 700)
    history.receive(700)
    assert cause(history, reminder) is None


def test_a_credit_that_is_gone_changes_the_message() -> None:
    history = History()
    history.issue(10, 1_000)
    history.receive(300)
    for _ in range(14):
        history.open_day()
    reminder = history.decided[-1][1]
    assert isinstance(reminder, reminders.ReminderRequested)
    assert reminder.credit_minor == 300
    assert cause(history, replace(reminder, credit_minor=0)) == "changed_meanwhile"
