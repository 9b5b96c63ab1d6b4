"""Invoices in instalments on the ladder: only what is due is claimed, and each instalment has its own steps."""

from __future__ import annotations

from datetime import timedelta

from dunning_svc.read_models.cases.composition import item_of
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from encours.contracts.common import Instalment
from encours.contracts.events.dunning.reminders import ReminderSuppressed
from encours.contracts.events.invoice import EarlyDiscountWithdrawn
from encours.contracts.events.money.plan import InvoiceRescheduled
from encours.testing.events import event
from tests.histories.dunning import CUS, START, History


def split(history: History, *parts: tuple[int, int]) -> None:
    """Agree instalments, each some days after the history has begun."""
    (invoice_id,) = history.open
    found = tuple(
        Instalment(due_on=START + timedelta(days=days), amount_minor=amount) for days, amount in parts
    )
    said = event(InvoiceRescheduled, invoice_id=invoice_id, customer_id=CUS, instalments=found)
    history.add(said, invoice_id)


def lived(history: History, days: int) -> list[tuple[int, str, int, int]]:
    """Open so many days; return day, step, amount claimed and amount due later of each step taken."""
    known = len(history.decided)
    for _ in range(days):
        history.open_day()
    return [
        ((each.day - START).days, each.step, each.amount_minor, each.items[0].later_minor)
        for _, each in history.decided[known:]
        if not isinstance(each, ReminderSuppressed)
    ]


def invoiced() -> History:
    history = History()
    history.issue(10, 90_000)
    split(history, (10, 30_000), (40, 30_000), (70, 30_000))
    return history


def test_only_what_is_due_is_claimed_and_each_instalment_begins_the_ladder() -> None:
    history = invoiced()
    assert lived(history, 14) == [(5, "J-5", 30_000, 60_000), (13, "J+3", 30_000, 60_000)]
    history.settle(0, 30_000)
    assert lived(history, 36) == [(35, "J-5", 30_000, 30_000), (43, "J+3", 30_000, 30_000)]


def test_an_unpaid_instalment_keeps_its_level_when_the_next_one_is_due() -> None:
    history = invoiced()
    lived(history, 25)
    assert lived(history, 20) == [(40, "J+30", 60_000, 30_000)]


def test_a_returned_payment_brings_back_the_level_of_its_instalment() -> None:
    history = invoiced()
    lived(history, 14)
    history.settle(0, 30_000)
    lived(history, 7)
    history.unsettle(0, reverse=True)
    assert lived(history, 5) == [(25, "J+15", 30_000, 60_000)]


def test_later_dates_begin_the_ladder_again() -> None:
    history = History()
    history.issue(10, 90_000)
    assert [step for _, step, _, _ in lived(history, 26)] == ["J-5", "J+3", "J+15"]
    split(history, (40, 90_000))
    assert [(day, step) for day, step, _, _ in lived(history, 20)] == [(35, "J-5"), (43, "J+3")]


def test_what_is_owed_again_after_the_agreement_is_claimed_with_the_last_instalment() -> None:
    history = invoiced()
    (invoice_id,) = history.open
    again = event(EarlyDiscountWithdrawn, invoice_id=invoice_id, customer_id=CUS, amount_minor=600)
    history.add(again, invoice_id)
    (row,) = history.rows.all(ItemRow)
    item = item_of(row).on(START + timedelta(days=70))
    assert (item.collectable_minor, item.later_minor) == (90_600, 0)


def test_disputes_are_taken_off_what_is_due_later() -> None:
    history = invoiced()
    history.dispute(0, 50_000)
    (row,) = history.rows.all(ItemRow)
    item = item_of(row).on(START + timedelta(days=40))
    assert (item.collectable_minor, item.later_minor) == (40_000, 0)
    item = item_of(row).on(START + timedelta(days=20))
    assert (item.collectable_minor, item.later_minor) == (30_000, 10_000)


def test_an_accepted_claim_is_taken_off_the_last_instalment_too() -> None:
    history = invoiced()
    history.dispute(0, 20_000)
    history.concede(0)
    history.settle(0, 30_000)
    (row,) = history.rows.all(ItemRow)
    item = item_of(row).on(START + timedelta(days=40))
    assert (item.due_on, item.collectable_minor, item.later_minor) == (
        START + timedelta(days=40),
        30_000,
        10_000,
    )
