"""The query parameters that every report shares, and what they and the caller's grant come to."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Depends
from fastapi import Query as Parameter

from encours.http.queries import Query
from encours.kernel.money import exponent
from encours.reading.moment import View
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
        segment: Annotated[
            str | None, Parameter(min_length=1, max_length=200, description="Customers of this segment.")
        ] = None,
        salesperson: Annotated[
            str | None, Parameter(min_length=1, max_length=200, description="Customers of this salesperson.")
        ] = None,
    ) -> None:
        self.entity_id = entity_id
        self._scope = Scope(None, customer_id, currency, segment, salesperson)

    def scope(self, q: Query) -> Scope:
        """Within the caller's grant. Raises a 403 problem for an entity outside it, 422 for no currency."""
        if self._scope.currency is not None:
            exponent(self._scope.currency)
        if self.entity_id is not None:
            q.caller.require_entity(self.entity_id)
            return replace(self._scope, entities=(self.entity_id,))
        return replace(self._scope, entities=q.caller.entities)


Ask = Annotated[Asked, Depends(Asked)]


def moment_of(view: View) -> Moment:
    """The two dates of the question as the tables are asked for them."""
    return Moment(view.time.as_of, None if view.time.is_now else view.time.position)
