"""Days on which a case can be decided otherwise than the day before, as long as no event comes.

Between two of them nothing that a decision depends on changes, so a case without a decision has none until then
(`test_backtest.py` compares with a look at every case on every day).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from dunning_svc.domain.ladder.decide import policy_of
from dunning_svc.domain.ladder.state import Case, LadderItem
from dunning_svc.domain.policy.choice import Policies
from dunning_svc.domain.policy.policy import Policy
from dunning_svc.domain.policy.schedule import above, resumes_on
from dunning_svc.domain.policy.working_days import is_working_day
from dunning_svc.read_models.cases.composition import Group

AT_ONCE = date.min
NEVER = date.max
_DAY = timedelta(days=1)


class Wakes:
    """The day from which on each group is looked at next. A day takes its own groups, without a look at the others."""

    def __init__(self) -> None:
        self._days: dict[Group, date] = {}
        self._groups: dict[date, list[Group]] = {}

    def set(self, group: Group, day: date) -> None:
        """Set the day of a group; :data:`NEVER` until it is set anew."""
        if self._days.get(group) == day:
            return
        self._days[group] = day
        if day != NEVER:
            self._groups.setdefault(day, []).append(group)

    def at_once(self, groups: Iterable[Group]) -> None:
        """Have these groups looked at on the next day that is opened."""
        for group in groups:
            self.set(group, AT_ONCE)

    def take_until(self, day: date) -> list[tuple[Group, date]]:
        """Remove the groups up to a day and return them, each with its own."""
        found = []
        for on in [each for each in self._groups if each <= day]:
            for group in self._groups.pop(on):
                if self._days.get(group) == on:
                    del self._days[group]
                    found.append((group, on))
        return found


def next_day(case: Case, day: date, policies: Policies) -> date:
    """Return the first day after this one on which the case may be decided; :data:`NEVER` without any."""
    applied, since, _ = policy_of(case, day, policies)
    policy = applied.policy
    if policy.business_days and not is_working_day(case.country, day):
        return day + _DAY
    turns = [each for each in _turns(case, policy, policies, since) if each > day]
    if policies.by_behaviour:
        turns.append((day.replace(day=28) + timedelta(days=4)).replace(day=1))
    return min(turns, default=NEVER)


def _turns(case: Case, policy: Policy, policies: Policies, since: date | None) -> Iterator[date]:
    """Yield every day on which a condition of the decision may turn, past ones too."""
    if case.hold_until is not None:
        yield case.hold_until + _DAY
    if case.decided_on is not None:
        yield case.decided_on + _DAY
    if case.formal_notice is not None:
        yield case.formal_notice.on + timedelta(days=policy.formal_notice_interval_days)
    if policy.contact_limit is not None:
        for contact in case.contacts:
            yield contact.on + _DAY
            yield contact.on + timedelta(days=policy.contact_limit.days)
    standing = case.standing
    if standing is not None:
        days = (
            policies.changed_on,
            standing.changed_on,
            standing.moved_on,
            standing.fields_on,
            standing.graded_on,
        )
        yield from filter(None, days)
    for item in case.items:
        yield from _turns_of(item, policy, since)


def _turns_of(item: LadderItem, policy: Policy, since: date | None) -> Iterator[date]:
    yield item.due_on + _DAY
    if item.promised_until is not None:
        yield item.promised_until + _DAY
    for part in item.parts:
        yield part.due_on
    for step in policy.steps:
        yield step.scheduled_on(item.due_on)
        for taken in item.taken:
            yield taken.on + timedelta(days=step.interval_days)
    if since is not None:
        resumed = resumes_on(policy, above(policy, item.taken), due_on=item.due_on, since=since)
        if resumed is not None:
            yield resumed
