"""Years of runs with outages and kills: each step of each invoice exactly once, in its order, on days of business.

Each settlement is thanked for once, and no step is taken while a title is being obtained.

``DEEP=1``: ten years and more seeds, half of which group by payer.
"""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import suppress
from datetime import date, timedelta
from random import Random

import pytest
from msgspec.structs import replace

from dunning_svc.domain.ladder.events import DecisionEvent, as_event, stream_of
from dunning_svc.domain.ladder.grouping import decisions_of, in_units
from dunning_svc.domain.policy.policy import Grouping
from dunning_svc.domain.policy.shipped import SHIPPED
from dunning_svc.domain.policy.working_days import is_working_day
from dunning_svc.domain.policy.written import offsets
from dunning_svc.domain.thanks.decide import DAYS_TO_THANK
from dunning_svc.domain.title import decide as titles_of
from dunning_svc.domain.title.commands import EndTitle, EnforceTitle, RequestTitle, ServeTitle
from dunning_svc.domain.title.decide import TitleNotOpen
from dunning_svc.domain.title.state import TITLE
from dunning_svc.read_models.cases.rows.legal import TitleRow
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.read_models.cases.rows.reminders import ReminderRow
from dunning_svc.use_cases.legal.titles import title_debtor
from dunning_svc.use_cases.runs import key_of
from encours.contracts.events import calendar, reminders
from encours.contracts.events.dunning.document import PolicyHours, StepApproval, ThanksTerms
from encours.contracts.events.dunning.titles import TitleEnded
from encours.kernel.business_days import business_calendar
from encours.kernel.ids import with_prefix
from encours.legal.title import title_procedure
from tests.histories.approvals import answer, settle_all
from tests.histories.dunning import CUS, History
from tests.histories.family import Family
from tests.histories.policies import ROLE
from tests.histories.thanks import thanks_of_day

YEARS, SEEDS = (10, 40) if os.environ.get("DEEP") else (3, 1)
FIRM = next(each.document for each in SHIPPED.values() if each.code == "firm")
STEPS = [(step.code, step.act, days) for step, days in zip(FIRM.steps, offsets(FIRM.steps), strict=True)]
ANSWERS = {
    "J+1": StepApproval(role=ROLE, unanswered="decline", days=3),
    "J+15": StepApproval(role=ROLE, unanswered="send", days=10),
    "J+35": StepApproval(role=ROLE, unanswered="send", days=5),
}
ASKING = replace(
    FIRM,
    hours=PolicyHours(from_time="02:00", until_time="04:30", time_zone=None),
    thanks=ThanksTerms(template="thanks_firm", after_reminder=False, minimums=(), customers=()),
    steps=tuple(replace(step, approval=ANSWERS.get(step.code)) for step in FIRM.steps),
)
"""The policy with approvals and thank-yous, and with hours on both nights on which the clocks change."""
INVOICE_EVERY = 45
LAST_CALENDAR = 2030
"""Last year whose bank holidays are on file."""
END = date(2026 + YEARS, 3, 1)
"""The third year has a leap day, and each has both nights on which the clocks change."""


def run_once_or_more(history: Family, random: Random) -> DecisionEvent | None:
    """Run a day as a worker does that is killed before or after it has recorded its decision, and starts again."""
    history.today += timedelta(days=1)
    opened = history.add(calendar.DayOpened(day=history.today, late=False), calendar.STREAM)
    policies, before = history.rows.policies(), len(history.decided)
    lost = [
        as_event(each, key_of(each, opened))
        for unit in in_units(history.cases(), lambda _: history.today, policies)
        for each in decisions_of(unit, history.today, policies, opened.position)
    ]
    found = history.decide(opened)
    assert [made for _, made in history.decided[before:]] == lost, "what was lost is decided again"
    for _ in range(random.choice((0, 0, 0, 1, 2))):
        assert history.decide(opened) is None, "the decision is recorded: it is not taken again"
    settle_all(history, opened.position)
    return found


def in_title(history: History, invoice_id: str) -> bool:
    """Return True while a title is being obtained for an invoice."""
    item = history.rows.get(ItemRow, invoice_id)
    return item is not None and item.title_id is not None


def go_on_with_title(history: History, random: Random) -> list[tuple[str, date]]:
    """Request a title for what is eligible, or take the next step; return what it ends for, with its first day."""
    today, known = history.today, title_debtor(history.rows, CUS, [CUS], history.today)
    found = [row for row in history.rows.all(TitleRow) if not row.ended]
    if not found:
        for inv in known.invoices if random.random() < 0.1 else ():
            with suppress(TitleNotOpen):
                made = titles_of.request(known, RequestTitle(CUS, (inv,), "Me Martin", None), today)
                history.add(made, made.title_id)
                break
        return []
    (row,) = found
    key, state = row.title_id, TITLE.fold([e for e in history.events if e.stream == row.title_id])
    if state.served is None:
        procedure = title_procedure("FR", today)
        assert procedure is not None
        emitted = titles_of.serve(state, ServeTitle(key, today, None), procedure, known, today)
    elif state.served.record_from > today:
        return []
    elif state.enforceable is None and random.random() < 0.5:
        emitted = titles_of.enforce(state, EnforceTitle(key, today, None), known, today)
    else:
        ends = EndTitle(key, "enforced" if state.enforceable else "withdrawn", "Done")
        emitted = titles_of.end(state, ends)
    for stream, event in emitted:
        history.add(event, stream)
    ended = any(isinstance(event, TitleEnded) for _, event in emitted)
    return [(each, row.requested_on) for each in row.invoice_ids] if ended else []


@pytest.mark.parametrize("seed", range(SEEDS))
def test_each_step_is_taken_once_on_a_business_day_and_a_formal_notice_never_first(seed: int) -> None:
    random = Random(seed)
    history = Family()
    grouping: Grouping = "customer" if seed % 2 else "payer"
    history.activate_document("firm", replace(ASKING, grouping=grouping))
    for member in (0, 1):
        history.mark(member, "firm")
    history.pay_for(1, 0)
    history.open_day()
    issued, next_issue = 0, history.today
    settled: dict[str, date] = {}
    thanks: dict[str, list[date]] = defaultdict(list)
    silent: list[date] = []
    titles: dict[str, list[tuple[date, date]]] = defaultdict(list)
    while history.today < END:
        if history.today >= next_issue:
            history.bill(issued % 2, 30, 100_000)
            issued += 1
            if issued % 3:
                history.settle(issued - 1, 100_000)
                settled[list(history.open)[-1]] = history.today
            next_issue = history.today + timedelta(days=INVOICE_EVERY)
        if random.random() < 0.01:
            history.pay_for(1, random.choice((None, 0)))
        if random.random() < 0.02:
            for _ in range(random.randrange(1, 12)):
                history.open_day(late=True)
                silent.append(history.today)
        else:
            run_once_or_more(history, random)
            for each in (each for found in thanks_of_day(history) for each in found.invoices):
                thanks[each.invoice_id].append(history.today)
            if any(not row.ended for row in history.rows.all(TitleRow)):
                silent.append(history.today)
            for inv, since in go_on_with_title(history, random):
                titles[inv].append((since, history.today))
            if random.random() < 0.3:
                answer(history, random.choice(("approved", "declined")))
    taken: dict[str, list[tuple[str, date]]] = defaultdict(list)
    bank = business_calendar("FR")
    # A proposal that is withdrawn, as its payer changed or a title was requested, leaves its steps open again.
    gone = {
        with_prefix(e.stream, "rem")
        for e in history.events
        if isinstance(e.data, reminders.TaskCompleted) and e.data.outcome == "withdrawn"
    }
    for _, event in history.decided:
        if isinstance(event, reminders.ReminderSuppressed):
            continue
        assert event.day.weekday() < 5, event.day
        assert event.day.year > LAST_CALENDAR or bank.is_business_day(event.day), event.day
        for item in event.items:
            if item.step and stream_of(event) not in gone:
                taken[item.invoice_id].append((item.step, event.day))
    tasks = {
        e.stream
        for e in history.events
        if isinstance(e.data, reminders.TaskRaised) and e.data.kind != "title"
    }
    waited = [
        e.data.outcome
        for e in history.events
        if isinstance(e.data, reminders.TaskCompleted) and e.stream in tasks
    ]
    assert (
        {"approved", "declined", "unanswered", "sent_unanswered", "withdrawn"} >= set(waited) >= {"approved"}
    )
    proposed = [row for row in history.rows.all(ReminderRow) if row.status == "proposed"]
    assert len(waited) + len(proposed) == len(tasks)
    assert all(row.day + timedelta(days=30) > END for row in proposed), "none waits for ever"
    for row in history.rows.all(ReminderRow):
        assert row.status != "requested" or is_working_day("FR", row.leaves_on)
    unpaid = [inv for n, inv in enumerate(history.open) if history.open[inv]]
    assert unpaid
    for inv in unpaid:
        due_on = next(i.due_on for _, event in history.decided for i in event.items if i.invoice_id == inv)
        running = sum((until - since for since, until in titles[inv]), timedelta())
        assert not any(since < day <= until for since, until in titles[inv] for _, day in taken[inv])
        if due_on + timedelta(days=STEPS[-1][2] + 60) + running > END or in_title(history, inv):
            continue
        claims = [code for code, _ in taken[inv] if code != STEPS[0][0]]
        assert claims == [code for code, _, _ in STEPS[1:]], (inv, taken[inv])
        days = [day for _, day in taken[inv]]
        assert days == sorted(set(days))
        for (code, day), (_, _, offset) in zip(taken[inv][-len(claims) :], STEPS[1:], strict=True):
            assert day >= due_on + timedelta(days=offset), (code, day)
    assert not set(taken) - set(unpaid), "a paid invoice takes no step"
    assert any(titles.values())
    thanked = 0
    assert thanks.keys() <= settled.keys(), "nobody is thanked for what is open"
    for inv, day in settled.items():
        week = {day + timedelta(days=n) for n in range(1, DAYS_TO_THANK)}
        if day + timedelta(days=DAYS_TO_THANK) < END and week.isdisjoint(silent):
            assert len(thanks[inv]) == 1, (inv, day)
            thanked += 1
        assert len(thanks[inv]) <= 1
        assert all(each in week and is_working_day("FR", each) for each in thanks[inv]), (inv, day)
    assert thanked
