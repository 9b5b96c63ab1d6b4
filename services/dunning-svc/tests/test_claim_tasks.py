"""The task of declaring claims follows the proceedings: raised, dated, warned of, and completed if they are void."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest

from dunning_svc.domain.task.claim import REPLACED, VOIDED, ClaimTaskEvent, Proceedings, follow
from dunning_svc.domain.task.state import TASK, Task
from dunning_svc.read_models.cases.fold.by_event import keys, project
from dunning_svc.read_models.cases.fold.claims import proceedings_of
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.legal import ProceedingsRow
from encours.contracts.events.dunning.reminders import TaskCompleted, TaskRaised
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.insolvency import (
    InsolvencyClosed,
    InsolvencyOpened,
    InsolvencyPublished,
)
from encours.testing.events import event
from encours.testing.history import happened

DAY = date(2026, 6, 3)
OPENED = Proceedings("cus_1", "isv_1", "FR", date(2026, 6, 1))
PUBLISHED = replace(OPENED, published=(date(2026, 6, 12),))
LAST = date(2026, 8, 12)


def told(events: list[ClaimTaskEvent], tasks: Mapping[str, Task]) -> dict[str, Task]:
    found = dict(tasks)
    for each in events:
        found[each.task_id] = TASK.fold(happened(each), found.get(each.task_id))
    return found


def lived(
    known: Proceedings, days: int, tasks: Mapping[str, Task], start: date = DAY, country: str = "FR"
) -> tuple[list[tuple[date, str]], dict[str, Task]]:
    """Days and texts of the tasks raised while each day is opened, and the tasks."""
    raised = []
    for n in range(days):
        events = follow(known, tasks, country, start + timedelta(days=n))
        raised += [(each.day, each.cause) for each in events if isinstance(each, TaskRaised)]
        tasks = told(events, tasks)
        assert sum(task.outcome is None for task in tasks.values()) <= 1, "one task at a time"
    return raised, dict(tasks)


def test_proceedings_raise_one_task_and_their_publication_and_three_warnings_replace_it() -> None:
    raised, tasks = lived(OPENED, 9, {})
    assert [day for day, _ in raised] == [DAY]
    assert "follows from the publication" in raised[0][1]
    raised, tasks = lived(PUBLISHED, 80, tasks, date(2026, 6, 12))
    assert [(LAST - day).days for day, _ in raised] == [61, 30, 10, 2]
    assert all("by 2026-08-12 (published on 2026-06-12; C. com. R622-24" in text for _, text in raised)
    assert sorted(str(task.outcome) for task in tasks.values()) == ["None", *[REPLACED] * 4]


def test_creditors_abroad_have_two_months_more() -> None:
    raised, _ = lived(PUBLISHED, 1, {}, country="DE")
    assert "by 2026-10-12" in raised[0][1]


def test_days_that_were_missed_lead_to_one_warning() -> None:
    _, tasks = lived(PUBLISHED, 1, {})
    raised, _ = lived(PUBLISHED, 30, tasks, LAST - timedelta(days=4))
    assert [(LAST - day).days for day, _ in raised] == [4, 2]


def test_a_corrected_publication_replaces_the_task() -> None:
    _, tasks = lived(PUBLISHED, 1, {})
    corrected = replace(PUBLISHED, published=(*PUBLISHED.published, date(2026, 6, 20)))
    raised, _ = lived(corrected, 5, tasks)
    assert ["by 2026-08-20" in text for _, text in raised] == [True]


def test_without_a_rule_on_file_one_task_says_so() -> None:
    _, tasks = lived(replace(OPENED, country="DE"), 1, {})
    assert lived(replace(PUBLISHED, country="DE"), 80, tasks)[0] == []
    assert "no rule on file for DE" in lived(replace(OPENED, country="DE"), 1, {})[0][0][1]


@pytest.mark.parametrize("known", [PUBLISHED, replace(PUBLISHED, over=True)])
def test_nothing_follows_once_a_person_has_completed_a_task_or_the_proceedings_have_ended(
    known: Proceedings,
) -> None:
    _, tasks = lived(PUBLISHED, 1, {})
    (task_id,) = tasks
    done = TaskCompleted(task_id=task_id, customer_id="cus_1", outcome="declared", text=None)
    tasks = told([done], tasks) if not known.over else tasks
    assert lived(known, 80, tasks)[0] == []


def test_void_proceedings_complete_the_task() -> None:
    _, tasks = lived(PUBLISHED, 1, {})
    void = replace(PUBLISHED, over=True, void=True)
    (done,) = follow(void, tasks, "FR", DAY)
    assert isinstance(done, TaskCompleted)
    assert done.outcome == VOIDED
    assert follow(void, told([done], tasks), "FR", DAY) == []


def test_the_rows_say_what_the_events_say() -> None:
    judged = event(
        InsolvencyOpened,
        customer_id="cus_1",
        insolvency_id="isv_1",
        country="FR",
        opened_on=OPENED.opened_on,
    )
    published = event(
        InsolvencyPublished, customer_id="cus_1", insolvency_id="isv_1", published_on=date(2026, 6, 12)
    )
    closed = event(InsolvencyClosed, customer_id="cus_1", insolvency_id="isv_1", outcome="set_aside")
    rows, found = MemoryRows(), []
    for e in happened(event(CustomerRegistered, customer_id="cus_1"), judged, published, closed):
        list(keys(e))
        project(e, rows)
        found += [proceedings_of(row) for row in rows.all(ProceedingsRow)]
    assert found == [OPENED, PUBLISHED, replace(PUBLISHED, over=True, void=True)]
