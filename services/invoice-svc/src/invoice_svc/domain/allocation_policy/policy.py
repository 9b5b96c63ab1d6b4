"""Allocation policies: command, state, decision. Each counts for payments received from its day on, until a later one.

Payments go to the principal first unless a policy says otherwise, which the creditor may agree to (C. civ. 1343-1), and
among debts that are due to that with the highest rate of interest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.money.payment import AllocationPolicySet, Imputation, Ranking
from encours.kernel.errors import NotFound
from encours.kernel.ids import derived_id

DEFAULT = "default"


class AllocationPolicyNotFound(NotFound):
    """The entity has set no policy (404)."""

    code = "allocation-policy-not-found"
    title = "Allocation policy not found"
    remedy = (
        "Set it with PUT /v1/entities/{id}/allocation-policy; without one payments go to the principal first."
    )


def policies_id(entity_id: str) -> str:
    """Return the id of an entity's policies."""
    return derived_id("alp", entity_id)


@dataclass(frozen=True, slots=True)
class SetAllocationPolicy:
    """Set the policy of a customer, or of all without one of their own. ``valid_from`` is today if not given."""

    entity_id: str
    customer_id: str | None
    imputation: Imputation
    ranking: tuple[Ranking, ...]
    valid_from: date | None


@dataclass(frozen=True, slots=True)
class AllocationPolicy:
    """The policy of a payment; ``source`` names it in each allocation that follows from it."""

    imputation: Imputation = "principal_first"
    ranking: tuple[Ranking, ...] = ("highest_rate",)
    source: str = DEFAULT


@dataclass(frozen=True, slots=True)
class AllocationPolicies:
    """Policies of an entity, ascending by their first days."""

    known: tuple[AllocationPolicySet, ...] = ()

    def on(self, customers: Sequence[str], day: date) -> AllocationPolicy:
        """Return the policy for a payer on a day: that of one of its records, in their order, else that for all."""
        for customer in (*customers, None):
            for each in reversed(self.known):
                if each.debtor_id == customer and each.valid_from <= day:
                    source = (
                        f"{each.allocation_policy_id} of {customer or 'all customers'} from {each.valid_from}"
                    )
                    return AllocationPolicy(each.imputation, each.ranking, source)
        return AllocationPolicy()


def evolve(state: AllocationPolicies, recorded: Recorded) -> AllocationPolicies:
    """Return the policies after one more; one for the same day replaces it. Their stream has no other events."""
    event = recorded.data
    assert isinstance(event, AllocationPolicySet)
    same = (event.debtor_id, event.valid_from)
    kept = [each for each in state.known if (each.debtor_id, each.valid_from) != same]
    return AllocationPolicies(tuple(sorted([*kept, event], key=lambda each: each.valid_from)))


def set_policy(
    state: AllocationPolicies, command: SetAllocationPolicy, today: date
) -> list[AllocationPolicySet]:
    """Set a policy; no event if that of the day is the same."""
    event = AllocationPolicySet(
        allocation_policy_id=policies_id(command.entity_id),
        entity_id=command.entity_id,
        debtor_id=command.customer_id,
        imputation=command.imputation,
        ranking=command.ranking,
        valid_from=command.valid_from or today,
    )
    return [] if event in state.known else [event]
