"""Messages for each invoice: its own amounts, thread and steps, and one limit for the customer."""

from __future__ import annotations

from typing import Any

from dunning_svc.domain.ladder.recheck import objection
from dunning_svc.domain.policy.written import document_of, written
from dunning_svc.read_models.cases.pending import thread_of
from encours.contracts.events.dunning.reminders import ReminderRequested, ReminderSuppressed
from tests.histories.dunning import CUS, ENT, GROUP, History
from tests.histories.policies import written_policy


def ledger(**more: Any) -> History:
    """Two invoices that are due on days of their own, under a policy that groups them by invoice."""
    history = History()
    history.activate_document("own", document_of(written_policy(grouping="invoice", **more)))
    history.issue(1, 5_000)
    history.issue(1, 7_000)
    return history


def days(history: History, count: int) -> None:
    for _ in range(count):
        history.open_day()


def requests(history: History) -> list[ReminderRequested]:
    return [event for _, event in history.decided if isinstance(event, ReminderRequested)]


def test_each_invoice_has_a_message_of_its_own_with_its_own_amount_and_thread() -> None:
    history = ledger()
    days(history, 3)
    first, second = requests(history)
    assert [(each.amount_minor, each.step, len(each.items)) for each in (first, second)] == [
        (5_000, "J+2", 1),
        (7_000, "J+2", 1),
    ]
    assert first.day == second.day
    assert first.reminder_id != second.reminder_id
    assert [thread_of(each, ENT) for each in (first, second)] == [(CUS, ENT, inv) for inv in history.open]
    days(history, 18)
    assert [each.step for each in requests(history)] == ["J+2", "J+2", "J+20", "J+20"]


def test_grouped_by_customer_both_are_in_one_message_and_one_thread() -> None:
    history = History()
    history.activate_document("own", document_of(written_policy()))
    history.issue(1, 5_000)
    history.issue(1, 7_000)
    days(history, 3)
    (request,) = requests(history)
    assert (request.amount_minor, thread_of(request, ENT)) == (12_000, (CUS, ENT, ""))


def test_unapplied_cash_is_deducted_from_the_oldest_invoice_once() -> None:
    history = ledger()
    history.receive(6_000)
    days(history, 3)
    (request,) = requests(history)
    assert (request.credit_minor, request.amount_minor) == (1_000, 6_000)
    (covered,) = [each for _, each in history.decided if isinstance(each, ReminderSuppressed)]
    assert (covered.cause, covered.items[0].invoice_id) == ("covered_by_credit", next(iter(history.open)))
    assert at_the_door(history, request) is None


def at_the_door(history: History, request: ReminderRequested) -> str | None:
    case = history.rows.case(GROUP)
    assert case is not None
    return objection(request, case, history.today, history.rows.policies())


def test_a_payment_between_decision_and_dispatch_stops_the_message_of_its_invoice_alone() -> None:
    history = ledger()
    days(history, 3)
    first, second = requests(history)
    history.settle(1, 7_000)
    assert at_the_door(history, first) is None
    assert at_the_door(history, second) == "paid_meanwhile"
    history.receive(5_000)
    assert at_the_door(history, first) == "covered_by_credit"


def test_the_contact_limit_counts_the_messages_of_the_day_and_the_rest_follows() -> None:
    history = ledger(contact_limit={"messages": 1, "days": 5})
    days(history, 3)
    first, suppressed = (event for _, event in history.decided)
    assert isinstance(first, ReminderRequested)
    assert isinstance(suppressed, ReminderSuppressed)
    assert (first.amount_minor, suppressed.cause) == (5_000, "contact_limit")
    days(history, 5)
    assert [each.amount_minor for each in requests(history)] == [5_000, 7_000]


def test_a_dispute_that_suspends_the_customer_suspends_the_messages_of_all_invoices() -> None:
    history = ledger(suspended_by={"dispute": "customer"})
    history.dispute(1, 100)
    days(history, 3)
    assert [event.cause for _, event in history.decided if isinstance(event, ReminderSuppressed)] == [
        "suspended_by_dispute",
        "suspended_by_dispute",
    ]
    assert not requests(history)


def test_the_minimum_is_that_of_each_message() -> None:
    history = ledger(minimums={"EUR": "60.00"})
    days(history, 3)
    (request,) = requests(history)
    assert request.amount_minor == 7_000


def test_the_grouping_is_written_and_read() -> None:
    plain = written_policy(grouping="invoice")
    assert written(document_of(plain))["grouping"] == "invoice"
    assert document_of(written(document_of(plain))) == document_of(plain)
