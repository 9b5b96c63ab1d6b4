"""Request body of /v1/entities/{id}/allocation-policy."""

from __future__ import annotations

from pydantic import Field

from encours.contracts.events.money.payment import Imputation, Ranking
from encours.http.models import Body, BusinessDate
from invoice_svc.domain.allocation_policy.policy import SetAllocationPolicy
from invoice_svc.http.common import CustomerId


class AllocationPolicyBody(Body):
    """Policy for payments that are received from a day on, of one customer or of all."""

    customer_id: CustomerId | None = Field(
        default=None,
        description="The customer whose terms it is; all without a policy of their own if not given.",
    )
    imputation: Imputation = Field(
        default="principal_first",
        description="`interest_first`: penalty documents that are due come before principal (C. civ. 1343-1).",
    )
    ranking: list[Ranking] = Field(
        default=["highest_rate"],
        max_length=1,
        description="Debts that are due and come before older ones; empty: by age alone.",
    )
    valid_from: BusinessDate | None = Field(default=None, description="Today if not given.")

    def to_command(self, entity_id: str) -> SetAllocationPolicy:
        """Return the command."""
        return SetAllocationPolicy(
            entity_id, self.customer_id, self.imputation, tuple(self.ranking), self.valid_from
        )
