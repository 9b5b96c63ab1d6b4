"""Body of a plan of the turnover."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from encours.contracts.events.figure import PlanGroup, TurnoverTarget
from encours.http.models import Body, Currency, Id, ShortText
from encours.kernel.errors import Invalid
from encours.kernel.ids import derived_id
from encours.kernel.money import parse_amount
from reporting_svc.domain.turnover_plan import SetTurnoverPlan

MAX_TARGETS = 3_000
"""A version is one event, and an event one message of at most 4 MiB: with names of 200 characters of four bytes each
these targets have 2.8 MB. A larger plan is several, such as one for each year.
"""
GROUP_FIELDS: Mapping[PlanGroup, str] = {
    "product": "product",
    "customer": "customer_id",
    "salesperson": "salesperson",
}
"""Field of a target that names its group."""
PlanAmount = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,4})?$")]


class TurnoverTargetBody(Body):
    """Turnover and cash expected of a month."""

    month: str = Field(pattern=r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-01"])
    product: ShortText | None = Field(default=None, description="In a plan by product.")
    customer_id: Annotated[str, Id("cus")] | None = Field(default=None, description="In a plan by customer.")
    salesperson: ShortText | None = Field(default=None, description="In a plan by salesperson.")
    billed: PlanAmount | None = Field(
        default=None, description="Turnover without VAT, in the currency of the plan.", examples=["12000.00"]
    )
    collected: PlanAmount | None = Field(default=None, description="Cash, VAT included.")

    def to_target(self, by: PlanGroup, currency: str, pointer: str) -> TurnoverTarget:
        """Return the target. Raises 422 for an amount that the currency does not have, and for a wrong group."""
        for kind, name in GROUP_FIELDS.items():
            if kind != by and getattr(self, name) is not None:
                raise Invalid(f"This plan is by {by}: leave {name} out.", f"{pointer}/{name}")
        amounts = {
            name: None if text is None else parse_amount(text, currency, pointer=f"{pointer}/{name}")
            for name, text in (("billed", self.billed), ("collected", self.collected))
        }
        return TurnoverTarget(
            month=date.fromisoformat(f"{self.month}-01"),
            group=self.product or self.customer_id or self.salesperson,
            billed_minor=amounts["billed"],
            collected_minor=amounts["collected"],
        )


class TurnoverPlanBody(Body):
    """A version of a plan, complete; one with a code that the entity has already replaces the version before."""

    entity_id: Annotated[str, Id("ent")]
    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")] = Field(
        examples=["budget-2026"]
    )
    title: ShortText = Field(examples=["Budget 2026"])
    currency: Currency
    by: PlanGroup = Field(description="What each target names beside its month.")
    targets: list[TurnoverTargetBody] = Field(min_length=1, max_length=MAX_TARGETS)

    def to_command(self) -> SetTurnoverPlan:
        """Return the command."""
        return SetTurnoverPlan(
            turnover_plan_id=derived_id("tpn", self.entity_id, self.code),
            entity_id=self.entity_id,
            code=self.code,
            title=self.title,
            currency=self.currency,
            by=self.by,
            targets=tuple(
                each.to_target(self.by, self.currency, f"/targets/{n}") for n, each in enumerate(self.targets)
            ),
        )
