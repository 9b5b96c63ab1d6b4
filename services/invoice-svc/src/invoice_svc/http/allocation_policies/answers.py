"""Answers of /v1/entities/{id}/allocation-policy."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from encours.contracts.events.money.payment import Imputation, Ranking
from encours.http.answers import Answer, Json
from encours.http.queries import AsOf
from invoice_svc.domain.allocation_policy.policy import AllocationPolicies
from invoice_svc.use_cases.folds import ALLOCATION_POLICIES


class DatedAllocationPolicyOut(BaseModel):
    """A policy from a day on."""

    customer_id: str | None
    imputation: Imputation
    ranking: list[Ranking]
    valid_from: date
    in_force: bool = Field(description="True for the policy that counts for payments received on `as_of`.")


class AllocationPoliciesOut(AsOf):
    """Allocation policies of an entity and its customers, past and future."""

    id: str
    entity_id: str
    policies: list[DatedAllocationPolicyOut]
    version: int

    @classmethod
    def of(cls, state: AllocationPolicies, version: int, as_of: date) -> Json:
        """Show the policies, ascending by their first days."""
        in_force = {each.debtor_id: each for each in state.known if each.valid_from <= as_of}
        return {
            "id": state.known[0].allocation_policy_id,
            "entity_id": state.known[0].entity_id,
            "policies": [
                {
                    "customer_id": each.debtor_id,
                    "imputation": each.imputation,
                    "ranking": list(each.ranking),
                    "valid_from": each.valid_from.isoformat(),
                    "in_force": in_force.get(each.debtor_id) is each,
                }
                for each in state.known
            ],
            "version": version,
        }


ALLOCATION_POLICIES_ANSWER = Answer(ALLOCATION_POLICIES, AllocationPoliciesOut.of)
