"""Steps of the title procedure: its days, what ends it, and nothing else sent meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, cast

import pytest

from dunning_svc.domain.policy.written import document_of
from dunning_svc.domain.title.commands import (
    ContestTitle,
    EndTitle,
    EnforceTitle,
    RequestTitle,
    ServeTitle,
    TitleDebtor,
    TitleInvoice,
)
from dunning_svc.domain.title.decide import (
    TitleDayRefused,
    TitleNotOpen,
    TitleStepRefused,
    contest,
    end,
    enforce,
    overtaken,
    request,
    serve,
)
from dunning_svc.domain.title.eligibility import TitleClaim
from dunning_svc.domain.title.state import TITLE, Title
from dunning_svc.http.titles.answers import TitleOut
from dunning_svc.use_cases.legal.titles import title_debtor
from encours.contracts import Event
from encours.contracts.events.dunning.reminders import TaskCompleted, TaskRaised
from encours.contracts.events.dunning.titles import (
    TitleContested,
    TitleEnded,
    TitleEnforceable,
    TitleRequested,
    TitleServed,
)
from encours.kernel.errors import Refusal
from encours.legal.title import TitleProcedure, title_procedure
from encours.testing.history import happened
from tests.histories.approvals import proposals
from tests.histories.dunning import CUS, GROUP, History
from tests.histories.policies import ROLE, STEPS, written_policy

TODAY = date(2026, 6, 10)
SERVED = date(2026, 6, 12)
CLAIM = TitleClaim("EUR", date(2026, 3, 1), 50_000, 0, 0, 0, noticed=True, stayed=False, placed=False)
DEBTOR = TitleDebtor("cus_1", "FR", {"inv_1": TitleInvoice("FAC-1", "ent_1", CLAIM)}, {"ent_1": "FR"}, 0)
REQUEST = RequestTitle("cus_1", ("inv_1",), "Me Martin", None)
PROCEDURE = cast(TitleProcedure, title_procedure("FR", TODAY))


def requested() -> TitleRequested:
    return request(DEBTOR, REQUEST, TODAY)


def after(*steps: Any, on: date = date(2027, 1, 1)) -> Title:
    """Return the state after the request and some steps."""
    events: list[Event] = [requested()]
    for decide, *command in steps:
        own = [event for stream, event in decide(folded(events), *command) if stream == events[0].title_id]  # type: ignore[attr-defined]
        events += own
    return folded(events)


def folded(events: list[Event]) -> Title:
    return TITLE.fold(happened(*events))


ID = requested().title_id
SERVE = (serve, ServeTitle(ID, SERVED, "4711"), PROCEDURE, DEBTOR, date(2027, 1, 1))
ENFORCE = (enforce, EnforceTitle(ID, date(2026, 8, 3), "R-1"), DEBTOR, date(2027, 1, 1))
CONTEST = ContestTitle(ID, date(2026, 6, 20), "The goods never came")


def kinds(found: list[Any]) -> list[type]:
    return [type(event) for _, event in found]


def test_a_title_is_requested_for_eligible_invoices_with_the_rules_that_applied() -> None:
    made = requested()
    assert (made.amount_minor, made.requested_on, made.officer) == (50_000, TODAY, "Me Martin")
    assert (made.rules.silence_months, made.rules.record_days, made.rules.silent) == (1, 8, True)


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        (replace(CLAIM, disputed_minor=1), "disputed"),
        (replace(CLAIM, noticed=False), "formal_notice_missing"),
        (replace(CLAIM, stayed=True), "insolvency"),
        (replace(CLAIM, in_procedure=True), "in_procedure"),
        (replace(CLAIM, due_on=TODAY), "not_due"),
    ],
)
def test_an_invoice_that_the_procedure_is_not_open_to_is_refused_with_the_reasons(
    claim: TitleClaim, reason: str
) -> None:
    debtor = replace(DEBTOR, invoices={"inv_1": TitleInvoice("FAC-1", "ent_1", claim)})
    with pytest.raises(TitleNotOpen, match=reason):
        request(debtor, REQUEST, TODAY)


def test_a_notice_sent_elsewhere_counts_and_unknown_invoices_do_not() -> None:
    claim = replace(CLAIM, noticed=False)
    debtor = replace(DEBTOR, invoices={"inv_1": TitleInvoice("FAC-1", "ent_1", claim)})
    made = request(debtor, replace(REQUEST, notice_on=date(2026, 5, 2)), TODAY)
    assert made.notice_on == date(2026, 5, 2)
    with pytest.raises(TitleDayRefused):
        request(debtor, replace(REQUEST, notice_on=TODAY + timedelta(days=1)), TODAY)
    with pytest.raises(TitleNotOpen, match="no open invoice"):
        request(DEBTOR, replace(REQUEST, invoice_ids=("inv_1", "inv_9")), TODAY)


def test_service_starts_the_time_to_contest_and_raises_a_task_for_its_end() -> None:
    found = serve(after(), SERVE[1], PROCEDURE, DEBTOR, date(2027, 1, 1))
    assert kinds(found) == [TitleServed, TaskRaised]
    served, task = (event for _, event in found)
    # One month after 12 June is a Sunday: the next working day; eight days later is 21 July.
    assert (served.contest_until, served.record_from) == (date(2026, 7, 13), date(2026, 7, 21))  # type: ignore[attr-defined]
    assert (task.kind, task.due_on) == ("title", date(2026, 7, 21))  # type: ignore[attr-defined]
    assert serve(after(SERVE), SERVE[1], PROCEDURE, DEBTOR, date(2027, 1, 1)) == []


def test_a_contest_ends_the_procedure_and_a_person_examines_the_objection() -> None:
    found = contest(after(SERVE), CONTEST, date(2027, 1, 1))
    assert kinds(found) == [TitleContested, TaskRaised, TitleEnded, TaskCompleted]
    task, ended = found[1][1], found[2][1]
    assert isinstance(task, TaskRaised)
    assert isinstance(ended, TitleEnded)
    assert (task.kind, task.cause) == ("dispute", "The goods never came")
    assert (ended.outcome, ended.invoice_ids) == ("contested", ("inv_1",))


def test_a_title_is_enforceable_no_day_before_non_contestation_may_be_recorded() -> None:
    early = EnforceTitle(ID, date(2026, 7, 20), None)
    with pytest.raises(TitleDayRefused):
        enforce(after(SERVE), early, DEBTOR, date(2027, 1, 1))
    with pytest.raises(TitleStepRefused):
        enforce(after(), early, DEBTOR, date(2027, 1, 1))
    found = enforce(after(SERVE), ENFORCE[1], DEBTOR, date(2027, 1, 1))
    assert kinds(found) == [TitleEnforceable, TaskCompleted]
    assert after(SERVE, ENFORCE).status == "enforceable"


@pytest.mark.parametrize(
    ("state", "act"),
    [
        (after(SERVE, ENFORCE), lambda s: contest(s, CONTEST, date(2027, 1, 1))),
        (after(SERVE), lambda s: end(s, EndTitle(ID, "enforced", "x"))),
        (
            after((end, EndTitle(ID, "withdrawn", "x"))),
            lambda s: serve(s, SERVE[1], PROCEDURE, DEBTOR, TODAY),
        ),
    ],
)
def test_a_step_out_of_order_is_refused(state: Title, act: Any) -> None:
    with pytest.raises(Refusal) as refused:
        act(state)
    assert refused.value.code == "title-step-refused"


@pytest.mark.parametrize(
    ("state", "act"),
    [
        (
            after(SERVE),
            lambda s: serve(s, replace(SERVE[1], reference="4712"), PROCEDURE, DEBTOR, date(2027, 1, 1)),
        ),
        (
            after(SERVE, ENFORCE),
            lambda s: enforce(
                s, replace(ENFORCE[1], enforceable_on=date(2026, 8, 4)), DEBTOR, date(2027, 1, 1)
            ),
        ),
        (
            after((contest, CONTEST, date(2027, 1, 1))),
            lambda s: contest(s, replace(CONTEST, cause="Another"), date(2027, 1, 1)),
        ),
    ],
)
def test_a_step_is_recorded_once_and_another_content_is_refused(state: Title, act: Any) -> None:
    with pytest.raises(TitleStepRefused):
        act(state)


def test_payment_of_all_and_insolvency_end_it_and_payment_of_a_part_does_not() -> None:
    assert overtaken(after(SERVE), {"inv_1": "open"}, insolvent=False) == []
    paid = overtaken(after(SERVE), {"inv_1": "paid"}, insolvent=False)
    assert kinds(paid) == [TitleEnded, TaskCompleted]
    assert paid[0][1].outcome == "paid"  # type: ignore[attr-defined]
    insolvent = overtaken(after(), {"inv_1": "open"}, insolvent=True)
    assert [each.outcome for _, each in insolvent] == ["insolvency"]  # type: ignore[attr-defined]
    assert overtaken(after((end, EndTitle(ID, "withdrawn", "x"))), {"inv_1": "paid"}, insolvent=True) == []


def test_a_write_off_or_a_credit_note_ends_it_and_is_no_payment() -> None:
    given_up = overtaken(after(SERVE), {"inv_1": "given_up"}, insolvent=False)
    assert kinds(given_up) == [TitleEnded, TaskCompleted]
    assert given_up[0][1].outcome == "withdrawn"  # type: ignore[attr-defined]


def test_the_answer_shows_steps_and_days() -> None:
    shown = TitleOut.of(after(SERVE, ENFORCE))
    assert (shown.status, shown.contest_until, shown.outcome) == ("enforceable", date(2026, 7, 13), None)
    assert shown.rules.to_be_confirmed_by_counsel


def test_a_formal_notice_that_waits_for_its_approval_is_none() -> None:
    asked = [
        each | {"approval": {"role": ROLE}} if each["act"] == "registered_letter" else each for each in STEPS
    ]
    history = History()
    history.activate_document("own", document_of(written_policy(steps=asked)))
    history.issue(1, 50_000)
    while not proposals(history):
        history.open_day()
    debtor = title_debtor(history.rows, CUS, [CUS], history.today)
    assert [each.claim.noticed for each in debtor.invoices.values()] == [False]


def test_nothing_is_sent_while_it_runs_and_the_ladder_goes_on_after_it() -> None:
    history = History()
    history.issue(10, 50_000)
    for _ in range(112):
        history.open_day()
    debtor = title_debtor(history.rows, CUS, [CUS], history.today)
    made = request(debtor, RequestTitle(CUS, tuple(debtor.invoices), "Me Martin", None), history.today)
    history.add(made, made.title_id)
    case = history.rows.case(GROUP, history.today)
    assert case is not None
    assert [item.placed for item in case.items] == [True]
    assert title_debtor(history.rows, CUS, [CUS], history.today).titles == 1
    before = len(history.decided)
    for _ in range(40):
        history.open_day()
    sent = [each for _, each in history.decided[before:] if each.TYPE != "reminder.suppressed"]
    assert sent == []
    ended = TitleEnded(
        title_id=made.title_id,
        customer_id=CUS,
        invoice_ids=tuple(debtor.invoices),
        outcome="withdrawn",
        note=None,
    )
    history.add(ended, made.title_id)
    case = history.rows.case(GROUP, history.today)
    assert case is not None
    assert [item.placed for item in case.items] == [False]
