"""Random facts around title procedures: no step while a claim is disputed, paid, placed or stayed, and no reminder.

The expectation is computed here from what the history has put in, not by the code under test. ``DEEP=1``: 10,000 steps.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

import pytest

from dunning_svc.domain.title import decide
from dunning_svc.domain.title.commands import (
    ContestTitle,
    EndTitle,
    EnforceTitle,
    InvoiceStanding,
    RequestTitle,
    ServeTitle,
)
from dunning_svc.domain.title.decide import Emitted
from dunning_svc.domain.title.state import TITLE, Title
from dunning_svc.read_models.cases.rows.parties import DebtorRow
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.use_cases.legal.titles import title_debtor
from encours.contracts.events.dunning.reminders import ReminderSuppressed
from encours.kernel.errors import Refusal
from encours.legal.title import title_procedure
from tests.histories.dunning import CUS
from tests.histories.watched import INVOICES, Watched

AT_ONCE, STEPS = 24, 16
SEEDS = 26 * AT_ONCE if os.environ.get("DEEP") else AT_ONCE
FACTS = (
    *(
        "settle",
        "settle",
        "settle",
        "settle",
        "unsettle",
        "dispute",
        "dispute",
        "dispute",
        "concede",
        "credit",
    ),
    *("write_off", "judge", "place", "place", "place", "hold", "promise"),
)
LATER = date(2026, 6, 1)
"""A day on which the law is in force."""


@dataclass
class Running:
    """A procedure as the history has it."""

    title_id: str
    invoices: tuple[str, ...]
    since: date
    record_from: date | None = None
    enforceable: bool = False


class Titling(Watched):
    """A history of old invoices whose creditor obtains titles."""

    def __init__(self) -> None:
        super().__init__()
        self.today = LATER - timedelta(days=30)
        for n in range(INVOICES):
            self.issue(-9, 2_000 + 1_000 * n)
        self.running: Running | None = None
        self.today = LATER

    @property
    def insolvent(self) -> bool:
        return self.judgments % 2 == 1

    def contested(self, name: str) -> bool:
        return bool(self.disputed.get(name, 0) or self.conceded.get(name, 0))

    def clear(self, invoices: tuple[str, ...]) -> bool:
        """Return True if something of these invoices is open, and nothing stands against it."""
        still = [name for name in invoices if self.open[name]]
        return (
            bool(still)
            and not self.insolvent
            and not any(self.contested(name) or name in self.placed for name in still)
        )

    def record(self, emitted: list[Emitted]) -> None:
        for stream, event in emitted:
            self.add(event, stream)

    def title(self) -> Title:
        assert self.running is not None
        return TITLE.fold([e for e in self.events if e.stream == self.running.title_id])

    def pass_days(self, days: int) -> None:
        """Let days pass; the last one is opened, and ends the procedure that was overtaken."""
        self.today += timedelta(days=days - 1)
        decided = len(self.decided)
        self.open_day()
        if self.running is None:
            return
        for _, made in self.decided[decided:]:
            listed = {each.invoice_id for each in made.items}
            assert isinstance(made, ReminderSuppressed) or not listed & set(self.running.invoices)
        standing: dict[str, InvoiceStanding] = {}
        for name in self.running.invoices:
            item = self.rows.get(ItemRow, name)
            assert item is not None
            standing[name] = "open" if item.open_minor > 0 else "paid" if item.paid_on else "given_up"
        insolvent = any(row.insolvencies for row in self.rows.all(DebtorRow))
        ended = decide.overtaken(self.title(), standing, insolvent=insolvent)
        still = any(self.open[name] for name in self.running.invoices)
        assert bool(ended) == (self.insolvent or not still)
        self.record(ended)
        if ended:
            self.running = None


def attempt(history: Titling, random: Random) -> tuple[str, bool]:
    """Take a step of a procedure, or request one; return it, and True if it was allowed and taken."""
    running, today = history.running, history.today
    known = title_debtor(history.rows, CUS, [CUS], today)
    if running is None:
        chosen = tuple(random.sample(list(history.open), random.randrange(1, INVOICES + 1)))
        may = all(history.clear((name,)) for name in chosen)
        try:
            made = decide.request(known, RequestTitle(CUS, chosen, "Me Martin", today), today)
        except Refusal:
            assert not may, chosen
            return "request", False
        assert may, chosen
        history.add(made, made.title_id)
        history.running = Running(made.title_id, chosen, today)
        return "request", True
    title, key = history.title(), running.title_id
    step = random.choice(("serve", "serve", "enforce", "enforce", "contest", "end"))
    if step == "contest" and random.random() < 0.7:
        step = "enforce"
    served, enforceable = running.record_from is not None, running.enforceable
    match step:
        case "serve":
            may = not served and history.clear(running.invoices)
        case "enforce":
            may = (
                running.record_from is not None
                and running.record_from <= today
                and not enforceable
                and history.clear(running.invoices)
            )
        case "contest":
            may = not enforceable
        case _:
            may = enforceable
    procedure = title_procedure("FR", today)
    assert procedure is not None
    try:
        match step:
            case "serve":
                emitted = decide.serve(title, ServeTitle(key, today, str(today)), procedure, known, today)
            case "enforce":
                emitted = decide.enforce(title, EnforceTitle(key, today, str(today)), known, today)
            case "contest":
                emitted = decide.contest(title, ContestTitle(key, today, "No"), today)
            case _:
                emitted = decide.end(title, EndTitle(key, "enforced", "Done"))
    except Refusal:
        assert not may, (step, running)
        return step, False
    assert may, (step, running)
    history.record(emitted)
    after = history.title()
    running.record_from = after.served.record_from if after.served else None
    running.enforceable = after.enforceable is not None
    if after.ended is not None:
        history.running = None
    return step, True


@pytest.mark.parametrize("start", range(0, SEEDS, AT_ONCE))
def test_no_step_is_taken_while_something_stands_against_the_claim(start: int) -> None:
    taken: Counter[tuple[str, bool]] = Counter()
    for seed in range(start, start + AT_ONCE):
        random, history = Random(seed), Titling()
        for _ in range(STEPS):
            for _ in range(random.randrange(2)):
                history.act(random, FACTS, len(history.open))
            if random.random() < 0.3:
                settle_matters(history)
            taken[attempt(history, random)] += 1
            history.pass_days(random.choice((1, 5, 25)))
    for step in ("request", "serve", "enforce"):
        assert taken[step, True] > 2, taken
        assert taken[step, False] > 2, taken
    assert taken["contest", True], taken
    assert taken["end", True], taken


def settle_matters(history: Titling) -> None:
    """End all that stands against the claims, and bring a new one."""
    for which, name in enumerate(list(history.open)):
        if name in history.disputed:
            history.dispute(which, 0)
        if history.conceded.get(name):
            history.credit(which, history.conceded[name])
        if name in history.placed:
            history.place(which)
    if history.insolvent:
        history.judge(0)
    if not any(history.open.values()):
        history.issue(-9, 3_000)
