"""Steps that need an approval: proposed, approved or declined by a person of the role, and never frozen."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

import pytest
from msgspec import json

from dunning_svc.domain.approval.decide import NotApproverOfStep, answered, settled
from dunning_svc.domain.approval.state import Approvers
from dunning_svc.domain.ladder.events import approval_task
from dunning_svc.domain.ladder.explain import Withdrawal, explain
from dunning_svc.domain.policy.checks import PolicyContradicts, require_consistent
from dunning_svc.domain.policy.written import document_of, written
from dunning_svc.domain.reminder.state import REMINDER
from dunning_svc.domain.task.commands import CompleteTask, PostponeTask, ReopenTask
from dunning_svc.domain.task.decide import ApprovalIsBound, postpone, reopen
from dunning_svc.domain.task.outcome import OutcomeDetails, TaskIsCompleted, complete
from dunning_svc.domain.task.state import TASK, Task
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.read_models.cases.rows.reminders import ReminderRow
from dunning_svc.read_models.cases.rows.tasks import TaskRow
from dunning_svc.use_cases.reminders import record_settled
from dunning_svc.use_cases.tasks import complete_task
from encours.contracts import Event
from encours.contracts.events.dunning.reminders import (
    ReminderRequested,
    ReminderSuppressed,
    TaskCompleted,
)
from encours.contracts.events.sales.approval import ApprovalSet, Approver
from encours.kernel.ids import with_prefix
from encours.ledger.session import Session
from encours.testing.events import event
from encours.testing.memory import BooksInMemory
from tests.histories.approvals import APPROVERS, answer, proposals
from tests.histories.dunning import GROUP, History
from tests.histories.policies import ROLE, STEPS, written_policy


def policy(step: str = "J+20", **approval: Any) -> dict[str, Any]:
    """A policy whose step needs an approval."""
    asked = {"role": ROLE} | approval
    return written_policy(
        steps=[each | {"approval": asked} if each["code"] == step else each for each in STEPS]
    )


def ledger(plain: dict[str, Any] | None = None, amount: int = 50_000) -> History:
    history = History()
    history.activate_document("own", document_of(plain or policy()))
    history.issue(1, amount)
    return history


def until_proposed(history: History) -> ReminderRequested:
    while not proposals(history):
        history.open_day()
    (request,) = proposals(history)
    return request


def days(history: History, count: int) -> None:
    for _ in range(count):
        history.open_day()


def steps(history: History) -> list[str]:
    taken = (each for _, each in history.decided if not isinstance(each, ReminderSuppressed))
    return [item.step for each in taken for item in each.items if item.step]


def reminder(history: History, request: ReminderRequested) -> ReminderRow:
    row = history.rows.get(ReminderRow, request.reminder_id)
    assert row is not None
    return row


def task(history: History, request: ReminderRequested) -> Task:
    stream = with_prefix(request.reminder_id, "tsk")
    return TASK.fold([e for e in history.events if e.stream == stream])


def test_a_step_that_needs_an_approval_is_proposed_with_a_task_for_its_role() -> None:
    history = ledger()
    request = until_proposed(history)
    assert request.step == "J+20"
    assert request.approval is not None
    assert (request.approval.role, request.approval.until) == (ROLE, request.day + timedelta(days=3))
    row = reminder(history, request)
    assert (row.status, row.approver) == ("proposed", ROLE)
    work = history.rows.get(TaskRow, with_prefix(request.reminder_id, "tsk"))
    assert work is not None
    assert (work.kind, work.state.due_on, work.amount_minor) == ("approval", request.approval.until, 50_000)


def test_an_approved_message_may_leave_and_counts_from_the_day_of_its_approval() -> None:
    history = ledger()
    request = until_proposed(history)
    days(history, 2)
    assert answer(history, "approved") == request
    row = reminder(history, request)
    assert (row.status, row.approved_on, row.leaves_on) == ("requested", history.today, history.today)
    item = history.rows.all(ItemRow)[0]
    assert item.taken[-1].split(" ")[:2] == ["J+20", str(history.today)]
    case = history.rows.case(GROUP)
    assert case is not None
    assert case.contacts[-1].on == history.today


def test_a_declined_step_is_suppressed_with_its_reason_and_the_ladder_goes_on() -> None:
    history = ledger()
    request = until_proposed(history)
    answer(history, "declined")
    row = reminder(history, request)
    assert (row.status, row.cause, row.text) == ("suppressed", "declined", "Not to this one")
    days(history, 30)
    assert steps(history) == ["J+2", "J+20", "J+40"], "not proposed again"
    found = explain(
        request,
        history.rows.policies().version_of(request.basis),
        "en",
        Withdrawal("declined", (), row.text),
    )
    assert 'The person who was to approve the step declined it. "Not to this one"' in found.reasons
    assert any("approval of the role credit_manager until" in each for each in found.reasons)


def test_after_a_declined_first_reminder_no_formal_notice_is_the_first_contact() -> None:
    only = [STEPS[0], STEPS[1] | {"approval": {"role": ROLE}}, STEPS[3]]
    history = ledger(written_policy(steps=only))
    until_proposed(history)
    answer(history, "declined")
    days(history, 60)
    assert steps(history) == ["J+2"]
    assert history.decided[-1][1].step == "J+40"


def test_a_message_that_waits_is_no_contact_before_a_formal_notice() -> None:
    """After a hold J+2 is proposed on J+33, for 30 days; the formal notice is due on J+40."""
    only = [STEPS[0], STEPS[1] | {"approval": {"role": ROLE, "days": 30}}, STEPS[3]]
    history = ledger(written_policy(steps=only))
    history.hold(32)
    until_proposed(history)
    days(history, 25)
    assert steps(history) == ["J+2"]
    answer(history, "approved")
    days(history, 8)
    assert steps(history) == ["J+2", "J+40"]


@pytest.mark.parametrize(
    ("unanswered", "status", "cause", "outcome"),
    [("decline", "suppressed", "not_approved", "unanswered"), ("send", "requested", None, "sent_unanswered")],
)
def test_without_an_answer_the_policy_decides_and_the_ladder_never_waits(
    unanswered: str, status: str, cause: str | None, outcome: str
) -> None:
    history = ledger(policy(unanswered=unanswered))
    request = until_proposed(history)
    days(history, 3)
    assert reminder(history, request).status == "proposed"
    days(history, 1)
    row = reminder(history, request)
    assert (row.status, row.cause) == (status, cause)
    assert task(history, request).outcome == outcome
    days(history, 25)
    assert steps(history) == ["J+2", "J+20", "J+40"]


def test_a_proposal_whose_grounds_have_gone_is_withdrawn_and_its_step_is_open_again() -> None:
    history = ledger()
    request = until_proposed(history)
    history.settle(0, 50_000)
    days(history, 1)
    row = reminder(history, request)
    assert (row.status, row.cause) == ("suppressed", "paid_meanwhile")
    assert row.because
    assert task(history, request).outcome == "withdrawn"
    history.unsettle(0, reverse=True)
    days(history, 2)
    assert steps(history) == ["J+2", "J+20", "J+20"]


def test_a_declined_step_takes_no_step_from_another_invoice_of_the_message() -> None:
    history = ledger()
    history.issue(19, 40_000)
    request = until_proposed(history)
    assert [item.step for item in request.items] == ["J+20", "J+2"]
    answer(history, "declined")
    days(history, 1)
    _, last = history.decided[-1]
    assert (last.step, [item.step for item in last.items]) == ("J+2", ["", "J+2"])


@pytest.mark.parametrize(("amount", "waits"), [(10_000, False), (10_001, True)])
def test_a_small_amount_needs_no_approval(amount: int, waits: bool) -> None:
    history = ledger(policy(above={"EUR": "100.00"}), amount)
    days(history, 25)
    found = next(each for _, each in history.decided if each.step == "J+20")
    assert isinstance(found, ReminderRequested)
    assert (found.approval is not None) == waits


def test_only_an_approver_of_the_role_decides_on_the_days_that_it_has() -> None:
    history = ledger()
    request = until_proposed(history)
    open_task = task(history, request)
    made = REMINDER.fold([e for e in history.events if e.stream == request.reminder_id])
    yes = CompleteTask(open_task.begun.task_id, "approved")
    for actor in ("boss", "clerk"):
        with pytest.raises(NotApproverOfStep):
            answered(open_task, made, yes, Approvers(), actor, history.today)
    stand_in = Approvers(
        (
            Approver(
                role=ROLE, actor="clerk", from_on=date(2026, 1, 1), until_on=history.today, in_place_of="boss"
            ),
        )
    )
    ((_, completed),) = answered(open_task, made, yes, stand_in, "clerk", history.today)
    assert isinstance(completed, TaskCompleted)
    assert completed.approval is not None
    assert completed.approval.in_place_of == "boss"
    with pytest.raises(NotApproverOfStep):
        answered(open_task, made, yes, stand_in, "clerk", history.today + timedelta(days=1))


def test_an_answer_is_given_once_and_has_no_other_details() -> None:
    history = ledger()
    request = until_proposed(history)
    made = REMINDER.fold([e for e in history.events if e.stream == request.reminder_id])
    for outcome, text, more in (
        ("done", None, {}),
        ("declined", None, {}),
        ("approved", None, {"next_on": history.today}),
    ):
        cmd = CompleteTask(request.reminder_id, outcome, text, **more)  # type: ignore[arg-type]
        with pytest.raises(OutcomeDetails):
            answered(task(history, request), made, cmd, APPROVERS, "boss", history.today)
    bound = task(history, request)
    with pytest.raises(ApprovalIsBound):
        postpone(bound, PostponeTask("t", history.today, "later"), history.today)
    answer(history, "declined")
    again = CompleteTask(request.reminder_id, "declined", "Not to this one")
    assert answered(task(history, request), made, again, APPROVERS, "boss", history.today) == []
    with pytest.raises(TaskIsCompleted):
        answered(
            task(history, request), made, CompleteTask("t", "approved"), APPROVERS, "boss", history.today
        )
    with pytest.raises(ApprovalIsBound):
        reopen(task(history, request), ReopenTask("t", None, "wrong"), history.today)


def test_other_tasks_are_neither_approved_nor_declined() -> None:
    history = History()
    history.issue(3, 50_000)
    days(history, 20)
    call = next(e for e in history.events if e.type == "task.opened")
    with pytest.raises(OutcomeDetails):
        complete(TASK.fold([call]), CompleteTask(call.stream, "approved"), history.today)


def test_a_message_is_withdrawn_once_its_invoice_has_taken_a_later_step() -> None:
    """After a hold J+20 is proposed on J+39, for 19 days; J+40 comes a week later."""
    history = ledger(policy(days=19, unanswered="send"))
    history.hold(32)
    request = until_proposed(history)
    days(history, 8)
    assert steps(history) == ["J+2", "J+20", "J+40"]
    assert (reminder(history, request).cause, proposals(history)) == ("changed_meanwhile", [])
    days(history, 30)
    assert steps(history) == ["J+2", "J+20", "J+40"]


def test_an_approval_is_of_a_message_and_ends_before_the_next_step() -> None:
    for plain, pointer in (
        (policy(days=20), "/steps/2/approval/days"),
        (policy(above={"USD": "1.00"}), "/minimums"),
    ):
        with pytest.raises(PolicyContradicts) as refused:
            require_consistent(document_of(plain))
        assert [each.pointer for each in refused.value.errors] == [pointer]
    call = {"code": "J+30", "offset_days": 30, "act": "call", "approval": {"role": ROLE}}
    with pytest.raises(PolicyContradicts) as refused:
        require_consistent(document_of(written_policy(steps=[*STEPS[:3], call])))
    assert [each.pointer for each in refused.value.errors] == ["/steps/3/approval"]
    require_consistent(document_of(policy(days=19)))


def test_an_approval_is_written_and_read_and_a_document_without_one_stays_as_it_was() -> None:
    plain = policy(days=5, unanswered="send", above={"EUR": "100.00"})
    assert document_of(written(document_of(plain))) == document_of(plain)
    assert b"approval" not in json.encode(document_of(written_policy()))


def test_what_is_approved_on_any_day_leaves_on_a_business_day_of_the_policy() -> None:
    history = ledger(policy() | {"acts_on": "business_days"})
    request = until_proposed(history)
    assert request.hours is not None
    assert (request.hours.until_time, request.hours.business_days_of) == ("24:00", "FR")
    while history.today.weekday() != 5:
        history.today += timedelta(days=1)
    answer(history, "approved")
    assert reminder(history, request).leaves_on == history.today + timedelta(days=2)


async def _emit(session: Session, *events: tuple[str, Event]) -> None:
    for stream, each in events:
        await session.load(TASK, stream)
        session.emit(stream, each, entity="ent_1")


@pytest.mark.parametrize(
    ("outcome", "written_to"),
    [("approved", ["task.completed"]), ("declined", ["task.completed", "reminder.suppressed"])],
)
def test_the_answer_is_recorded_in_one_command_by_the_circuit_of_the_creditor(
    outcome: Literal["approved", "declined"], written_to: list[str]
) -> None:
    request = until_proposed(ledger())
    asked = approval_task(request)
    assert asked is not None
    books, cmd = BooksInMemory(), CompleteTask(asked.task_id, outcome, "Seen")
    books.do(_emit, (request.reminder_id, request), (asked.task_id, asked))
    with pytest.raises(NotApproverOfStep):
        books.do(complete_task, cmd, None)
    boss = event(Approver, role=ROLE, actor="test", from_on=None, until_on=None)
    books.do(_emit, ("ent_1", event(ApprovalSet, entity_id="ent_1", approvers=(boss,))))
    before = len(books.ledger.events)
    books.do(complete_task, cmd, None)
    assert books.kinds(before) == written_to
    books.do(complete_task, cmd, None)
    assert books.kinds(before) == written_to, "repeated"


def test_a_proposal_is_withdrawn_in_the_ledger_once() -> None:
    request = until_proposed(ledger())
    asked = approval_task(request)
    assert asked is not None
    books = BooksInMemory()
    books.do(_emit, (request.reminder_id, request), (asked.task_id, asked))
    withdrawn = settled(request, "customer_on_hold", (), request.day)
    for _ in range(2):
        books.do(record_settled, request.reminder_id, withdrawn, "ent_1")
    assert books.kinds(2) == ["task.completed", "reminder.suppressed"]
