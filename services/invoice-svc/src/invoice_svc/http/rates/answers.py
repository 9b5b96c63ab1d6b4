"""Answers of /v1/exchange-rates, and the rates and differences that other answers show."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from encours.contracts.common import Conversion
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, money_json
from encours.http.queries import AsOf
from invoice_svc.domain.invoice.parts import RealisedDifference
from invoice_svc.domain.rate.state import DatedRate, ExchangeRates
from invoice_svc.http.common import iso
from invoice_svc.use_cases.folds import RATES


class RateOut(BaseModel):
    """Rate from a day on."""

    on: date
    rate: str
    source: str

    @classmethod
    def of(cls, found: DatedRate | None) -> Json | None:
        """Show a rate."""
        return None if found is None else {"on": iso(found.on), "rate": found.rate, "source": found.source}


class ConversionRateOut(BaseModel):
    """Exchange rate at which a payment settles an invoice in another currency."""

    base: str
    quote: str
    rate: str = Field(description="Units of `quote` for one unit of `base`.")
    on: date
    source: str
    agreed: bool = Field(description="Given with the allocation; else it is the published rate.")

    @classmethod
    def of(cls, conversion: Conversion | None) -> Json | None:
        """Show the rate of a conversion."""
        if conversion is None:
            return None
        return {
            "base": conversion.base,
            "quote": conversion.quote,
            "rate": conversion.rate,
            "on": iso(conversion.rate_on),
            "source": conversion.source,
            "agreed": conversion.agreed,
        }


class ExchangeDifferenceOut(BaseModel):
    """Exchange difference that a payment realised, in the entity's currency; a loss is below 0."""

    allocation_id: str
    amount: MoneyModel

    @classmethod
    def of(cls, found: RealisedDifference) -> Json:
        """Show a difference."""
        return {
            "allocation_id": found.allocation_id,
            "amount": money_json(found.amount_minor, found.currency),
        }


class ExchangeRatesOut(AsOf):
    """Rates of a pair of currencies as of a date, by all that was known at the instant."""

    id: str
    entity_id: str
    base: str
    quote: str
    in_force: RateOut | None = Field(description="Rate of `as_of`, else of the last day before it.")
    rates: list[RateOut]
    version: int

    @classmethod
    def of(cls, state: ExchangeRates, version: int, as_of: date) -> Json:
        """Show the rates of a pair."""
        return {
            "id": state.rate_id,
            "entity_id": state.entity_id,
            "base": state.base,
            "quote": state.quote,
            "in_force": RateOut.of(state.in_force(as_of)),
            "rates": [RateOut.of(rate) for rate in state.rates],
            "version": version,
        }


RATES_ANSWER = Answer(RATES, ExchangeRatesOut.of)
