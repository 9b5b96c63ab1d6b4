"""Answers of /v1/indices."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from encours.contracts.events.sales.recurring import Frequency
from encours.http.answers import Answer, Json
from encours.http.queries import AsOf
from invoice_svc.domain.index.state import PriceIndex
from invoice_svc.use_cases.folds import INDEX


class IndexValueOut(BaseModel):
    """Value for a period, named by its first day."""

    period: date
    value: str


class IndexOut(AsOf):
    """A price index as of a date."""

    id: str
    entity_id: str
    code: str
    name: str
    frequency: Frequency
    source: str
    values: list[IndexValueOut]
    version: int

    @classmethod
    def of(cls, state: PriceIndex, version: int, as_of: date) -> Json:
        """Show an index."""
        return {
            "id": state.index_id,
            "entity_id": state.entity_id,
            "code": state.code,
            "name": state.name,
            "frequency": state.frequency,
            "source": state.source,
            "values": [
                {"period": period.isoformat(), "value": value}
                for period, value in sorted(state.values.items())
            ],
            "version": version,
        }


INDEX_ANSWER = Answer(INDEX, IndexOut.of)
