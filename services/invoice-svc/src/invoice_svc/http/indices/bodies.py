"""Request body of /v1/indices."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from encours.contracts.events.sales.recurring import Frequency
from encours.http.models import Body, BusinessDate, ShortText
from encours.kernel.ids import derived_id
from invoice_svc.domain.index.commands import PublishIndex
from invoice_svc.http.common import DecimalText, EntityId

MAX_VALUES = 1_000
IndexCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9_-]{0,19}$"), Field(examples=["ILC"])]


class IndexValueBody(Body):
    """Value for a month, a quarter or a year."""

    period: BusinessDate = Field(description="A day of the period, such as its first.")
    value: DecimalText = Field(examples=["134.58"])


class IndexBody(Body):
    """Values of an index, new or corrected; those that are not named stay."""

    entity_id: EntityId
    name: ShortText = Field(examples=["Indice des loyers commerciaux"])
    frequency: Frequency = Field(description="Fixed by the first request.")
    source: ShortText = Field(examples=["INSEE, série 001532540"])
    values: Annotated[list[IndexValueBody], Field(min_length=1, max_length=MAX_VALUES)]

    def to_command(self, code: str) -> PublishIndex:
        """Return the command. The id follows from entity and code."""
        return PublishIndex(
            index_id=index_id(self.entity_id, code),
            entity_id=self.entity_id,
            code=code,
            name=self.name,
            frequency=self.frequency,
            source=self.source,
            values=tuple((each.period, each.value) for each in self.values),
        )


def index_id(entity_id: str, code: str) -> str:
    """Return the id of an entity's index."""
    return derived_id("idx", entity_id, code)
