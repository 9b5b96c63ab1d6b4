"""The policy that is applied to a case: a pure function of the policies in force and the customer.

Of the policies whose criteria the case meets, the one with the highest priority is applied, then the one with the most
criteria, then the one with the lower id. Without any, it is the default policy. If an experiment compares that one with
another, chance decides which of them the customer gets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import msgspec

from dunning_svc.domain.policy.arms import AssignedArm, RunningExperiment
from dunning_svc.domain.policy.policy import Joint, Policy
from dunning_svc.domain.policy.shipped import DEFAULT_ID, DEFAULT_POLICY, POLICIES
from encours.contracts.events.dunning.document import PaidLate, PolicyScope
from encours.contracts.events.dunning.experiment import Arm
from encours.contracts.events.dunning.reminders import DecisionBasis, PolicyAlsoMet
from encours.contracts.portfolios import (
    Criterion,
    CustomerFacts,
    amount_met,
    customer_criteria,
    fields_met,
    names_if_met,
)

Key = tuple[str, int]
"""Policy and version."""


class MonthDue(NamedTuple):
    """Invoices of a case that fell due in a month: those that were ever owed, and those paid by their due date."""

    first_day: date
    invoices: int
    in_time: int


class InvoiceFacts(msgspec.Struct, frozen=True):
    """Facts about an open invoice that criteria ask for. ``fields_position``: of the event that set its fields."""

    open_minor: int
    series: str | None = None
    nature: str | None = None
    fields: frozenset[tuple[str, str]] = frozenset()
    fields_position: int = 0


class Profile(CustomerFacts, frozen=True):
    """Facts about a case that criteria ask for."""

    invoices: tuple[InvoiceFacts, ...] = ()
    """Open invoices."""
    punctuality: tuple[MonthDue, ...] = ()
    """Invoices that fell due, by month; none where no criterion asks for them."""
    assigned: tuple[AssignedArm, ...] = ()
    """Assignments of these customers to arms of experiments."""
    grade: str | None = None
    """Grade of the customer; ``grade_position``: of the event that gave it."""
    grade_position: int = 0
    earlier_days: int = 0
    """Days by which its reminders begin earlier, by terms accepted at ``earlier_position``."""
    earlier_position: int = 0


@dataclass(frozen=True, slots=True)
class InForce:
    """A version in force, with the position of its activation."""

    policy: Policy
    scope: PolicyScope
    priority: int
    position: int


class ChosenPolicy(msgspec.Struct, frozen=True):
    """The policy that is applied to a case, and the grounds. ``position`` is 0 for the default policy."""

    policy: Policy
    priority: int = 0
    criteria: tuple[str, ...] = ()
    also_met: tuple[PolicyAlsoMet, ...] = ()
    position: int = 0
    experiment_id: str | None = None
    arm: Arm | None = None
    earlier_days: int = 0
    """Days by which its first reminder comes earlier for the case, by terms accepted at ``earlier_position``."""
    earlier_position: int = 0

    @property
    def key(self) -> Key:
        """Policy and version."""
        return self.policy.policy_id, self.policy.version


class Policies:
    """Policies of a ledger at a position: those in force, and every version that decisions may refer to.

    ``changed_on`` is the last day on which a version was put in force or out of it, by itself or by an experiment.
    ``experiments`` that run are by their champion.
    """

    def __init__(
        self,
        in_force: Sequence[InForce] = (),
        versions: Mapping[Key, Policy] | None = None,
        changed_on: date | None = None,
        experiments: Sequence[RunningExperiment] = (),
    ) -> None:
        self._versions = {**POLICIES, **(versions or {})}
        self._in_force = sorted(in_force, key=lambda each: (-each.priority, each.policy.policy_id))
        self.changed_on = changed_on
        self.experiments = {each.champion: each for each in experiments}

    @property
    def first_offset_days(self) -> int | None:
        """The earliest offset of a step of the policies in force; ``None`` without any."""
        return min((policy.steps[0].offset_days for policy in self._applied), default=None)

    @property
    def _applied(self) -> list[Policy]:
        """Policies that a case may be under, besides the default one."""
        return [each.policy for each in self._in_force] + [e.challenger for e in self.experiments.values()]

    @property
    def contact_days(self) -> int:
        """Days for which messages have to be counted."""
        limits = (policy.contact_limit for policy in self._applied)
        return max((limit.days for limit in limits if limit is not None), default=0)

    @property
    def thank(self) -> bool:
        """True if a policy that a case may be under thanks for payments."""
        return any(policy.thanks is not None for policy in self._applied)

    @property
    def groups_by_invoice(self) -> bool:
        """True if a policy that a case may be under has messages for each invoice."""
        return any(policy.grouping == "invoice" for policy in self._applied)

    @property
    def joint(self) -> frozenset[Joint]:
        """Groupings of policies that a case may be under, by which cases of several customers are decided together."""
        found: set[Joint] = set()
        for policy in self._applied:
            if policy.grouping == "payer" or policy.grouping == "group":
                found.add(policy.grouping)
        return frozenset(found)

    @property
    def by_invoices(self) -> bool:
        """True if a criterion depends on the open invoices, which change without a change of the customer."""
        return any(each.scope.open_amounts or _asks_for_invoices(each.scope) for each in self._in_force)

    @property
    def by_invoice_fields(self) -> bool:
        """True if a criterion depends on custom fields of invoices, which change without a movement."""
        return any(each.scope.invoice_fields for each in self._in_force)

    @property
    def by_behaviour(self) -> bool:
        """True if a criterion depends on invoices paid late, whose counts change with each month and each payment."""
        return any(each.scope.paid_late is not None for each in self._in_force)

    @property
    def by_grade(self) -> bool:
        """True if a criterion depends on the grade, which changes without a change of the customer."""
        return any(each.scope.grades for each in self._in_force)

    def version_of(self, basis: DecisionBasis) -> Policy:
        """Return the version that a decision was taken under. Raises ``KeyError`` for an unknown one."""
        return self._versions[basis.policy_id, basis.policy_version].earlier(basis.earlier_days)

    def apply(self, profile: Profile, day: date) -> ChosenPolicy:
        """Return the policy that is applied to a case on a day: in an experiment, that of the case's arm."""
        chosen = self._in_arm(self._chosen(profile, day), profile)
        if not profile.earlier_days:
            return chosen
        return msgspec.structs.replace(
            chosen,
            policy=chosen.policy.earlier(profile.earlier_days),
            earlier_days=profile.earlier_days,
            earlier_position=profile.earlier_position,
        )

    def _in_arm(self, chosen: ChosenPolicy, profile: Profile) -> ChosenPolicy:
        experiment = self.experiments.get(chosen.key)
        if experiment is None:
            return chosen
        arm = experiment.arm_of(profile.customer_ids, profile.assigned)
        return msgspec.structs.replace(
            chosen,
            policy=experiment.challenger if arm == "challenger" else chosen.policy,
            position=max(chosen.position, experiment.position),
            experiment_id=experiment.experiment_id,
            arm=arm,
        )

    def _chosen(self, profile: Profile, day: date) -> ChosenPolicy:
        met = [
            (each, criteria)
            for each in self._in_force
            if (criteria := criteria_met(each.scope, profile, day)) is not None
        ]
        if not met:
            return ChosenPolicy(DEFAULT_POLICY)
        met.sort(key=lambda found: (-found[0].priority, -len(found[1]), found[0].policy.policy_id))
        (first, criteria), *others = met
        return ChosenPolicy(
            first.policy,
            first.priority,
            criteria,
            tuple(
                PolicyAlsoMet(
                    policy_id=each.policy.policy_id,
                    policy_version=each.policy.version,
                    name=each.policy.name,
                    priority=each.priority,
                )
                for each, _ in others
            ),
            first.position,
        )


def is_default(key: Key) -> bool:
    """Return True for a version of the default policy."""
    return key[0] == DEFAULT_ID


def criteria_met(scope: PolicyScope, profile: Profile, day: date) -> tuple[str, ...] | None:
    """Return the names of the criteria of a scope, all of which the case meets; ``None`` if it misses one.

    Criteria that ask for an invoice are met together, by one open invoice.
    """
    by_invoice = _asks_for_invoices(scope) and any(
        _invoice_met(scope, profile, each) for each in profile.invoices
    )
    asked: list[Criterion] = [
        *customer_criteria(scope, profile),
        ("invoice_amounts", scope.invoice_amounts, by_invoice),
        ("invoice_fields", scope.invoice_fields, by_invoice),
        ("invoice_series", scope.invoice_series, by_invoice),
        ("invoice_natures", scope.invoice_natures, by_invoice),
        ("paid_late", scope.paid_late, _behaviour_met(scope.paid_late, profile, day)),
        ("grades", scope.grades, profile.grade in scope.grades),
    ]
    return names_if_met(asked)


def _asks_for_invoices(scope: PolicyScope) -> bool:
    return bool(
        scope.invoice_amounts or scope.invoice_fields or scope.invoice_series or scope.invoice_natures
    )


def _invoice_met(scope: PolicyScope, profile: Profile, invoice: InvoiceFacts) -> bool:
    return (
        (not scope.invoice_amounts or amount_met(scope.invoice_amounts, profile.currency, invoice.open_minor))
        and fields_met(scope.invoice_fields, invoice.fields)
        and (not scope.invoice_series or invoice.series in scope.invoice_series)
        and (not scope.invoice_natures or invoice.nature in scope.invoice_natures)
    )


def _behaviour_met(band: PaidLate | None, profile: Profile, day: date) -> bool:
    """Compare in whole numbers: late of all in percent is at least ``from`` and less than ``below``."""
    if band is None:
        return False
    this_month = day.replace(day=1)
    first = this_month.replace(year=day.year - 1)
    months = [each for each in profile.punctuality if first <= each.first_day < this_month]
    total = sum(each.invoices for each in months)
    late = total - sum(each.in_time for each in months)
    if total < band.invoices:
        return False
    below = band.below_percent
    return band.from_percent * total <= 100 * late and (below is None or 100 * late < below * total)
