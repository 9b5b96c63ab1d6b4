"""Random facts around thank-yous: each settlement is thanked for once, and nothing leaves that comes undone before.

The expectation is computed here from what the history has put in, not by the code under test. ``DEEP=1``: 10,000 days.
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random

import pytest

from dunning_svc.domain.policy.written import document_of
from dunning_svc.domain.thanks.decide import DAYS_TO_THANK, suppression
from dunning_svc.read_models.cases.settled import settled_of
from encours.contracts.events.dunning.thanks import ThanksRequested, ThanksSent
from tests.histories.dunning import CUS, GROUP
from tests.histories.policies import written_policy
from tests.histories.thanks import cause, thanked
from tests.histories.watched import INVOICES, Watched

AT_ONCE, DAYS = 40, 20
SEEDS = 520 if os.environ.get("DEEP") else AT_ONCE
THANKFUL = document_of(written_policy(priority=20, thanks={}))
AGAINST = ("unsettle", "unsettle", "unsettle", "hold", "judge", "place", "move", "tag", "firm", "thankful")
ACTS = (*("settle",) * 15, *AGAINST, "credit", "write_off", "dispute", "concede", "receive", "promise")
CAUSES = {
    "payment_reversed": {"invoice", "payment"},
    "insolvency": {"customer"},
    "placed": {"placement", "invoice"},
    "customer_on_hold": {"hold"},
    "no_address": {"customer"},
    "not_asked_for": {"customer", "policy"},
}
"""Families of the events after the decision that each cause goes back to."""


class Settling(Watched):
    """A history that keeps in mind, naively, which invoices payments have settled, and since when."""

    def __init__(self) -> None:
        super().__init__()
        self.settled: dict[str, tuple[int, int]] = {}
        """By invoice, the number of the settlement and the number of the day that was open then."""
        self.days = self.settlements = 0
        self.thankful_since: int | None = 0
        self.activate_document("thankful", THANKFUL)

    def go_on(self, random: Random, kinds: tuple[str, ...]) -> None:
        """Record one fact, and draw what it settles and opens again."""
        before = dict(self.open)
        kind = self.act(random, kinds, len(self.open))
        if kind == "thankful":
            self.toggle()
        for name, minor in self.open.items():
            if minor:
                self.settled.pop(name, None)
            elif before[name] and kind == "settle" and not self.written_off.get(name):
                self.settlements += 1
                self.settled[name] = self.settlements, self.days

    def toggle(self) -> None:
        """Put the policy that thanks out of force, or in force again."""
        if self.thankful_since is None:
            self.thankful_since = self.settlements
            self.activate_document("thankful", THANKFUL)
        else:
            self.thankful_since = None
            self.retire("thankful")

    def relieve(self) -> None:
        """End all that stands against a thank-you."""
        for which, name in enumerate(self.open):
            if name in self.placed:
                self.place(which)
        if self.judgments % 2:
            self.judge(0)
        if self.thankful_since is None:
            self.toggle()
        self.reachable, self.tagged = True, False
        self.amend()

    def is_free(self, invoices: set[str]) -> bool:
        """Return True if nothing stands today against a thank-you for these invoices."""
        concerned = {name for name, minor in self.open.items() if minor} | invoices
        return not (
            self.thankful_since is None
            or (self.tagged and self.firm)
            or self.held_until >= self.today
            or self.judgments % 2
            or self.placed.keys() & concerned
            or not self.reachable
        )

    def due(self, done: Counter[int]) -> set[str]:
        """Return the invoices to thank for today: settled in the last days, and not thanked for yet."""
        first = self.days - DAYS_TO_THANK + 1
        found = {
            name for name, (number, day) in self.settled.items() if day >= max(first, 1) and not done[number]
        }
        if self.thankful_since is None or not self.is_free(found):
            return set()
        return {name for name in found if self.settled[name][0] > self.thankful_since}


@pytest.mark.parametrize("start", range(0, SEEDS, AT_ONCE))
def test_a_settlement_is_thanked_for_once_and_nothing_leaves_that_came_undone(start: int) -> None:
    outcomes: Counter[str] = Counter()
    for seed in range(start, start + AT_ONCE):
        random, history = Random(seed), Settling()
        for n in range(INVOICES):
            history.issue(3 + n, 1_000 + 1_000 * n)
        done: Counter[int] = Counter()
        for _ in range(DAYS):
            for _ in range(random.randrange(6)):
                history.go_on(random, ACTS)
            if random.random() < 0.5:
                history.relieve()
            if sum(map(bool, history.open.values())) < INVOICES:
                history.issue(5, random.choice((1_000, 3_000)))
            history.days += 1
            decide_and_send(history, random, done, outcomes, seed)
        assert max(done.values(), default=0) <= 1, seed
    assert outcomes["sent"] > outcomes["payment_reversed"] > 0, outcomes
    assert {"customer_on_hold", "placed", "not_asked_for"} <= outcomes.keys(), outcomes


def decide_and_send(
    history: Settling, random: Random, done: Counter[int], outcomes: Counter[str], seed: int
) -> None:
    """Open a day, and let one thing or another happen before its thank-you leaves."""
    found = thanked(history)
    expected = history.due(done)
    named = {each.invoice_id for thanks in found for each in thanks.invoices}
    assert named == expected, (seed, history.today)
    assert len(found) == bool(expected), seed
    for thanks in found:
        paid = {name: sum(part for _, _, part, _ in history.applied[name]) for name in named}
        assert {each.invoice_id: each.paid_minor for each in thanks.invoices} == paid, seed
        numbers = {name: history.settled[name][0] for name in named}
        for _ in range(random.randrange(3)):
            history.go_on(random, AGAINST)
        send(history, thanks, numbers, done, outcomes, seed)


def send(
    history: Settling,
    thanks: ThanksRequested,
    numbers: dict[str, int],
    done: Counter[int],
    outcomes: Counter[str],
    seed: int,
) -> None:
    """Check a thank-you once more, and record that it was sent or suppressed."""
    stands = {name for name, number in numbers.items() if history.settled.get(name, (0, 0))[0] == number}
    holds = stands == set(numbers) and history.is_free(stands)
    against = cause(history, thanks)
    assert (against is None) == holds, (seed, against)
    outcomes[against or "sent"] += 1
    if against is None:
        assert not any(history.open[name] for name in numbers), seed
        done.update(numbers.values())
        sent = ThanksSent(
            thanks_id=thanks.thanks_id, customer_id=CUS, message_id="<1>", evidence="250 ok", message=None
        )
        history.add(sent, thanks.thanks_id)
        return
    now = settled_of(history.rows, GROUP, history.today, numbers)
    assert now is not None
    inputs = {*history.rows.inputs_of(now.case, list(numbers)), *now.events}
    withdrawn = suppression(thanks, against, inputs)
    families = {history.events[at - 1].type.partition(".")[0] for at in withdrawn.because}
    assert families & CAUSES[against], (seed, against, families)
    history.add(withdrawn, thanks.thanks_id)
