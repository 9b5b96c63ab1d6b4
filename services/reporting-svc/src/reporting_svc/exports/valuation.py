"""Values in the currency of the books: at the rate of the day on which an invoice was issued or funds were received."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from encours.kernel.errors import DomainError
from encours.kernel.exchange import RateHistory


class ExportRateMissing(DomainError):
    """A document in another currency has no rate to the currency of the books."""

    code = "exchange-rate-missing"


class Valuation:
    """Rates as they were known at the position of an export, and the days on which items began."""

    def __init__(self, currency: str, rates: RateHistory) -> None:
        self._currency, self._rates = currency, rates
        self.began_on: Mapping[str, date] = {}

    def value(self, minor: int, currency: str, item_id: str) -> int:
        """Return the value of an amount of an item. Raises :class:`ExportRateMissing`."""
        day = self.began_on.get(item_id[4:])
        if day is None:
            raise LookupError(f"{item_id} is not in the receivables at the position of the export")
        return self.at(minor, currency, day)

    def at(self, minor: int, currency: str, day: date) -> int:
        """Return the value on a day. Raises :class:`ExportRateMissing`."""
        if currency == self._currency:
            return minor
        rate = self._rates.on(currency, self._currency, day)
        if rate is None:
            raise ExportRateMissing(
                f"No rate of {currency}/{self._currency} is published on {day} or before. "
                "PUT /v1/exchange-rates, then ask for the export again."
            )
        return rate.converted(minor, self._currency)
