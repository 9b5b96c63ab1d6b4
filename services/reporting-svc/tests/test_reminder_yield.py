"""Given messages and money, then the yield of each group: what is not followed yet and what came later is apart."""

from datetime import date, timedelta
from typing import Any

import pytest

from encours.contracts.events.dunning.reminders import DunnedItem, ReminderSent, TaskCompleted, TaskOpened
from encours.contracts.events.dunning.replies import ReminderBounced, ReminderTracked
from encours.contracts.settlement import Funds
from encours.projection.row_cache import RowCache
from encours.testing.events import event
from encours.testing.history import happened
from reporting_svc.domain.measures.reminders import AskedFor, ReminderYield, value_of, yields
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.reminders import AskedReminder, ReminderTrace, traces_of

DAY = date(2026, 3, 2)


def message(day: int, minor: int = 10_000, step: str = "first", *, sent: bool = True) -> AskedFor:
    on = DAY + timedelta(days=day)
    return AskedFor(
        entity="ent_1", customer_id="cus_1", policy="pol_1/1", step=step, channel="email", template="first",
        tone="neutral", experiment=None, decided_on=on, sent_on=on if sent else None,
        traces=frozenset({"sent"} if sent else {"failed"}), asked={"inv_1": minor},
    )  # fmt: skip


def found(
    *messages: AskedFor, paid: tuple[tuple[int, int], ...], on: int = 60
) -> dict[str | None, ReminderYield]:
    funds = {"inv_1": [Funds(DAY + timedelta(days=day), minor) for day, minor in paid]}
    groups = yields(messages, funds, DAY + timedelta(days=on), lambda each: (each.step,))
    return {key[0]: group for key, group in groups.items()}


def paid(group: ReminderYield) -> list[int]:
    return [window.paid_minor for window in group.windows]


def test_money_counts_from_the_day_after_the_message_to_the_last_day() -> None:
    money = ((0, 1), (1, 20), (7, 300), (8, 4_000), (31, 5_000))
    assert paid(found(message(0), paid=money)["first"]) == [320, 4_320, 4_320]


def test_no_more_is_counted_than_the_message_asked_for() -> None:
    group = found(message(0, 2_000), paid=((3, 9_000),))["first"]
    assert paid(group) == [2_000, 2_000, 2_000]
    assert group.windows[0].rate == 100


def test_messages_that_were_sent_lately_are_apart_and_not_in_the_rate() -> None:
    group = found(message(0), message(20), paid=((2, 5_000),), on=20)["first"]
    first, _, last = group.windows
    assert (first.messages, first.unfollowed, first.unfollowed_minor) == (1, 1, 10_000)
    assert (last.messages, last.unfollowed, last.rate) == (0, 2, None)


def test_what_came_after_a_later_message_about_the_invoice_is_given_apart() -> None:
    groups = found(message(0), message(10, step="second"), paid=((5, 1_000), (12, 2_000)))
    month = groups["first"].windows[2]
    assert (month.paid_minor, month.paid_later_minor) == (3_000, 2_000)
    assert (paid(groups["second"]), groups["second"].windows[2].paid_later_minor) == (
        [2_000, 2_000, 2_000],
        0,
    )


def test_what_never_left_is_counted_and_brings_nothing() -> None:
    group = found(message(0, sent=False), paid=((2, 5_000),))["first"]
    assert (group.requested, group.traces["failed"], group.asked_minor, paid(group)) == (1, 1, 0, [0, 0, 0])


def test_a_reminder_is_in_the_month_of_its_decision_and_in_the_groups_of_its_customer() -> None:
    reminder, segments = message(30), {"cus_1": "retail", "cus_2": "wholesale"}
    assert value_of(reminder, "month", {}) == "2026-04"
    assert value_of(reminder, "channel", {}) == "email"
    assert value_of(reminder, "segment", {"segment": segments}) == "retail"
    assert value_of(reminder, "segment", {"segment": {"cus_1": ""}}) is None
    assert value_of(reminder, "experiment", {}) is None


@pytest.mark.parametrize(
    ("told", "traces"),
    [
        (event(ReminderTracked, state="accepted"), ("delivered",)),
        (event(ReminderTracked, state="refused"), ("bounced",)),
        (event(ReminderTracked, state="returned"), ("bounced",)),
        (event(ReminderBounced, permanent=True), ("bounced",)),
        (event(ReminderBounced, permanent=False), ()),
        (event(TaskCompleted, outcome="other"), ("sent",)),
        (event(TaskCompleted, outcome="paid_says"), ("sent", "answered")),
        (event(TaskCompleted, outcome="disputed"), ("sent", "answered")),
        (event(TaskCompleted, outcome="wrong_contact"), ("failed",)),
        (event(TaskCompleted, outcome="replaced"), ("suppressed",)),
    ],
)
def test_what_an_event_tells_about_a_reminder(told: Any, traces: tuple[str, ...]) -> None:
    assert traces_of(told) == traces


def test_a_file_for_litigation_is_no_call_and_what_never_was_asked_for_leaves_no_trace() -> None:
    items = (
        event(DunnedItem, invoice_id="inv_1", asked_minor=0),
        event(DunnedItem, invoice_id="inv_2", asked_minor=5),
    )
    task = event(TaskOpened, task_id="tsk_1", kind="litigation_file", items=items)
    rows, model = RowCache(Receivables.rows), Receivables()
    rows.assume_empty()
    for each in happened(task, event(ReminderSent, reminder_id="rem_2")):
        model.project(each, rows)
    asked = rows.get(AskedReminder, "tsk_1")
    assert asked is not None
    assert (asked.channel, asked.asked) == ("file", ["inv_2 5"])
    assert ReminderTrace not in {row_type for row_type, changed, _ in rows.changes() if changed}
