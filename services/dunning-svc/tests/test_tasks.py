"""Tasks: what follows from an outcome, other due days, and tasks that are opened again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from dunning_svc.domain.policy.policy import USUAL_TERMS
from dunning_svc.domain.promise.commands import PromiseBasis, PromisedInvoice
from dunning_svc.domain.promise.decide import Promising
from dunning_svc.domain.task import decide
from dunning_svc.domain.task.commands import (
    CompleteTask,
    PostponeTask,
    PromisedPayment,
    RaiseTask,
    ReopenTask,
)
from dunning_svc.domain.task.outcome import TaskIsCompleted, complete
from dunning_svc.domain.task.state import TASK
from dunning_svc.read_models.cases.model import Cases
from dunning_svc.read_models.cases.rows.tasks import TaskRow
from dunning_svc.use_cases.tasks import complete_task, raise_task
from encours.contracts import Event
from encours.contracts.events.dunning.promises import PromiseMade
from encours.contracts.events.dunning.reminders import DunnedItem, TaskCompleted, TaskOpened, TaskRaised
from encours.contracts.events.dunning.tasks import TaskPostponed, TaskReopened
from encours.contracts.events.parties.customer import CustomerMerged, CustomerRegistered
from encours.kernel.ids import derived_id
from encours.ledger.session import Session
from encours.projection.rows import table_of
from encours.reading.moment import Granted
from encours.testing.events import event, issued
from encours.testing.folding import Folding
from encours.testing.history import happened, recorded, stream_of
from encours.testing.memory import BooksInMemory
from encours.testing.scenario import Given, given

TSK = derived_id("tsk", 1)
FRIDAY, MONDAY = date(2026, 3, 6), date(2026, 3, 9)


def call(*more: Event, **changes: Any) -> Given[Any]:
    """A call of the ladder about two invoices."""
    items = tuple(event(DunnedItem, invoice_id=name, asked_minor=6_000) for name in ("inv_1", "inv_2"))
    usual: dict[str, Any] = {"kind": "call", "items": items, "amount_minor": 12_000, "currency": "EUR"}
    opened = event(TaskOpened, task_id=TSK, day=FRIDAY, **(usual | changes))
    return given(TASK, opened, *more, on=FRIDAY)


class Owed:
    """Debts of 60.00 on each of these invoices."""

    def __init__(self, *invoice_ids: str, customer_id: str = "cus_1") -> None:
        invoices = [PromisedInvoice(each, customer_id, "ent_1", "EUR", 6_000, ()) for each in invoice_ids]
        self.basis = PromiseBasis(invoices=invoices, terms=USUAL_TERMS, country="FR")

    async def promise_basis(
        self, invoice_ids: Sequence[str], day: date, granted: Granted = None
    ) -> PromiseBasis:
        return self.basis.about(invoice_ids)


PROMISING = Promising(Owed("inv_1", "inv_2").basis)


def outcome(name: Any, **changes: Any) -> CompleteTask:
    return CompleteTask(TSK, name, **changes)


def test_a_promise_by_phone_is_made_in_the_same_command() -> None:
    cmd = outcome("promised", promises=(PromisedPayment(date(2026, 3, 12)),))
    (_, done), (_, promise) = (
        call().when(complete, cmd, FRIDAY, PROMISING).then_types(TaskCompleted, PromiseMade)
    )
    assert (promise.amount_minor, promise.invoice_ids) == (12_000, ("inv_1", "inv_2"))
    assert (promise.suspended_until, promise.source) == (date(2026, 3, 13), "call")
    assert done.promise_id == promise.promise_id


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("paid_says", "payment", "The debtor says that it has paid, on 2026-03-05"),
        ("disputed", "dispute", "The debtor objects"),
        ("wrong_contact", "address", "Wrong contact"),
    ],
)
def test_an_outcome_opens_the_task_that_follows_on_the_next_business_day(
    name: str, kind: str, said: str
) -> None:
    paid_on = date(2026, 3, 5) if name == "paid_says" else None
    cmd = outcome(name, paid_on=paid_on)
    (_, done), (_, task) = call().when(complete, cmd, FRIDAY).then_types(TaskCompleted, TaskRaised)
    assert (task.kind, task.cause, task.due_on) == (kind, said, MONDAY)
    assert (task.follows_id, done.follow_up_id) == (TSK, task.task_id)
    assert task.invoice_ids == ("inv_1", "inv_2")


def test_without_an_answer_the_call_is_made_again_on_the_day_given() -> None:
    cmd = outcome("no_answer", next_on=date(2026, 3, 11))
    _, (_, again) = call().when(complete, cmd, FRIDAY).then_types(TaskCompleted, TaskRaised)
    assert (again.kind, again.due_on, again.amount_minor) == ("call", date(2026, 3, 11), 12_000)


@pytest.mark.parametrize(
    "cmd",
    [
        outcome("promised"),
        outcome("done", promises=(PromisedPayment(MONDAY),)),
        outcome("promised", promises=(PromisedPayment(date(2026, 3, 5)),)),
        outcome("promised", promises=(PromisedPayment(MONDAY, invoice_ids=("inv_3",)),)),
        outcome("promised", promises=(PromisedPayment(MONDAY, 100, "USD"),)),
        outcome("no_answer"),
        outcome("no_answer", next_on=date(2026, 3, 5)),
        outcome("done", next_on=MONDAY),
        outcome("done", paid_on=FRIDAY),
        outcome("paid_says", paid_on=MONDAY),
        outcome("other"),
    ],
    ids=repr,
)
def test_details_that_do_not_fit_the_outcome_are_refused(cmd: CompleteTask) -> None:
    call().when(complete, cmd, FRIDAY).refused("outcome-details")


def test_a_task_without_an_amount_needs_one_for_a_promise() -> None:
    nothing = call(amount_minor=0)
    promise = PromisedPayment(MONDAY)
    nothing.when(complete, outcome("promised", promises=(promise,)), FRIDAY).refused("outcome-details")
    known = PromisedPayment(MONDAY, 5_000, "EUR")
    made = nothing.when(complete, outcome("promised", promises=(known,)), FRIDAY, PROMISING)
    made.then_types(TaskCompleted, PromiseMade)


def test_each_debtor_of_a_task_promises_its_own_amount_and_day() -> None:
    of_each = {"inv_1": "cus_1", "inv_2": "cus_2", "inv_3": "cus_2"}
    invoices = [PromisedInvoice(each, debtor, "ent_1", "EUR", 6_000, ()) for each, debtor in of_each.items()]
    others = {"cus_2": (with_fields(USUAL_TERMS, days_ahead_max=7), "FR")}
    known = Promising(PromiseBasis(invoices, USUAL_TERMS, "FR", {"cus_2": 100}, others))
    items = tuple(event(DunnedItem, invoice_id=each, customer_id=of_each[each]) for each in of_each)
    task = call(items=items, amount_minor=18_000)
    first = PromisedPayment(date(2026, 3, 20), customer_id="cus_1")
    second = PromisedPayment(date(2026, 3, 12), 7_000, "EUR", customer_id="cus_2")
    said = outcome("promised", promises=(first, second))
    found = task.when(complete, said, FRIDAY, known).then_types(TaskCompleted, PromiseMade, PromiseMade)
    (_, done), *made = found
    assert [
        (stream, each.customer_id, each.amount_minor, each.invoice_ids, each.promised_on, each.credit_minor)
        for stream, each in made
    ] == [
        (done.promise_id, "cus_1", 6_000, ("inv_1",), first.promised_on, 0),
        (*done.further_promise_ids, "cus_2", 7_000, ("inv_2", "inv_3"), second.promised_on, 100),
    ]
    again = [each for _, each in made]
    repeated = call(done, items=items, amount_minor=18_000)
    repeated.when(complete, said, FRIDAY, known, again).then()
    later = outcome("promised", promises=(first, replace(second, promised_on=date(2026, 3, 13))))
    repeated.when(complete, later, FRIDAY, known, again).refused("task-completed")
    for wrong, code, at in (
        (replace(second, customer_id="cus_9"), "outcome-details", "/promises/1/customer_id"),
        (replace(second, invoice_ids=("inv_1",)), "outcome-details", "/promises/1/invoice_ids"),
        (replace(second, customer_id="cus_1"), "outcome-details", "/promises/1/invoice_ids"),
        (replace(second, amount_minor=12_001), "promise-above-owed", "/promises/1/amount/amount"),
        (replace(second, promised_on=date(2026, 3, 14)), "promised-day-too-late", "/promises/1/promised_on"),
        (replace(second, customer_id=None), "promise-of-several-debtors", "/promise/invoice_ids"),
    ):
        only = (first, wrong) if wrong.customer_id else (wrong,)
        refused = task.when(complete, outcome("promised", promises=only), FRIDAY, known).refused(code)
        assert [each.pointer for each in refused.errors] == [at], wrong


def test_the_same_outcome_again_changes_nothing_and_another_needs_the_task_reopened() -> None:
    wrong = outcome("disputed", text="price")
    done: list[Any] = [each for _, each in complete(call().state, wrong, FRIDAY)]
    completed = call(done[0])
    completed.when(complete, wrong, FRIDAY).then()
    completed.when(complete, outcome("done"), FRIDAY).refused("task-completed")
    completed.when(decide.postpone, PostponeTask(TSK, MONDAY, "ill"), FRIDAY).refused("task-completed")
    (reopened,) = decide.reopen(completed.state, ReopenTask(TSK, None, "mistaken"), MONDAY)
    assert reopened.due_on == MONDAY
    again = call(done[0], reopened)
    again.when(decide.reopen, ReopenTask(TSK, None, "mistaken"), MONDAY).then()
    _, (_, second) = again.when(complete, wrong, MONDAY).then_types(TaskCompleted, TaskRaised)
    assert second.task_id != done[1].task_id


def test_other_details_of_the_same_outcome_are_no_repetition() -> None:
    books = BooksInMemory()
    registered = event(CustomerRegistered, customer_id=CUS, entity_id="ent_1")
    books.do(_emit, registered, issued(12_000, invoice_id=INV, customer_id=CUS))
    for task_id, first, other in (
        (
            TSK,
            {"outcome": "promised", "promises": (PromisedPayment(date(2027, 1, 1), 6_000, "EUR"),)},
            {"promises": (PromisedPayment(date(2027, 1, 8), 6_000, "EUR"),)},
        ),
        (
            derived_id("tsk", 2),
            {"outcome": "no_answer", "next_on": date(2027, 1, 1)},
            {"next_on": date(2027, 1, 8)},
        ),
    ):
        books.do(raise_task, by_hand(task_id=task_id))
        said: dict[str, Any] = {"task_id": task_id, "text": "on the phone"} | first
        books.do(complete_task, CompleteTask(**said), Owed(INV, customer_id=CUS))
        before = len(books.ledger.events)
        books.do(complete_task, CompleteTask(**said), Owed(INV, customer_id=CUS))
        assert len(books.ledger.events) == before
        with pytest.raises(TaskIsCompleted, match="with other details"):
            books.do(complete_task, CompleteTask(**said | other), Owed(INV, customer_id=CUS))


def test_a_task_is_postponed_to_a_day_that_has_not_passed() -> None:
    (postponed,) = (
        call().when(decide.postpone, PostponeTask(TSK, MONDAY, "ill"), FRIDAY).then_types(TaskPostponed)
    )
    call(postponed).when(decide.postpone, PostponeTask(TSK, MONDAY, "ill"), FRIDAY).then()
    past = PostponeTask(TSK, date(2026, 3, 5), "ill")
    call().when(decide.postpone, past, FRIDAY).refused("task-due-in-the-past")


CUS, OTHER, INV = derived_id("cus", 1), derived_id("cus", 2), derived_id("inv", 1)


def by_hand(**changes: Any) -> RaiseTask:
    usual: dict[str, Any] = {
        "task_id": TSK, "customer_id": CUS, "kind": "call", "cause": "Ask", "due_on": None,
        "invoice_ids": (INV,), "amount_minor": None, "currency": None,
    }  # fmt: skip
    return RaiseTask(**(usual | changes))


async def _emit(session: Session, *events: Event) -> None:
    for each in events:
        stream = stream_of(each)
        await session.load(TASK, stream)
        session.emit(stream, each, entity="ent_1")


def test_a_task_by_hand_is_about_invoices_of_the_customer_and_its_merged_records() -> None:
    books = BooksInMemory()
    registered = [event(CustomerRegistered, customer_id=name, entity_id="ent_1") for name in (CUS, OTHER)]
    books.do(_emit, *registered, issued(12_000, invoice_id=INV, customer_id=OTHER))
    with pytest.raises(decide.ClaimOfAnother):
        books.do(raise_task, by_hand())
    books.do(_emit, event(CustomerMerged, customer_id=OTHER, into_id=CUS))
    books.do(raise_task, by_hand())
    promise = PromisedPayment(date(2027, 1, 1), 6_000, "EUR")
    books.do(complete_task, outcome("promised", promises=(promise,)), Owed(INV, customer_id=CUS))
    assert [e.type for e in books.ledger.events][-3:] == ["task.raised", "task.completed", "promise.made"]


def test_every_state_of_a_task_stays_in_its_row() -> None:
    opened = event(TaskRaised, task_id=TSK, kind="call", cause="Ask", day=FRIDAY)
    done = event(TaskCompleted, task_id=TSK, outcome="done")
    reopened = event(TaskReopened, task_id=TSK, due_on=MONDAY)
    folding = Folding(Cases())
    folding.fold(happened(opened, event(TaskPostponed, task_id=TSK, due_on=MONDAY), done, on=FRIDAY))
    assert folding.tables()["task"][(TSK,)][-2:] == (3, FRIDAY)
    folding.fold([recorded(reopened, position=4, effective_on=MONDAY)])
    (row,) = (
        TaskRow(**dict(zip(table_of(TaskRow).names, each, strict=True)))
        for each in folding.tables()["task"].values()
    )
    assert [json.loads(each)["status"] for each in row.states] == ["open", "open", "completed", "open"]
    assert (row.state.due_on, row.state.outcome, row.closed_on) == (MONDAY, None, None)
