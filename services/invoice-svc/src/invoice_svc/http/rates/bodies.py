"""Request bodies of /v1/exchange-rates."""

from __future__ import annotations

from pydantic import Field

from encours.http.models import Body, BusinessDate, Currency, ShortText
from invoice_svc.domain.rate.commands import PublishRates
from invoice_svc.domain.rate.state import rates_id
from invoice_svc.http.common import EntityId, RateText


class RateBody(Body):
    """Rate of a day."""

    on: BusinessDate
    rate: RateText = Field(description="Units of `quote` for one unit of `base`.", examples=["0.9213"])


class ExchangeRatesBody(Body):
    """Rates of a pair of currencies; each counts from its day on, until that of a later day."""

    entity_id: EntityId
    base: Currency = Field(examples=["USD"])
    quote: Currency = Field(examples=["EUR"])
    source: ShortText = Field(examples=["ECB euro reference rates"])
    rates: list[RateBody] = Field(min_length=1, max_length=1_000)

    def to_command(self) -> PublishRates:
        """Return the command."""
        return PublishRates(
            rate_id=rates_id(self.entity_id, self.base, self.quote),
            entity_id=self.entity_id,
            base=self.base,
            quote=self.quote,
            source=self.source,
            rates=tuple((each.on, each.rate) for each in self.rates),
        )
