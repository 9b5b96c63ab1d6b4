"""Parts that answers share: aged sums, the tie-out, the warning that streams are parked."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from encours.http.queries import AsOf
from encours.http.rates import PublishedRateOut
from encours.kernel.bands import Bands
from reporting_svc.http.scope import ScopeOut
from reporting_svc.http.snapshot import AgedSnapshot
from reporting_svc.read_models.aged_balance.query import Figures
from reporting_svc.read_models.tie_out.query import TiedFigures


class TieOut(BaseModel):
    """The same sum reached in three independent ways, taken in one snapshot."""

    buckets: MoneyModel = Field(
        description="Sum of the bands less unapplied cash, which is also that of the report's periods or parts."
    )
    open_items: MoneyModel = Field(description="Sum of the open invoices less unapplied cash.")
    ledger: MoneyModel = Field(
        description="Balance of the customers' account: issued - credited - received + reversed + all else that "
        "moved it."
    )
    equal: bool = Field(description="True: sums that disagree are no answer but a 503 problem.")

    @classmethod
    def of(cls, tied: TiedFigures) -> Json:
        """Show the three sums, which ``require_tied`` has found equal, as it has the report's own."""
        figures = tied.figures
        items = figures.open_items - figures.unapplied
        return {
            "buckets": money_json(figures.outstanding, figures.currency),
            "open_items": money_json(items, figures.currency),
            "ledger": money_json(figures.ledger, figures.currency),
            "equal": True,
        }


class ScopedReport(AsOf):
    """Base of every answer about receivables."""

    scope: ScopeOut
    incomplete: bool = Field(description="Streams are parked: their events are missing from these figures.")
    parked: list[str] = Field(description="The parked streams, at most 100.")

    @classmethod
    def end(cls, books: AgedSnapshot) -> Json:
        """Show the scope, the parked streams and the dates of the question, with which every report ends."""
        scope = {"scope": ScopeOut.of(books.scope, books.view.granted)}
        return scope | parked_fields(books.parked) | books.view.time.echo()


class Report(ScopedReport):
    """Base of every answer with sums in one currency."""

    currency: str
    tie_out: TieOut


class CurrencyPartOut(BaseModel):
    """Outstanding amount of an entity in one currency, and the rate that converted it; null in the report's own."""

    entity_id: str
    currency: str
    outstanding: MoneyModel
    converted: MoneyModel
    rate: PublishedRateOut | None


class ConversionOut(BaseModel):
    """Conversion of a report to one currency."""

    currency: str
    parts: list[CurrencyPartOut]
    unrealised_difference: MoneyModel | None = Field(
        description="Open invoices in other currencies at the rates of as_of, less their value at the rates of their "
        "issue; a loss is below 0. Null where the rate of an issue is missing."
    )
    missing_issue_rates: list[str] = Field(description="Currencies without a rate on the day of an issue.")

    @classmethod
    def of(cls, books: AgedSnapshot) -> Json | None:
        """Show parts, rates and the unrealised difference; nothing without a conversion."""
        conversion, found = books.conversion, books.unrealised
        if conversion is None or found is None:
            return None
        difference = found.difference_minor
        parts = [
            CurrencyPartOut(
                entity_id=part.entity,
                currency=part.currency,
                outstanding=MoneyModel.of(part.outstanding_minor, part.currency),
                converted=MoneyModel.of(part.converted_minor, conversion.currency),
                rate=PublishedRateOut.of(conversion.rates.get((part.entity, part.currency))),
            )
            for part in sorted(books.aged.parts, key=lambda part: (part.entity, part.currency))
        ]
        return {
            "currency": conversion.currency,
            "parts": [part.model_dump(mode="json") for part in parts],
            "unrealised_difference": None
            if difference is None
            else money_json(difference, conversion.currency),
            "missing_issue_rates": list(found.missing),
        }


class ConvertedReport(Report):
    """Base of every answer that can be converted."""

    conversion: ConversionOut | None = Field(description="Null without `report_currency`.")

    @classmethod
    def end(cls, books: AgedSnapshot) -> Json:
        """Show the conversion before the rest."""
        return {"conversion": ConversionOut.of(books)} | super().end(books)


PROMISED = "that is promised (`promised/1`)"
PLACED = "that a third party collects (`placed/1`)"
INSURED = "that a credit insurer pays (`insured/1`)"
_OVERLAP = "It may overlap with the other parts: they are not to be added up."


class Sums(BaseModel):
    """Aged sums. `bands` has the names listed in the answer, youngest first."""

    bands: dict[str, MoneyModel]
    disputed: MoneyModel = Field(
        description="The part of the bands that is in dispute, or accepted and not credited yet."
    )
    conceded: MoneyModel = Field(
        description="The part of the bands that you accepted and whose credit note is still to come."
    )
    on_plan: MoneyModel = Field(
        description="The part of the bands that is on a payment plan in force and not in dispute. A plan changes no "
        "due date, so it stays in its band and in `overdue`."
    )
    promised: MoneyModel = Field(description=f"The part of the bands {PROMISED}. {_OVERLAP}")
    placed: MoneyModel = Field(description=f"The part of the bands {PLACED}. {_OVERLAP}")
    insured: MoneyModel | None = Field(
        description=f"The part of the bands {INSURED}. {_OVERLAP} Null on the dashboard, which does not count it."
    )
    unapplied: MoneyModel = Field(description="Cash that no invoice has taken; deducted from outstanding.")
    overdue: MoneyModel = Field(
        description="Sum of the bands past due, less the conceded part of them, which is no longer owed."
    )
    outstanding: MoneyModel = Field(description="Sum of all bands less unapplied.")

    @classmethod
    def of(cls, figures: Figures, bands: Bands, *, insured: bool = True) -> Json:
        """Show the sums of figures in these bands; ``insured``: what is insured was counted."""
        currency = figures.currency
        return {
            "bands": {
                name: money_json(minor, currency)
                for name, minor in zip(bands.names, figures.bands, strict=True)
            },
            "disputed": money_json(figures.disputed, currency),
            "conceded": money_json(figures.conceded, currency),
            "on_plan": money_json(figures.on_plan, currency),
            "promised": money_json(figures.promised, currency),
            "placed": money_json(figures.placed, currency),
            "insured": money_json(figures.insured, currency) if insured else None,
            "unapplied": money_json(figures.unapplied, currency),
            "overdue": money_json(figures.overdue, currency),
            "outstanding": money_json(figures.outstanding, currency),
        }


def parked_fields(parked: Sequence[str]) -> Json:
    """Return ``incomplete`` and ``parked`` of an answer that lacks the events of parked streams."""
    return {"incomplete": bool(parked), "parked": list(parked[:100])}
