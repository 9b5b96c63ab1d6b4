"""Random facts between the decision of a reminder and its dispatch: none is sent that they would have changed.

The expectation is computed here from what the history has put in, not by the code under test. Half of the histories
group by payer, and their facts are about the payer or the customer it pays for. ``DEEP=1``: 20,000.
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random

import pytest

from dunning_svc.domain.ladder.recheck import objected, suppression
from dunning_svc.domain.policy.written import document_of
from dunning_svc.read_models.cases.rows.access import existing
from dunning_svc.read_models.cases.rows.reminders import ReminderRow
from encours.contracts.events import reminders
from tests.histories.dunning import CUS, ENT
from tests.histories.policies import ROLE, STEPS, written_policy
from tests.histories.watched import INVOICES, Watched

ASKED_STEPS = [STEPS[0], *(each | {"approval": {"role": ROLE}} for each in STEPS[1:])]
ASKED = document_of(written_policy(priority=20, steps=ASKED_STEPS))
"""A policy whose reminders need an approval; that of `firm` comes before it."""
SEEDS = 20_000 if os.environ.get("DEEP") else 300


def requested(random: Random, *, grouped: bool) -> tuple[Watched, reminders.ReminderRequested]:
    """A history up to the e-mail that claims some of its invoices."""
    history = Watched()
    if random.random() < 0.3:
        history.activate_document("asked", ASKED)
        history.waits = True
    if grouped:
        history.group_by("payer", priority=25, steps=ASKED_STEPS if history.waits else STEPS)
        history.pay_for(1, 0)
        history.bill(1, 3, 1_500)
        history.as_member(0)
    for n in range(INVOICES):
        history.issue(3 + n, 1_000 + 1_000 * n)
    while not (
        isinstance(found := history.open_day(), reminders.ReminderRequested)
        and found.template != "friendly"
        and found.channel == "email"
    ):
        assert history.today.year == 2026
    for _ in range(random.randrange(2)):
        history.receive(1)
        history.cash += 1
    return history, found


def credits_of(reminder: reminders.ReminderRequested) -> dict[str, int]:
    """Unapplied cash that a message deducts, by customer."""
    each_ones = {each.customer_id: each.credit_minor for each in reminder.debtors}
    return each_ones or {reminder.customer_id: reminder.credit_minor}


@pytest.mark.parametrize("start", range(0, SEEDS, SEEDS // 10))
def test_nothing_is_sent_that_a_fact_known_before_would_have_changed(start: int) -> None:
    sent = suppressed = held_back = joint = 0
    for seed in range(start, start + SEEDS // 10):
        random = Random(seed)
        history, reminder = requested(random, grouped=seed % 2 == 1)
        after = len(history.events)
        cash, held = Counter({CUS: history.cash}), set[int]()
        for _ in range(random.randrange(4)):
            member = random.randrange(2) if reminder.debtors else 0
            history.as_member(member)
            before = history.cash
            if history.act(random, invoices=len(history.open)) == "hold":
                held.add(member)
            cash[history.customer] += history.cash - before
        cases = history.rows.cases_of(reminder, ENT, history.today)
        assert cases is not None
        found = objected(reminder, cases, history.today, history.rows.policies())
        cause = None if found is None else found.cause
        asked = {item.invoice_id: item.asked_minor for item in reminder.items}
        holds = (
            history.claims(list(asked)) == asked
            and all(cash[each] == minor for each, minor in credits_of(reminder).items())
            and not held
            and not history.promised(list(asked))
            and not history.placed.keys() & asked.keys()
            and history.reachable
            and not (history.tagged and history.firm)
        )
        if reminder.approval is None or not history.waits:
            assert (cause is None) == holds, (seed, cause)
        status = existing(history.rows, ReminderRow, reminder.reminder_id).status
        assert (status == "requested") == (not history.waits), (seed, status)
        if status != "requested":
            held_back += 1
            continue
        if found is None:
            sent += 1
            continue
        suppressed += 1
        joint += bool(reminder.debtors)
        inputs = history.rows.inputs_of(found.case, (item.invoice_id for item in found.share.items))
        because = suppression(reminder, found.cause, inputs).because
        assert because, (seed, cause)
        assert all(position > reminder.basis.position for position in because), seed
        named = {history.events[position - 1].type.partition(".")[0] for position in because}
        assert named & CAUSED_BY[found.cause], (seed, cause, named)
        assert after < len(history.events) or history.cash, seed
    assert sent
    assert held_back
    assert suppressed
    assert joint


MONEY = {"invoice", "payment"}
CAUSED_BY = {
    "customer_on_hold": {"hold"},
    "no_address": {"customer"},
    "promised": {"promise"},
    "paid_meanwhile": MONEY,
    "fully_disputed": MONEY,
    "covered_by_credit": MONEY,
    "changed_meanwhile": MONEY,
    "placed": {"placement"},
    "other_policy_meanwhile": {"customer", "policy"},
}
