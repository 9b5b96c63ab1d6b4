"""Parts that answers share: money by band, the tie-out, the warning that streams are parked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field

from encours.http.models import MoneyModel, money_json
from encours.http.queries import AsOf
from reporting_svc.domain.measures.bands import Bands
from reporting_svc.read_models.receivables.figures import Figures


class TieOut(BaseModel):
    """The same sum reached in three independent ways, taken in one snapshot."""

    buckets: MoneyModel = Field(description="Sum of the bands (or periods) less unapplied cash.")
    open_items: MoneyModel = Field(description="Sum of the open invoices less unapplied cash.")
    ledger: MoneyModel = Field(
        description="Balance of the customers' account: issued - credited - received + reversed + all else that "
        "moved it."
    )
    equal: bool


class Report(AsOf):
    """Base of every answer with sums."""

    currency: str
    tie_out: TieOut
    incomplete: bool = Field(description="Streams are parked: their events are missing from these figures.")
    parked: list[str] = Field(description="The parked streams, at most 100.")


class Sums(BaseModel):
    """Aged sums. `bands` has the names listed in the answer, youngest first."""

    bands: dict[str, MoneyModel]
    disputed: MoneyModel = Field(description="Contested part, already inside the bands.")
    unapplied: MoneyModel = Field(description="Cash that no invoice has taken; deducted from outstanding.")
    overdue: MoneyModel = Field(description="Sum of the bands past due.")
    outstanding: MoneyModel = Field(description="Sum of all bands less unapplied.")


def sums_json(figures: Figures, bands: Bands) -> dict[str, Any]:
    """:class:`Sums` as plain JSON."""
    currency = figures.currency
    return {
        "bands": {
            name: money_json(minor, currency) for name, minor in zip(bands.names, figures.bands, strict=True)
        },
        "disputed": money_json(figures.disputed, currency),
        "unapplied": money_json(figures.unapplied, currency),
        "overdue": money_json(figures.overdue, currency),
        "outstanding": money_json(figures.outstanding, currency),
    }


def tie_out_json(figures: Figures, *, also: bool = True, buckets: int | None = None) -> dict[str, Any]:
    """:class:`TieOut` as plain JSON. ``also``: what else must hold; ``buckets``: a sum that is not one of bands."""
    summed = figures.outstanding if buckets is None else buckets
    items = figures.open_items - figures.unapplied
    return {
        "buckets": money_json(summed, figures.currency),
        "open_items": money_json(items, figures.currency),
        "ledger": money_json(figures.ledger, figures.currency),
        "equal": also and summed == items == figures.ledger,
    }


def incomplete_json(parked: Sequence[str]) -> dict[str, Any]:
    """Streams that are parked: the figures lack their events."""
    return {"incomplete": bool(parked), "parked": list(parked[:100])}


def nothing(currency: str, bands: Bands) -> Figures:
    """The figures of an empty scope."""
    return Figures(
        currency=currency,
        bands=(0,) * len(bands.names),
        disputed=0,
        unapplied=0,
        open_items=0,
        ledger=0,
        customers=0,
    )
