"""Answers about guarantees."""

from __future__ import annotations

from pydantic import BaseModel, Field

from encours.http.answers import Answer
from encours.http.models import BusinessDate, MoneyModel
from encours.http.queries import AsOf
from risk_svc.domain.guarantee import Guarantee
from risk_svc.use_cases.guarantees import GUARANTEE


class GuaranteeOut(BaseModel):
    """A guarantee for debts of a customer."""

    id: str
    customer_id: str
    entity_id: str
    kind: str
    amount: MoneyModel
    reference: str
    valid_from: BusinessDate
    valid_until: BusinessDate | None
    text: str | None
    taken_by: str | None
    role: str | None = Field(description="Role by which it was taken; null where none is needed.")
    in_place_of: str | None = Field(description="Key of the person that was substituted.")
    released_on: BusinessDate | None
    release_text: str | None
    version: int

    @classmethod
    def of(cls, state: Guarantee, version: int) -> GuaranteeOut:
        """Return the guarantee at a version of its stream."""
        taken = state.taken
        assert taken is not None
        return cls(
            id=taken.guarantee_id,
            customer_id=taken.customer_id,
            entity_id=state.entity_id,
            kind=taken.kind,
            amount=MoneyModel.of(taken.amount_minor, taken.currency),
            reference=taken.reference,
            valid_from=taken.valid_from,
            valid_until=taken.valid_until,
            text=taken.text,
            taken_by=state.taken_by,
            role=taken.role,
            in_place_of=taken.in_place_of and taken.in_place_of.removeprefix("key:"),
            released_on=state.released_on,
            release_text=state.release_text,
            version=version,
        )


class GuaranteeAsOf(GuaranteeOut, AsOf):
    """A guarantee at the requested dates."""


GUARANTEE_ANSWER = Answer(GUARANTEE, lambda state, version, _: GuaranteeOut.of(state, version))
