"""Answers about the aged balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from encours.http.rates import PublishedRateOut
from encours.kernel.bands import Bands
from encours.reading.pages import Page
from reporting_svc.domain.measures.definitions import Definition
from reporting_svc.http.answers import ConversionOut, ScopedReport, Sums, TieOut
from reporting_svc.http.snapshot import AgedSnapshot
from reporting_svc.read_models.aged_balance.penalties import OpenPenalties
from reporting_svc.read_models.aged_balance.query import AgedGroup, Figures
from reporting_svc.read_models.receivables.conversion import ReportConversion
from reporting_svc.read_models.tie_out.query import TiedFigures


class AgedRow(Sums):
    """A customer of an entity; ``customer_id`` null is money of payers not yet identified."""

    customer_id: str | None
    entity_id: str
    currency: str
    name: str | None
    external_ref: str | None

    @classmethod
    def of(cls, figures: Figures, bands: Bands, *, insured: bool = True) -> Json:
        """Show the figures of a customer."""
        return {
            "customer_id": figures.customer_id or None,
            "entity_id": figures.entity,
            "currency": figures.currency,
            "name": figures.name,
            "external_ref": figures.external_ref,
            **Sums.of(figures, bands, insured=insured),
        }


class Total(Sums):
    """All customers in scope."""

    customers: int

    @classmethod
    def of(cls, figures: Figures, bands: Bands, *, insured: bool = True) -> Json:
        """Show the sums of all customers."""
        return {"customers": figures.customers, **Sums.of(figures, bands, insured=insured)}


class CurrencyTotal(Total):
    """All customers in one currency, tied out."""

    currency: str
    tie_out: TieOut

    @classmethod
    def tied(cls, tied: TiedFigures, bands: Bands) -> Json:
        """Show the sums of a currency."""
        figures = tied.figures
        return {"currency": figures.currency, "tie_out": TieOut.of(tied), **Total.of(figures, bands)}


class AgedCurrencyTotal(CurrencyTotal):
    """All customers in one currency, with what is open on penalty documents."""

    penalties: MoneyModel = Field(
        description="The part of the bands that is open on penalty documents, which are no turnover."
    )


_IN_ONE = "Null where the scope has several currencies, as these are never added up: see `currencies`."


class AgedBalanceOut(ScopedReport):
    """One page of customers, each currency of one in a row of its own; the sums are of all customers."""

    definition: str
    currency: str | None = Field(description=_IN_ONE)
    bands: list[str]
    data: list[AgedRow]
    next_cursor: str | None
    currencies: list[AgedCurrencyTotal] = Field(description="Sums of each currency in scope, side by side.")
    totals: Total | None = Field(description=_IN_ONE)
    penalties: MoneyModel | None = Field(
        description=f"The part of the totals' bands that is open on penalty documents. {_IN_ONE}"
    )
    tie_out: TieOut | None = Field(description=_IN_ONE)
    conversion: ConversionOut | None = Field(description="Null without `report_currency`.")

    @classmethod
    def of(
        cls,
        books: AgedSnapshot,
        page: Page,
        bands: Bands,
        definition: Definition,
        totals: Sequence[tuple[TiedFigures, OpenPenalties]],
    ) -> Json:
        """Show a page of customers and the sums of all in each currency; those of an only one also by themselves."""
        currencies = [
            CurrencyTotal.tied(total, bands)
            | {"penalties": money_json(penalties.open_minor, total.figures.currency)}
            for total, penalties in totals
        ]
        only, *others = totals
        alone = dict.fromkeys(("currency", "totals", "penalties", "tie_out"))
        if not others:
            shown = {name: currencies[0][name] for name in ("currency", "penalties", "tie_out")}
            alone = shown | {"totals": Total.of(only[0].figures, bands)}
        return {
            "definition": definition.id,
            "bands": list(bands.names),
            **page.body(books.aged.rows, lambda row: AgedRow.of(books.aged.figures(row), bands)),
            "currencies": currencies,
            **alone,
            "conversion": ConversionOut.of(books),
            **cls.end(books),
        }


class ConvertedSums(BaseModel):
    """Sums of a row in the currency of the report, each debtor's at the rate that its creditor has published."""

    outstanding: MoneyModel
    overdue: MoneyModel


class GroupRate(BaseModel):
    """Rate of an entity by which amounts in a currency were converted."""

    entity_id: str
    currency: str
    rate: PublishedRateOut


class AgedGroupRow(Sums):
    """A group of customers in one currency; `group` is null for those that are in none."""

    group: str | None
    name: str | None = Field(description="Name of the entity, collector, payer or head of the group.")
    currency: str
    customers: int
    converted: ConvertedSums | None = Field(description="In `report_currency`; null without it.")


class AgedGroupsOut(ScopedReport):
    """Groups in order, currencies side by side: amounts in different currencies are never added."""

    definition: str
    group_by: str
    bands: list[str]
    data: list[AgedGroupRow]
    totals: list[CurrencyTotal]
    report_currency: str | None
    rates: list[GroupRate] = Field(
        description="Rates of as_of, as known at known_at, that converted amounts; none without `report_currency`."
    )

    @classmethod
    def of(
        cls,
        books: AgedSnapshot,
        definition: Definition,
        group_by: str,
        bands: Bands,
        groups: Sequence[AgedGroup],
        totals: Sequence[TiedFigures],
        names: Mapping[str, str],
        conversion: ReportConversion | None,
    ) -> Json:
        """Show the groups and the sums of each currency."""
        currency = conversion.currency if conversion else None
        rates = conversion.rates if conversion else {}
        shown = {total.figures.currency for total in totals}
        return {
            "definition": definition.id,
            "group_by": group_by,
            "bands": list(bands.names),
            "data": [_group(group, bands, names, currency) for group in groups],
            "totals": [CurrencyTotal.tied(total, bands) for total in totals],
            "report_currency": currency,
            "rates": [
                GroupRate(entity_id=entity, currency=code, rate=found).model_dump(mode="json")
                for (entity, code), rate in sorted(rates.items())
                if code in shown and (found := PublishedRateOut.of(rate)) is not None
            ],
            **cls.end(books),
        }


def _group(group: AgedGroup, bands: Bands, names: Mapping[str, str], currency: str | None) -> Json:
    outstanding, overdue = group.converted_minor, group.converted_overdue_minor
    converted = None
    if currency is not None and outstanding is not None and overdue is not None:
        converted = {
            "outstanding": money_json(outstanding, currency),
            "overdue": money_json(overdue, currency),
        }
    return {
        "group": group.group,
        "name": names.get(group.group or ""),
        "currency": group.figures.currency,
        "customers": group.figures.customers,
        "converted": converted,
        **Sums.of(group.figures, bands),
    }
