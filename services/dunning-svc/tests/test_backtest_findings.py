"""Findings of a back-test: messages, contacts compared with the real ones, contradictions, and a stable hash."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import json
from msgspec.structs import replace

from dunning_svc.backtest.job import parts_of
from dunning_svc.backtest.replay import Replay, Trial
from dunning_svc.backtest.results import Costs, FirstContacts, Summing
from dunning_svc.backtest.tally import Findings, Tally
from dunning_svc.domain.policy.shipped import DEFAULT_ID, DEFAULT_POLICY, SHIPPED
from encours.contracts.events import reminders
from tests.histories.dunning import CUS, START, History

DEFAULT = Trial(DEFAULT_ID, DEFAULT_POLICY.version, (), START, date.max, "UTC")
_STRATEGIC = next(each for each in SHIPPED.values() if each.code == "strategic_accounts")
STRATEGIC = Trial(
    _STRATEGIC.policy_id, 1, (json.encode(_STRATEGIC.document).decode(),), START, date.max, "UTC"
)


def found_in(history: History, trial: Trial) -> Findings:
    replay, tally = Replay(trial), Tally(trial.first, trial.last)
    for e, decision in replay.run(history.events):
        if decision is None:
            tally.happened(e)
        else:
            tally.decided(decision)
    tally.left(replay.left_out)
    return tally.findings()


def a_quarter(*, tag: str = "", pays_on: int = 50) -> History:
    history = History()
    if tag:
        history.tag(tag)
    history.issue(10, 50_000)
    for day in range(90):
        if day == pays_on:
            history.settle(0, 50_000)
        history.open_day()
    return history


def test_under_the_policy_that_was_in_force_the_same_leaves_as_really_left() -> None:
    history = a_quarter()
    found = found_in(history, DEFAULT)
    real = [e for _, e in history.decided if not isinstance(e, reminders.ReminderSuppressed)]
    assert [(line.day, line.step, line.amount_minor) for line in found.lines] == [
        (e.day, e.step, e.amount_minor) for e in real
    ]
    (contacts,) = found.customers
    messages = [e for e in real if isinstance(e, reminders.ReminderRequested)]
    assert (contacts.messages, contacts.first_on) == (len(messages), messages[0].day)
    assert (contacts.real_messages, contacts.real_first_on) == (len(messages), messages[0].day)
    assert found.contradictions == []


def test_a_payment_after_a_reminder_that_does_not_leave_contradicts_the_past() -> None:
    history = a_quarter(tag="strategic")
    found = found_in(history, STRATEGIC)
    assert {line.channel for line in found.lines} == {"phone"}
    (contradiction,) = found.contradictions
    first = min(e.day for _, e in history.decided)
    assert contradiction.kind == "paid_after_a_reminder_not_sent"
    assert (contradiction.message_on, contradiction.fact_on) == (first, START + timedelta(days=50))


def test_an_invoice_that_was_settled_before_its_reminder_and_known_later_is_found() -> None:
    history = a_quarter()
    applied = next(e for e in history.events if e.type == "invoice.payment_applied")
    asked = [line.day for line in found_in(history, DEFAULT).lines if line.day < applied.effective_on][-1]
    earlier = replace(applied, effective_on=asked - timedelta(days=1))
    history.events[applied.position - 1] = earlier
    (contradiction,) = found_in(history, DEFAULT).contradictions
    assert contradiction.kind == "settled_before_but_known_later"
    assert (contradiction.message_on, contradiction.fact_on) == (asked, earlier.effective_on)


def test_the_hash_depends_on_the_content_and_not_on_the_order() -> None:
    one, other = (found_in(a_quarter(pays_on=day), DEFAULT) for day in (50, 70))
    costs = Costs()

    def hash_of(*findings: Findings, position: int = 9, costs: Costs = costs) -> str:
        summing = Summing(DEFAULT, position, costs)
        for found in findings:
            summing.add(found)
        return summing.result_hash()

    assert hash_of(one, other) == hash_of(other, one)
    assert len({hash_of(one), hash_of(other), hash_of(one, one), hash_of(one, position=10)}) == 4
    assert hash_of(one) != hash_of(one, costs=Costs(letter=1))


def test_totals_count_channels_with_their_costs_and_compare_first_contacts() -> None:
    summing = Summing(DEFAULT, 9, Costs(email=1, letter=200, phone=500))
    found = found_in(a_quarter(), DEFAULT)
    summing.add(found)
    summing.add(
        Findings(
            lines=[],
            customers=[replace(found.customers[0], customer_id="cus_2", messages=0, first_on=None)],
            contradictions=[],
            suppressed={"no_address": 2},
        )
    )
    totals = summing.totals()
    counts = {each.channel: each.count for each in totals.channels}
    assert counts == {"email": 2, "letter": 1, "phone": 1}
    assert totals.cost_minor == 2 * 1 + 200 + 500
    assert (totals.messages, totals.tasks, totals.customers) == (3, 1, 1)
    assert totals.first_contacts == FirstContacts(same_day=1, only_in_reality=1)
    assert totals.suppressed["no_address"] == 2


def test_merged_customers_are_replayed_together() -> None:
    items = {f"cus_{n}": 1_000 for n in range(6)}
    together = [{"cus_0", "cus_5"}, {"cus_3", CUS}]
    parts = parts_of(items, {each: related for related in together for each in related})
    assert parts == [["cus_0", "cus_5"], ["cus_1", "cus_2"], ["cus_3", "cus_4"]]
