"""The query parameters that every report shares, and what they and the caller's grant come to."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from fastapi import Query as Parameter

from encours.kernel.money import exponent
from encours.web.time_travel import Query, View
from reporting_svc.read_models.scope import Moment, Scope


class Asked:
    """Whose receivables the caller asks about."""

    def __init__(
        self,
        entity_id: Annotated[
            str | None,
            Parameter(
                pattern=r"^ent_[0-9a-f]{32}$",
                description="One creditor; all that the key covers if not given.",
            ),
        ] = None,
        customer_id: Annotated[
            str | None, Parameter(pattern=r"^cus_[0-9a-f]{32}$", description="One customer.")
        ] = None,
        currency: Annotated[
            str | None,
            Parameter(
                pattern=r"^[A-Z]{3}$",
                description="Needed where the scope has several currencies.",
                examples=["EUR"],
            ),
        ] = None,
    ) -> None:
        self.entity_id = entity_id
        self.customer_id = customer_id
        self.currency = currency

    def scope(self, q: Query) -> Scope:
        """Within the caller's grant. Raises a 403 problem for an entity outside it, 422 for no currency."""
        if self.currency is not None:
            exponent(self.currency)
        if self.entity_id is not None:
            q.caller.require_entity(self.entity_id)
            return Scope((self.entity_id,), self.customer_id, self.currency)
        return Scope(q.caller.entities, self.customer_id, self.currency)


Ask = Annotated[Asked, Depends(Asked)]


def moment_of(view: View) -> Moment:
    """The two dates of the question as the tables are asked for them."""
    return Moment(view.time.as_of, None if view.time.is_now else view.time.position)
