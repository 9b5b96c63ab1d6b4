"""All decisions of a period follow from the ledger again; one event that was tampered with is found."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec.structs import replace

from dunning_svc.use_cases.decisions import Period, Reperformed, reperform_all
from encours.contracts import Recorded
from encours.contracts.events import invoice, reminders
from tests.histories.dunning import START, History

ALWAYS = Period(date.min, date.max)


def a_year() -> History:
    history = History()
    for month in range(12):
        history.issue(10, 20_000 + month)
        for day in range(30):
            if day == 25 and month % 3:
                history.settle(month, 50_000)
            if day == 12 and month == 4:
                history.activate("firm")
                history.tag("firm")
            history.open_day()
    return history


def mismatches(events: list[Recorded], period: Period = ALWAYS) -> list[Reperformed]:
    return [again for again in reperform_all(events, period) if not again.equal]


def tampered(history: History, kind: type, **changed: object) -> list[Recorded]:
    """The events, with the first of a kind changed as nobody can through the ledger."""
    at = next(place for place, e in enumerate(history.events) if isinstance(e.data, kind))
    events = list(history.events)
    events[at] = replace(events[at], data=replace(events[at].data, **changed))
    return events


def test_every_decision_of_a_year_follows_from_the_ledger_again() -> None:
    history = a_year()
    again = list(reperform_all(history.events, ALWAYS))
    assert {each.stored.decision_id for each in again} == {e.decision_id for _, e in history.decided}
    assert len(again) == len(history.decided) > 20
    assert all(each.equal for each in again)


def test_an_amount_that_was_tampered_with_is_found() -> None:
    found = mismatches(tampered(a_year(), invoice.InvoiceIssued, total_minor=19_999, net_minor=16_665))
    assert found
    assert {"items", "amount_minor"} <= set(found[0].differences())


def test_a_decision_that_was_tampered_with_is_found() -> None:
    history = a_year()
    (found,) = mismatches(tampered(history, reminders.ReminderRequested, template="penalties"))
    assert found.differences() == ["template"]


def test_only_the_decisions_of_the_period_are_reperformed() -> None:
    history = a_year()
    period = Period(START + timedelta(days=40), START + timedelta(days=80))
    wanted = [e.decision_id for _, e in history.decided if period.first <= e.day <= period.last]
    assert [each.stored.decision_id for each in reperform_all(history.events, period)] == wanted
    assert wanted
    elsewhere = ("ent_" + "0" * 32,)
    assert list(reperform_all(history.events, period, elsewhere)) == []
