"""A period of the ledger under a version of a policy: the live fold and the live decision, on what was known each day.

Every event is folded as the read model does, in the order of the ledger. From the first day of the period on the
decisions that were really taken are left out, and the version is in force instead of what its policy did. The other
policies are in force as they were, and no experiment runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from msgspec.structs import replace

from dunning_svc.backtest.thanks import ReplayedThanks
from dunning_svc.backtest.wakes import AT_ONCE, NEVER, Wakes, next_day
from dunning_svc.domain.ladder.decision import Decision
from dunning_svc.domain.ladder.events import DecisionEvent, as_event, stream_of
from dunning_svc.domain.ladder.grouping import Unit, decisions_of, in_units
from dunning_svc.domain.ladder.state import Case
from dunning_svc.domain.policy.shipped import DEFAULT_ID
from dunning_svc.read_models.cases.composition import Group
from dunning_svc.read_models.cases.fold.decisions import steps_decided
from dunning_svc.read_models.cases.fold.policies import put_in_force
from dunning_svc.read_models.cases.past import MemoryRows, fold
from dunning_svc.read_models.cases.rows.experiments import ExperimentRow
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.read_models.cases.rows.policies import PolicyRow
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from encours.contracts import Recorded
from encours.contracts.books import movements
from encours.contracts.events import policy
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.score import ScoreGraded
from encours.contracts.parties import Survivors
from encours.service.calendar import day_elsewhere

OF_ALL = frozenset({"customer", "hold", "entity", "policy", "experiment", "score"})
"""Families of events that may change any case: a payer, a creditor, a policy or a comparison of two, a grade."""
_OF_POLICY = policy.PolicyCreated | policy.PolicyVersionAdded | policy.PolicyActivated | policy.PolicyRetired


@dataclass(frozen=True, slots=True)
class Trial:
    """The version that is put in force, and the period, both days included. ``time_zone`` is the ledger's.

    ``documents`` are those of all versions of the policy, as the read model keeps them; none of the default policy.
    """

    policy_id: str
    version: int
    documents: tuple[str, ...]
    first: date
    last: date
    time_zone: str


class Replay:
    """The replay of some customers with all that their cases depend on. ``left_out``: what was really decided.

    ``unreadable`` counts events that the read model could not apply either. With ``every_day`` each case is decided on
    each day, which is slow and yields the same.
    """

    def __init__(self, trial: Trial, *, every_day: bool = False) -> None:
        self._trial = trial
        self._every_day = every_day
        self._rows = MemoryRows()
        self._policies = self._rows.policies()
        self._wakes = Wakes()
        self._decisions = 0
        self._begun = False
        self._thanks = ReplayedThanks(self._rows, trial.time_zone)
        self._real: set[str] = set()
        self.left_out: list[Recorded] = []
        self.unreadable = 0
        self.thanked = 0
        """Thank-yous that the replay decided on."""

    def run(self, events: Iterable[Recorded]) -> Iterator[tuple[Recorded, Decision | None]]:
        """Yield each event in order, days among them, without a decision; and each decision, with its day's event."""
        for e in events:
            yield e, None
            if isinstance(e.data, DayOpened):
                if e.data.day >= self._trial.first and not self._begun:
                    self._begin(e)
                if self._begun and not e.data.late and e.data.day <= self._trial.last:
                    for decision in self._decide(e, e.data.day):
                        yield e, decision
                    if self._policies.thank:
                        self.thanked += self._thanks.decide(e)
            elif not self._begun or self._counts(e):
                self._fold(e)

    def _begin(self, e: Recorded) -> None:
        """Put the version in force, unless it is."""
        trial, self._begun = self._trial, True
        if trial.policy_id != DEFAULT_ID:
            row = self._rows.get(PolicyRow, trial.policy_id)
            self._rows.put(
                put_in_force(row, trial.policy_id, trial.documents, trial.version, trial.first, e.position)
            )
        for each in self._rows.all(ExperimentRow):
            if each.stopped_on is None:
                self._rows.put(replace(each, stopped_on=trial.first))
        self._policies = self._rows.policies()
        self._wakes.at_once(self._rows.groups())

    def _counts(self, e: Recorded) -> bool:
        """Return False for a decision that was really taken in the period, its outcome, and the policy's own events."""
        if isinstance(e.data, DecisionEvent) and e.version == 1:
            self._real.add(e.stream)
        if e.stream in self._real:
            self.left_out.append(e)
            return False
        if e.type.partition(".")[0] == "experiment":
            return False
        return not (isinstance(e.data, _OF_POLICY) and e.data.policy_id == self._trial.policy_id)

    def _fold(self, e: Recorded) -> None:
        try:
            fold(e, self._rows)
        except LookupError:
            self.unreadable += 1
        if not self._begun:
            return
        family = e.type.partition(".")[0]
        if family == "policy":
            self._policies = self._rows.policies()
        if isinstance(e.data, ScoreGraded) and not self._policies.by_grade:
            return
        if family in OF_ALL and not isinstance(e.data, CustomerRegistered):
            self._wakes.at_once(self._rows.groups())
            return
        entries = movements(e)
        self._thanks.moved(e.position, [entry.invoice_id for entry in entries if entry.invoice_id])
        touched = {entry.customer_id for entry in entries}
        touched.add(getattr(e.data, "customer_id", ""))
        self._wakes.at_once(self._rows.groups(touched))

    def _decide(self, e: Recorded, day: date) -> Iterator[Decision]:
        """Decide the cases that may have a due step, as the run of a day does; the decision is folded too."""
        days = {row.entity_id: self._day_of(row, day) for row in self._rows.all(CreditorRow)}
        own = {group: days.get(group[1], day) for group in self._awake(days, day)}
        merged = {on: self._rows.survivors(on) for on in set(own.values())}
        cases: dict[Group, Case] = {}
        for on in merged:
            awake = {(merged[on].of(group[0]), *group[1:]) for group, its_day in own.items() if its_day == on}
            found = self._rows.cases_with(awake, on, merged=merged[on])
            cases |= {(case.customer_id, case.entity_id, case.currency): case for case in found}
            for group in awake - cases.keys():
                self._look_again(group, merged[on], AT_ONCE)

        def day_of(case: Case) -> date:
            return days.get(case.entity_id, day)

        for unit in in_units([cases[each] for each in sorted(cases)], day_of, self._policies):
            on = day_of(unit.cases[0])
            yield from self._decide_unit(e, unit, on, merged[on])

    def _awake(self, days: Mapping[str, date], day: date) -> list[Group]:
        """Return the groups that may be decided: awake, and with an item that the run of the day would look at."""
        if self._every_day:
            return list(self._rows.groups())
        first = self._policies.first_offset_days
        found = []
        for group, on in self._wakes.take_until(max(days.values(), default=day)):
            own = days.get(group[1], day)
            if on <= own:
                items = self._rows.open_items(group)
                debtor = self._rows.get(DebtorRow, group[0])
                earlier = debtor is not None and debtor.earlier_days > 0
                on = min((_looked_at_on(row, first, earlier=earlier) for row in items), default=NEVER)
            if on <= own:
                found.append(group)
            self._wakes.set(group, on)
        return found

    def _decide_unit(self, e: Recorded, unit: Unit, on: date, merged: Survivors) -> list[Decision]:
        decisions = decisions_of(unit, on, self._policies, e.position)
        for decision in decisions:
            self._fold_decision(e, decision)
        for case in unit.cases:
            group = case.customer_id, case.entity_id, case.currency
            again = on + timedelta(days=1)
            if not decisions:
                joint = case if unit.joint is None else case.together[unit.joint]
                again = min(next_day(joint, on, self._policies), self._turn_of(group, on))
            self._look_again(group, merged, again)
        return decisions

    def _look_again(self, group: Group, merged: Survivors, day: date) -> None:
        for record in merged.records(group[0]):
            self._wakes.set((record, group[1], group[2]), day)

    def _turn_of(self, group: Group, day: date) -> date:
        """Return the next day on which another record stands for the customer, or another one pays for it."""
        debtor = self._rows.get(DebtorRow, group[0])
        turns = [roles.valid_from for roles in debtor.roles] if debtor else []
        turns += [merge.effective_on for merge in self._rows.merges()]
        return min((each for each in turns if each > day), default=date.max)

    def _fold_decision(self, day: Recorded, decision: Decision) -> None:
        """Fold the decision as its event would be; its id need not be that of another ledger or process.

        A message that needs an approval counts as approved on its day.
        """
        self._decisions += 1
        event_id = UUID(int=self._decisions)
        event = as_event(replace(decision, approval=None), event_id)
        made = Recorded(
            ledger=day.ledger, position=day.position, stream=stream_of(event), version=1, type=event.TYPE,
            schema_version=event.VERSION, entity=decision.entity_id, event_id=event_id, effective_on=event.day,
            recorded_at=day.recorded_at, actor=day.actor, command_id=day.command_id, data=event,
            causation_id=day.event_id,
        )  # fmt: skip
        steps_decided(made, event, self._rows)

    def _day_of(self, creditor: CreditorRow, day: date) -> date:
        return day_elsewhere(day, self._trial.time_zone, creditor.time_zone)


def _looked_at_on(row: ItemRow, first_offset_days: int | None, *, earlier: bool) -> date:
    """Return the first day on which the run of a day looks at the customer because of the item (`due_pages`)."""
    days = [NEVER if row.next_step_on is None else row.next_step_on]
    if first_offset_days is not None:
        days.append(row.due_on + timedelta(days=first_offset_days))
    if earlier:
        days.append(row.due_on + timedelta(days=1))
    return min(days)
