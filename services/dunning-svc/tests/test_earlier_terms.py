"""Terms by which reminders begin earlier: from their acceptance until they end, and the answer to why."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dunning_svc.domain.ladder.explain import explain
from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from dunning_svc.domain.policy.written import document_of
from dunning_svc.use_cases.decisions import Period, reperform_all
from encours.contracts.events import reminders
from encours.contracts.events.risk_terms import RiskTermsAnswered, RiskTermsProposed, RiskTermsWithdrawn
from encours.kernel.ids import with_prefix
from encours.testing.events import event
from tests.histories.dunning import CUS, History
from tests.histories.policies import written_policy

TERMS = with_prefix(CUS, "rtm")


def propose(history: History, number: int, days: int, kind: str = "earlier_dunning") -> None:
    fields = {
        "customer_id": CUS,
        "risk_terms_id": TERMS,
        "proposal_number": number,
        "kind": kind,
        "days": days,
    }
    history.add(event(RiskTermsProposed, **fields), TERMS)


def answer(history: History, number: int, *, accepted: bool = True) -> int:
    fields = {"customer_id": CUS, "risk_terms_id": TERMS, "proposal_number": number, "accepted": accepted}
    history.add(event(RiskTermsAnswered, **fields), TERMS)
    return len(history.events)


def end(history: History, number: int) -> None:
    fields = {"customer_id": CUS, "risk_terms_id": TERMS, "proposal_number": number, "accepted": True}
    history.add(event(RiskTermsWithdrawn, **fields), TERMS)


def first_reminder(history: History) -> tuple[int, reminders.ReminderRequested]:
    """Issue an invoice; return the days past due of its first reminder after the due date, with the event."""
    history.issue(10, 50_000)
    for _ in range(40):
        found = history.open_day()
        if isinstance(found, reminders.ReminderRequested) and found.items[0].days_past_due > 0:
            history.settle(len(history.open) - 1, 50_000)
            return found.items[0].days_past_due, found
    raise AssertionError("no reminder")


@pytest.mark.parametrize("own", [False, True])
def test_the_first_reminder_comes_earlier_while_the_terms_are_accepted(own: bool) -> None:
    history = History()
    if own:
        history.activate_document("own", document_of(written_policy()))
    usual, request = first_reminder(history)
    assert request.basis.earlier_days == 0
    propose(history, 1, 2)
    propose(history, 2, 365)
    propose(history, 3, 30, kind="shorter_delay")
    answer(history, 3)
    answer(history, 2, accepted=False)
    assert first_reminder(history)[0] == usual, "they are proposed alone"
    accepted = answer(history, 1)
    days, request = first_reminder(history)
    assert (days, request.basis.earlier_days) == (max(1, usual - 2), 2)
    assert accepted in request.basis.input_events
    policy = history.rows.policies().version_of(request.basis)
    assert "comes 2 day(s) earlier" in " ".join(explain(request, policy, "en").reasons)
    assert "avancée de 2 jour(s)" in " ".join(explain(request, policy, "fr").reasons)
    end(history, 1)
    assert first_reminder(history)[0] == usual
    assert all(again.equal for again in reperform_all(history.events, Period(date.min, date.max)))


def test_it_comes_no_earlier_than_the_day_after_the_due_date_and_the_steps_after_it_keep_their_days() -> None:
    before = DEFAULT_POLICY.steps
    after = DEFAULT_POLICY.earlier(365).steps
    place = next(n for n, step in enumerate(before) if not step.announces)
    assert after[place].offset_days == min(1, before[place].offset_days)
    assert [*after[:place], *after[place + 1 :]] == [*before[:place], *before[place + 1 :]]
    assert after[place].scheduled_on(date(2026, 3, 31)) <= date(2026, 3, 31) + timedelta(days=1)
    assert DEFAULT_POLICY.earlier(0) is DEFAULT_POLICY
