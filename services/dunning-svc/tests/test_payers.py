"""Messages to a payer or the head of a group about several customers: each item in its own case, once, and again."""

from __future__ import annotations

import os
from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from dunning_svc.backtest.replay import Replay, Trial
from dunning_svc.domain.hold.state import hold_stream
from dunning_svc.domain.ladder import grouping
from dunning_svc.domain.ladder.events import as_event
from dunning_svc.domain.ladder.explain import explain
from dunning_svc.domain.ladder.recheck import objected, suppression
from dunning_svc.domain.policy.shipped import DEFAULT_ID, DEFAULT_POLICY
from dunning_svc.read_models.cases.debtors import all_in, components
from dunning_svc.read_models.cases.past import folded
from dunning_svc.read_models.cases.rows.parties import DebtorRow
from dunning_svc.read_models.cases.rows.receivables import AccountRow, ItemRow
from dunning_svc.read_models.cases.rows.reminders import ReminderRow
from dunning_svc.read_models.cases.rows.tasks import TaskRow
from dunning_svc.use_cases.decisions import Period, reperform_all
from dunning_svc.use_cases.messages import written
from encours.contracts import encode
from encours.contracts.events import reminders
from encours.contracts.events.dunning.reminders import ReminderRequested, ReminderSuppressed
from encours.contracts.events.parties.customer import CustomerMerged
from encours.testing.events import event
from tests.histories.dunning import CUS, ENT, START, History
from tests.histories.family import MEMBERS, SUBSIDIARIES, Family, lived, paid_by_one
from tests.histories.policies import STEPS

_EXAMPLES = int(os.environ.get("DEEP") or 0) * 500 or 12
EVER = Period(date.min, date.max)


def shares(request: ReminderRequested | ReminderSuppressed) -> dict[str, int]:
    """Amounts of a message by customer."""
    return {each.customer_id: each.amount_minor for each in request.debtors}


def test_one_message_to_the_payer_lists_the_items_of_all_whom_it_pays_for() -> None:
    family = paid_by_one()
    lived(family, 3)
    (request,) = family.requests()
    assert (request.customer_id, request.addressee_id, request.grouping) == (CUS, None, "payer")
    assert shares(request) == dict(zip(MEMBERS, (1_000, 2_000, 3_000), strict=True))
    assert request.amount_minor == 6_000
    assert [item.customer_id for item in request.items] == sorted(MEMBERS)
    debtors, (creditor,) = family.parties()
    text = written(request, next(row for row in debtors if row.customer_id == CUS), creditor).message.text
    assert all(name in text for name in ("Débiteur", "Filiale 2", "Filiale 3"))
    (row,) = family.rows.all(ReminderRow)
    assert set(row.debtor_ids) == set(MEMBERS)
    for member in MEMBERS:
        case = family.rows.case((member, ENT, "EUR"), family.today)
        assert case is not None
        assert [contact.on for contact in case.contacts] == [request.day], "a contact of each"
        account = family.rows.get(AccountRow, member, ENT, "EUR")
        assert account is not None
        assert account.decided_on == request.day


def test_cash_of_one_customer_is_deducted_from_its_own_items_alone() -> None:
    family = paid_by_one()
    family.as_member(0)
    family.receive(1_700)
    family.as_member(2)
    family.receive(500)
    lived(family, 3)
    (request,) = family.requests()
    assert shares(request) == dict(zip(MEMBERS, (0, 2_000, 2_500), strict=True))
    assert (request.amount_minor, request.credit_minor) == (4_500, 1_500)
    assert {item.customer_id for item in request.items if item.step} == set(SUBSIDIARIES)
    debtors, (creditor,) = family.parties()
    text = written(request, next(row for row in debtors if row.customer_id == CUS), creditor).message.text
    deducted = [
        each.rpartition(" : ")[2] for each in text.replace("\xa0", " ").splitlines() if "crédit" in each
    ]
    assert deducted == ["-5,00 EUR", "-10,00 EUR"], "the lines add up to the total"


@pytest.mark.parametrize(
    ("act", "arguments", "cause"),
    [
        ("hold", (30,), "customer_on_hold"),
        ("judge", (-2,), "insolvency"),
        ("promise", (1, 20), "promised"),
        ("dispute", (1, 2_000), "fully_disputed"),
        ("place", (1,), "placed"),
    ],
)
def test_what_stops_one_customer_takes_out_its_items_and_no_others(
    act: str, arguments: tuple[int, ...], cause: str
) -> None:
    family = paid_by_one()
    family.as_member(1)
    getattr(family, act)(*arguments)
    lived(family, 3)
    (request,) = family.requests()
    asked = {item.customer_id: item.asked_minor for item in request.items}
    assert (asked[CUS], asked[MEMBERS[2]], asked.get(MEMBERS[1], 0)) == (1_000, 3_000, 0)
    (left,) = [each for each in request.suppressed if each.step == "J+2"]
    assert (left.invoice_id, left.cause) == (list(family.open)[1], cause)


def test_each_item_keeps_its_level_and_the_highest_step_sets_the_tone() -> None:
    family = paid_by_one()
    lived(family, 15)
    family.bill(2, 1, 9_000)
    lived(family, 10)
    last = family.requests()[-1]
    assert last.step == "J+20"
    assert Counter(item.step for item in last.items) == {"J+20": 3, "": 1}
    assert [each.step for each in family.requests()] == ["J+2", "J+2", "J+20"]


def test_roles_that_change_in_mid_ladder_leave_each_item_at_its_level_and_repeat_nothing() -> None:
    family = paid_by_one()
    lived(family, 10)
    family.pay_for(2, None)
    lived(family, 40)
    taken = Counter(
        (item.invoice_id, item.step) for each in family.requests() for item in each.items if item.step
    )
    assert set(taken.values()) == {1}
    after = [each for each in family.requests() if each.step == "J+20"]
    assert {each.customer_id: set(shares(each)) for each in after} == {
        CUS: {CUS, MEMBERS[1]},
        MEMBERS[2]: {MEMBERS[2]},
    }
    for invoice_id in family.open:
        row = family.rows.get(ItemRow, invoice_id)
        assert row is not None
        assert [entry.split(" ")[0] for entry in row.taken] == ["J+2", "J+20", "J+40"]


def test_a_group_is_written_to_at_its_head_and_merged_records_belong_to_it() -> None:
    family = Family()
    family.group_by("group")
    family.pay_for(1, None, group=2)
    family.pay_for(0, None, group=2)
    for member in (0, 1, 2):
        family.bill(member, 1, 1_000)
    merged = event(CustomerMerged, customer_id=CUS, into_id=MEMBERS[1])
    family.add(merged, CUS)
    lived(family, 3)
    (request,) = family.requests()
    assert request.customer_id == MEMBERS[2]
    assert shares(request) == {MEMBERS[1]: 2_000, MEMBERS[2]: 1_000}


def test_a_case_under_another_policy_is_decided_apart_and_the_explanation_says_so() -> None:
    family = paid_by_one(priority=10)
    family.mark(2, "firm")
    family.activate("firm")
    lived(family, 3)
    first, second = sorted(family.requests(), key=lambda each: each.grouping)
    assert (first.customer_id, first.addressee_id, first.debtors) == (MEMBERS[2], CUS, ())
    assert set(shares(second)) == {CUS, MEMBERS[1]}
    assert second.basis.choice is not None
    (apart,) = second.basis.choice.apart
    assert (apart.customer_id, apart.policy_id) == (MEMBERS[2], first.basis.policy_id)
    policy = family.rows.policies().version_of(second.basis)
    said = explain(second, policy, "en").reasons
    assert any("Membre 2: decided apart" in each for each in said), said
    assert any("Filiale 2: 20.00" in each or "EUR 20.00" in each or "20.00" in each for each in said)


def test_the_contact_limit_counts_the_messages_about_all_customers_of_the_payer() -> None:
    family = Family()
    family.group_by("payer", contact_limit={"messages": 1, "days": 10})
    family.pay_for(1, 0)
    family.bill(0, 1, 1_000)
    family.bill(1, 6, 1_000)
    lived(family, 9)
    assert [set(shares(each)) for each in family.requests()] == [{CUS}]
    suppressed = [each for _, each in family.decided if isinstance(each, ReminderSuppressed)]
    assert {(each.cause, *shares(each)) for each in suppressed} == {("contact_limit", MEMBERS[1])}
    lived(family, 6)
    assert shares(family.requests()[-1])[MEMBERS[1]] == 1_000


def test_a_fact_about_one_customer_stops_the_message_with_its_event() -> None:
    for fact in ("settle", "roles", "hold"):
        family = paid_by_one()
        lived(family, 3)
        (request,) = family.requests()
        cases = family.rows.cases_of(request, ENT, family.today)
        assert cases is not None
        assert objected(request, cases, family.today, family.rows.policies()) is None
        if fact == "settle":
            family.settle(1, 2_000)
        elif fact == "roles":
            family.pay_for(1, None)
        else:
            family.as_member(1)
            family.hold(5)
        position = len(family.events)
        cases = family.rows.cases_of(request, ENT, family.today)
        assert cases is not None
        found = objected(request, cases, family.today, family.rows.policies())
        assert found is not None
        assert found.case.customer_id == MEMBERS[1]
        inputs = family.rows.inputs_of(found.case, (item.invoice_id for item in found.share.items))
        withdrawn = suppression(request, found.cause, inputs)
        assert position in withdrawn.because or fact == "settle"
        assert withdrawn.debtors == request.debtors
        family.add(withdrawn, request.reminder_id)
        lived(family, 1)
        again = next(each for each in family.requests()[1:] if each.customer_id == CUS)
        assert (again.day, shares(again).get(MEMBERS[1], 0)) == (family.today, 0)
        assert {item.step for item in again.items if item.customer_id == CUS} == {"J+2"}


def test_cash_of_a_customer_whose_invoice_is_wholly_disputed_stops_no_message() -> None:
    family = paid_by_one()
    family.as_member(1)
    family.dispute(1, 2_000)
    family.receive(500)
    lived(family, 3)
    (request,) = family.requests()
    assert shares(request) == dict(zip(MEMBERS, (1_000, 0, 3_000), strict=True))
    cases = family.rows.cases_of(request, ENT, family.today)
    assert cases is not None
    assert objected(request, cases, family.today, family.rows.policies()) is None


def test_a_message_is_checked_by_the_cases_of_its_items_alone() -> None:
    family = paid_by_one()
    family.as_member(1)
    family.hold(30)
    lived(family, 3)
    (request,) = family.requests()
    assert MEMBERS[1] in shares(request), "its suppressed step is recorded"
    absent = {MEMBERS[1], hold_stream(MEMBERS[1]), list(family.open)[1]}
    rows = folded({"all": [e for e in family.events if e.stream not in absent]})
    cases = rows.cases_of(request, ENT, family.today)
    assert cases is not None
    assert objected(request, cases, family.today, rows.policies()) is None


def test_a_payer_with_too_many_items_gets_several_messages_each_about_whole_customers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grouping, "ITEMS_MAX", 3)
    family = paid_by_one()
    for member in (0, 1, 2):
        family.bill(member, 1, 500)
    lived(family, 3)
    made = family.requests()
    assert [len(each.items) for each in made] == [2, 2, 2]
    assert [set(shares(each)) for each in made] == [{member} for member in sorted(MEMBERS)]
    assert len({each.reminder_id for each in made}) == 3
    assert all(again.equal for again in reperform_all(family.events, EVER))


def test_the_parts_of_one_message_are_one_contact(monkeypatch: pytest.MonkeyPatch) -> None:
    for size, messages in ((2_000, 1), (3, 3)):
        monkeypatch.setattr(grouping, "ITEMS_MAX", size)
        family = Family()
        family.group_by("payer", contact_limit={"messages": 2, "days": 9})
        for member in (1, 2):
            family.pay_for(member, 0)
        for member in (0, 0, 1, 1, 2, 2):
            family.bill(member, 1, 1_000)
        lived(family, 3)
        assert len(family.requests()) == messages
        for _ in range(2):
            family.bill(1, 0, 5_000)
            lived(family, 3)
        late = list(family.open)[-2:]
        taken = [item.invoice_id for each in family.requests() for item in each.items if item.step]
        assert [each in taken for each in late] == [True, False], size
        (limited,) = [each for _, each in family.decided if isinstance(each, ReminderSuppressed)]
        assert limited.cause == "contact_limit"
        requested = {each.position for each in family.events if isinstance(each.data, ReminderRequested)}
        assert requested <= {*limited.basis.input_events}


_MEMBER = st.integers(0, 2)
_ACTS = st.one_of(
    st.tuples(st.just("bill"), _MEMBER, st.integers(-40, 20), st.sampled_from([300, 9_000])),
    st.tuples(st.just("pay_for"), _MEMBER, st.sampled_from([None, 0, 1]), st.sampled_from([None, 2])),
    st.tuples(st.just("mark"), _MEMBER, st.sampled_from(["firm", "other"])),
    st.tuples(st.just("as_member"), _MEMBER),
    st.tuples(st.just("settle"), st.integers(0, 9), st.integers(1, 9_000)),
    st.tuples(st.just("unsettle"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("receive"), st.integers(1, 5_000)),
    st.tuples(st.just("dispute"), st.integers(0, 9), st.sampled_from([100, 9_000])),
    st.tuples(st.just("hold"), st.integers(0, 20)),
    st.tuples(st.just("promise"), st.integers(0, 9), st.integers(0, 20)),
    st.tuples(st.just("place"), st.integers(0, 9)),
    st.tuples(st.just("activate"), st.just("firm")),
    st.tuples(st.just("days"), st.integers(1, 15)),
)


def acted(by: str, acts: list[tuple[Any, ...]]) -> Family:
    family = paid_by_one(by, priority=10, contact_limit={"messages": 2, "days": 9})
    for name, *arguments in [*acts, ("days", 30)]:
        if name == "days":
            lived(family, arguments[0])
        else:
            getattr(family, name)(*arguments)
    return family


@given(st.sampled_from(["payer", "group"]), st.lists(_ACTS, min_size=4, max_size=20))
@settings(max_examples=_EXAMPLES, deadline=None)
def test_decisions_follow_again_from_the_ledger_and_no_step_is_taken_twice(
    by: str, acts: list[tuple[Any, ...]]
) -> None:
    family = acted(by, acts)
    for again in reperform_all(family.events, EVER):
        assert again.equal, again.differences()
    gone = {e.stream for e in family.events if isinstance(e.data, ReminderSuppressed) and e.version > 1}
    steps = [
        (item.invoice_id, item.step)
        for made in family.requests()
        for item in made.items
        if item.step and made.reminder_id not in gone
    ]
    assert len(steps) == len(set(steps))
    messages = Counter((made.customer_id, made.day, made.basis.policy_id) for made in family.requests())
    assert not messages or max(messages.values()) == 1
    for made in family.requests():
        owners = {item.invoice_id: family.owners[item.invoice_id] for item in made.items}
        if made.debtors:
            assert owners == {item.invoice_id: item.customer_id for item in made.items}
            assert made.amount_minor == sum(
                max(
                    0,
                    sum(i.asked_minor for i in made.items if i.customer_id == each.customer_id)
                    - each.credit_minor,
                )
                for each in made.debtors
            )


@given(st.sampled_from(["payer", "group"]), st.lists(_ACTS, min_size=4, max_size=20))
@settings(max_examples=_EXAMPLES, deadline=None)
def test_a_back_test_decides_as_the_run_did_and_days_left_out_have_no_decision(
    by: str, acts: list[tuple[Any, ...]]
) -> None:
    family = acted(by, acts)
    version = Trial(DEFAULT_ID, DEFAULT_POLICY.version, (), START, date.max, "UTC")
    jumped, daily = (replayed(family, version, every_day=each) for each in (False, True))
    assert jumped == daily
    real = [plain(made) for _, made in family.decided]
    assert sorted(jumped, key=str) == sorted(real, key=str)


def replayed(history: History, version: Trial, *, every_day: bool) -> list[dict[str, Any]]:
    replay = Replay(version, every_day=every_day)
    found = [each for _, each in replay.run(history.events) if each is not None]
    assert replay.unreadable == 0
    return [plain(as_event(each, UUID(int=1))) for each in found]


def plain(made: Any) -> dict[str, Any]:
    fields: dict[str, Any] = json.decode(encode(made))
    return {
        name: value
        for name, value in fields.items()
        if name not in {"basis", "decision_id", "reminder_id", "task_id"}
    }


def test_a_task_of_calling_the_payer_is_about_all_and_is_found_for_each() -> None:
    family = Family()
    call = {"code": "J+5", "offset_days": 5, "act": "call"}
    family.group_by("payer", steps=[STEPS[1], call])
    family.pay_for(1, 0)
    family.bill(0, 1, 1_000)
    family.bill(1, 1, 1_000)
    lived(family, 20)
    (task,) = [made for _, made in family.decided if isinstance(made, reminders.TaskOpened)]
    assert (task.customer_id, {each.customer_id for each in task.debtors}) == (CUS, set(MEMBERS[:2]))
    again = event(reminders.TaskRaised, task_id="tsk_1", customer_id=CUS, invoice_ids=tuple(family.open))
    family.add(again, "tsk_1")
    assert [set(row.debtor_ids) for row in family.rows.all(TaskRow)] == [set(MEMBERS[:2]), {MEMBERS[1]}]


def test_a_message_is_folded_for_one_of_its_customers_alone() -> None:
    family = paid_by_one()
    lived(family, 3)
    (request,) = family.requests()
    own = {MEMBERS[1], ENT, list(family.open)[1], request.reminder_id, request.basis.policy_id}
    rows = folded({"own": [e for e in family.events if e.stream in own]})
    (item,) = rows.all(ItemRow)
    (row,) = rows.all(ReminderRow)
    assert (item.done, row.status) == (["J+2"], "requested")


def test_components_join_payers_groups_and_merges_of_all_days() -> None:
    family = paid_by_one()
    found = components(family.rows.all(DebtorRow), [])
    assert found == dict.fromkeys(MEMBERS, frozenset(MEMBERS))
    assert all_in([MEMBERS[1], MEMBERS[2], "other"], found) == set(MEMBERS)
