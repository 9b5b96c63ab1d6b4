"""Conditions of policies: payment behaviour, single invoices, extent of disputes and promises, end of the ladder."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dunning_svc.domain.ladder.plan import plans
from dunning_svc.domain.ladder.recheck import objection, suppression
from dunning_svc.domain.policy.choice import InvoiceFacts, MonthDue, Policies, Profile, criteria_met
from dunning_svc.domain.policy.shipped import DEFAULT_ID
from dunning_svc.domain.policy.written import document_of
from dunning_svc.read_models.cases.fold.by_event import project
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.use_cases.decisions import Period, reperform_all
from dunning_svc.use_cases.messages import written
from encours.contracts.events import reminders
from encours.contracts.events.invoice import PaymentApplied
from encours.contracts.events.parties.customer import CustomerMerged, FieldValue
from encours.contracts.events.parties.field import InvoiceFieldsSet
from encours.contracts.events.score import ScoreGraded
from encours.kernel.ids import derived_id
from encours.testing.events import event as recorded
from tests.histories.dunning import CUS, GROUP, START, History
from tests.histories.family import MEMBERS, Family, lived
from tests.histories.ladder import graded
from tests.histories.policies import written_policy

DAY = date(2026, 6, 10)


def judged(months: list[tuple[date, int, int]], **band: int) -> bool:
    scope = document_of(written_policy(applies_to={"paid_late": band})).scope
    profile = Profile(("c",), "e", "EUR", 0, punctuality=tuple(MonthDue(*each) for each in months))
    return criteria_met(scope, profile, DAY) is not None


def month(number: int, year: int = 2026) -> date:
    return date(year, number, 1)


def test_the_share_of_late_invoices_is_that_of_the_twelve_months_before_this_one() -> None:
    mixed = [(month(5, 2025), 9, 0), (month(6, 2025), 3, 3), (month(5), 3, 0), (month(6), 9, 0)]
    assert judged(mixed, **{"from": 50, "invoices": 6}), "June 2025 to May 2026: 3 of 6"
    assert not judged(mixed, **{"from": 51, "invoices": 6})
    assert not judged(mixed, below=50, invoices=6)
    assert judged(mixed, below=51, invoices=6)
    assert not judged(mixed, **{"from": 50, "invoices": 7}), "too few to judge by"


def item(history: History, which: int = 0) -> ItemRow:
    return history.rows.all(ItemRow)[which]


def test_an_invoice_is_paid_on_the_day_of_its_last_funds_and_not_by_credit_or_write_off() -> None:
    history = History()
    history.issue(10, 1_000)
    history.settle(0, 400)
    days(history, 3)
    assert item(history).paid_on is None
    history.settle(0, 600)
    assert item(history).paid_on == START + timedelta(days=3)
    history.unsettle(0, reverse=True)
    assert (item(history).paid_on, item(history).funds[0].split(" ")[1]) == (None, "400")
    history.credit(0, 600)
    assert item(history).paid_on == START, "what was credited was never owed"
    history.issue(10, 1_000)
    history.settle(1, 900)
    history.write_off(1, 100)
    assert (item(history, 1).open_minor, item(history, 1).paid_on) == (0, None)


def days(history: History, count: int) -> None:
    for _ in range(count):
        history.open_day()


def own(**more: Any) -> History:
    """A ledger with a policy of its own in force."""
    history = History()
    history.activate_document("own", document_of(written_policy(**more)))
    return history


def policies_used(history: History) -> set[str]:
    return {event.basis.policy_id for _, event in history.decided}


def test_a_customer_that_came_to_pay_late_gets_the_policy_for_it_from_the_next_month_on() -> None:
    history = own(applies_to={"paid_late": {"from": 50, "invoices": 2}})
    for _ in range(2):
        history.issue(2, 1_000)
    days(history, 10)
    for which in range(2):
        history.settle(which, 1_000)
    history.issue(5, 50_000)
    days(history, 12)
    assert len(policies_used(history)) == 1, "in January the default one"
    days(history, 30)
    late = [event for _, event in history.decided if event.basis.choice is not None]
    assert min(event.day for event in late) >= date(2026, 2, 1)
    (choice,) = {event.basis.choice for event in late}
    assert choice is not None
    assert (choice.criteria, choice.since) == (("paid_late",), date(2026, 2, 1))


def test_a_large_invoice_brings_its_customer_under_the_policy_for_large_ones() -> None:
    history = own(applies_to={"invoice_amounts": {"EUR": {"from": "200.00"}}})
    for _ in range(3):
        history.issue(2, 15_000)
    days(history, 6)
    assert all(event.basis.choice is None for _, event in history.decided), "450.00 in all, none of 200.00"
    history.issue(2, 20_000)
    days(history, 5)
    assert history.decided[-1][1].basis.choice is not None


def facts(*fields: str, open_minor: int = 10_000, **more: Any) -> InvoiceFacts:
    return InvoiceFacts(open_minor, fields=frozenset((code, "north") for code in fields), **more)


def test_one_open_invoice_meets_all_criteria_that_ask_for_invoices() -> None:
    scope = document_of(
        written_policy(
            applies_to={
                "invoice_amounts": {"EUR": {"from": "100.00"}},
                "invoice_fields": {"project": ["north", "west"], "site": ["north"]},
                "invoice_series": ["FAC"],
                "invoice_natures": ["services", "mixed"],
            }
        )
    ).scope

    def met(*invoices: InvoiceFacts) -> bool:
        profile = Profile(("c",), "e", "EUR", 0, invoices=invoices)
        return criteria_met(scope, profile, DAY) == (
            "invoice_amounts",
            "invoice_fields",
            "invoice_series",
            "invoice_natures",
        )

    whole = facts("project", "site", series="FAC", nature="mixed")
    assert met(facts(), whole)
    assert not met()
    lacking: list[dict[str, Any]] = [
        {"open_minor": 9_999},
        {"series": "EXP"},
        {"series": None},
        {"nature": "goods"},
    ]
    assert not met(*(replace(whole, **each) for each in lacking))
    assert not met(
        facts("project", series="FAC", nature="mixed"), facts("site", series="FAC", nature="mixed")
    )


def test_a_policy_for_a_field_of_invoices_applies_to_the_whole_case_since_the_field_was_set() -> None:
    north, south = (FieldValue(field_code="project", value=value) for value in ("north", "south"))
    history = own(applies_to={"invoice_fields": {"project": ["north"]}})
    history.issue(2, 5_000)
    history.issue(12, 5_000)
    days(history, 6)
    assert all(event.basis.choice is None for _, event in history.decided)
    history.label(1, north)
    request = history.decided[-1][1]
    assert isinstance(request, reminders.ReminderRequested)
    assert at_the_door(history, request) == "other_policy_meanwhile"
    set_on, labelled = history.today, len(history.events)
    days(history, 17)
    _, event = history.decided[-1]
    assert {item.step for item in event.items} == {"J+20", ""}, "of the invoice without the field too"
    choice = event.basis.choice
    assert choice is not None
    assert (choice.criteria, choice.since) == (("invoice_fields",), set_on)
    assert labelled in event.basis.input_events
    history.label(1, south)
    days(history, 12)
    assert history.decided[-1][1].basis.policy_id == DEFAULT_ID


def test_a_grade_applies_from_its_day_on_and_sends_no_history() -> None:
    history = own(applies_to={"grades": ["D", "E"]})
    graded(history, "B")
    history.issue(2, 5_000)
    days(history, 30)
    assert all(event.basis.choice is None for _, event in history.decided)
    request = next(each for _, each in history.decided if isinstance(each, reminders.ReminderRequested))
    before = len(history.decided)
    graded(history, "E")
    graded_on, position = history.today, len(history.events)
    assert at_the_door(history, request) in ("other_policy_meanwhile", "changed_meanwhile")
    days(history, 1)
    _, kept = history.decided[before]
    assert isinstance(kept, reminders.ReminderSuppressed)
    assert kept.cause == "policy_changed", "what was due before the grade is history"
    days(history, 15)
    _, event = history.decided[-1]
    choice = event.basis.choice
    assert choice is not None
    assert (event.step, choice.criteria, choice.since) == ("J+20", ("grades",), graded_on)
    assert event.day == date(2026, 2, 16), "with the first step that was not due by then"
    assert position in event.basis.input_events
    graded(history, "A")
    days(history, 40)
    assert history.decided[-1][1].basis.policy_id == DEFAULT_ID


@pytest.mark.parametrize("before", [None, "B", "D"])
def test_a_grade_between_decision_and_dispatch_stops_the_message_and_is_named(before: str | None) -> None:
    """The first grade, a worse one, and one that ends the policy under which the message was decided."""
    history = own(applies_to={"grades": ["D", "E"]})
    if before:
        graded(history, before)
    history.issue(2, 5_000)
    history.issue(5, 5_000)
    while not isinstance(request := history.open_day(), reminders.ReminderRequested):
        pass
    assert (request.basis.policy_id == DEFAULT_ID) == (before != "D"), "without a grade no criterion is met"
    assert at_the_door(history, request) is None
    graded(history, "A")
    assert (at_the_door(history, request) is None) == (before != "D")
    graded(history, "E")
    named = len(history.events)
    if before == "D":
        graded(history, "A")
        named = len(history.events)
    found = history.rows.case(GROUP, history.today)
    assert found is not None
    assert objection(request, found, history.today, history.rows.policies()) == "other_policy_meanwhile"
    because = suppression(
        request,
        "other_policy_meanwhile",
        history.rows.inputs_of(found, [i.invoice_id for i in request.items]),
    ).because
    assert because == (named,)
    assert all(again.equal for again in reperform_all(history.events, Period(date.min, date.max)))


def test_the_grade_of_a_merged_record_is_that_of_the_one_that_stands_for_it() -> None:
    family = Family()
    family.activate_document("graded", document_of(written_policy(applies_to={"grades": ["D", "E"]})))
    graded(family, "E")
    family.bill(1, 2, 5_000)
    family.add(recorded(CustomerMerged, customer_id=CUS, into_id=MEMBERS[1]), CUS)
    lived(family, 6)
    assert [each.basis.policy_id for each in family.requests()] == [DEFAULT_ID]
    grade_id = derived_id("grd", MEMBERS[1])
    family.add(recorded(ScoreGraded, score_grade_id=grade_id, customer_id=MEMBERS[1], grade="D"), grade_id)
    lived(family, 30)
    last = family.requests()[-1].basis
    assert last.policy_id != DEFAULT_ID
    assert last.choice is not None
    assert last.choice.criteria == ("grades",)
    assert all(again.equal for again in reperform_all(family.events, Period(date.min, date.max)))


def test_the_field_of_a_draft_is_that_of_the_issued_invoice() -> None:
    history = own(applies_to={"invoice_fields": {"project": ["north"]}})
    north = FieldValue(field_code="project", value="north")
    drafted = derived_id("inv", 0)
    history.add(InvoiceFieldsSet(invoice_id=drafted, customer_id=CUS, fields=(north,)), drafted)
    history.issue(2, 5_000)
    days(history, 6)
    assert history.decided[-1][1].basis.choice is not None


@pytest.mark.parametrize(
    ("by", "act", "cause"),
    [
        ({"dispute": "invoice"}, ("dispute", 0, 100), "suspended_by_dispute"),
        ({"dispute": "customer"}, ("dispute", 1, 100), "suspended_by_dispute"),
        ({"promise": "customer"}, ("promise", 1, 30), "suspended_by_promise"),
    ],
)
def test_a_dispute_or_a_promise_suspends_as_much_as_the_policy_says(
    by: dict[str, str], act: tuple[Any, ...], cause: str
) -> None:
    def after(**more: Any) -> History:
        history = own(**more)
        history.issue(2, 5_000)
        history.issue(40, 5_000)
        days(history, 3)
        getattr(history, act[0])(*act[1:])
        days(history, 3)
        return history

    assert isinstance(after().decided[-1][1], reminders.ReminderRequested), "the usual extent"
    last = after(suspended_by=by).decided[-1][1]
    assert isinstance(last, reminders.ReminderSuppressed)
    assert last.cause == cause


def test_a_dispute_that_suspends_by_the_policy_stops_a_decided_message_at_the_door() -> None:
    history = own(suspended_by={"dispute": "customer"})
    history.issue(2, 5_000)
    history.issue(40, 5_000)
    days(history, 5)
    request = history.decided[-1][1]
    assert isinstance(request, reminders.ReminderRequested)
    assert at_the_door(history, request) is None
    history.dispute(1, 100)
    assert at_the_door(history, request) == "suspended_by_dispute"


def at_the_door(history: History, request: reminders.ReminderRequested) -> str | None:
    case = history.rows.case(GROUP)
    assert case is not None
    return objection(request, case, history.today, history.rows.policies())


def test_after_the_end_of_the_ladder_no_step_is_made_up_for() -> None:
    history = own(ends_after_days=40)
    history.issue(2, 5_000)
    history.dispute(0, 5_000)
    days(history, 60)
    history.dispute(0, 5_000)
    days(history, 30)
    causes = {event.cause for _, event in history.decided if isinstance(event, reminders.ReminderSuppressed)}
    assert causes == {"fully_disputed"}, "recorded once for each step"
    assert len(causes) < len(history.decided)
    assert not [event for _, event in history.decided if isinstance(event, reminders.ReminderRequested)]
    case = history.rows.case(GROUP)
    assert case is not None
    policy = (
        history.rows.policies().apply(case.standing.profile, history.today).policy if case.standing else None
    )
    assert policy is not None
    (plan,) = plans(case, history.today, policy)
    assert set(plan.against.values()) == {"ladder_ended"}


def test_a_step_may_hide_penalties_and_fee_that_its_template_mentions() -> None:
    history = own()
    history.issue(2, 5_000)
    days(history, 30)
    texts = {}
    for _, event in history.decided:
        if isinstance(event, reminders.ReminderRequested) and event.template == "penalties":
            (customer,), (creditor,) = history.parties()
            texts[event.step] = written(event, customer, creditor).message.text
    assert "pénalités" not in texts["J+2"].lower()
    assert "pénalités" in texts["J+20"].lower()


def test_policies_without_such_criteria_ask_for_no_counts() -> None:
    assert not Policies().by_behaviour
    assert own(applies_to={"paid_late": {"from": 10}}).rows.policies().by_behaviour


def test_custom_fields_count_from_the_business_day_on_which_they_were_set() -> None:
    """Shortly after midnight in Paris it is still the day before in UTC."""
    history = History()
    history.issue(5, 10_000)
    north = (FieldValue(field_code="project", value="north"),)
    history.label(0, *north)
    (item,) = history.rows.all(ItemRow)
    late = datetime(START.year, START.month, START.day, 23, 30, tzinfo=UTC) - timedelta(days=1)
    history.rows.put(replace(item, fields_on=None))
    project(replace(history.events[-1], recorded_at=late), history.rows)
    (item,) = history.rows.all(ItemRow)
    assert item.fields_on == START


def test_an_amount_moves_on_the_day_that_it_is_at_the_place_of_its_creditor() -> None:
    """As above: by UTC, the change would count from a day before, on which it was not known."""
    history = History()
    history.issue(5, 10_000)
    history.settle(0, 1_000)
    paid = next(e for e in history.events if isinstance(e.data, PaymentApplied))
    late = datetime(START.year, START.month, START.day, 23, 30, tzinfo=UTC)
    project(replace(paid, recorded_at=late, effective_on=START - timedelta(days=3)), history.rows)
    (item,) = history.rows.all(ItemRow)
    assert item.moved_on == START + timedelta(days=1)
