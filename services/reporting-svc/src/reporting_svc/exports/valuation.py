"""Values in the currency of the books: at the rate of the day on which an invoice was issued or funds were received."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial

from encours.kernel.errors import DomainError
from encours.kernel.exchange import RateHistory
from reporting_svc.domain.journal.booking import Value


class ExportRateMissing(DomainError):
    """A document in another currency has no rate to the currency of the books."""

    code = "exchange-rate-missing"


class Valuation:
    """Rates to the currency of the books, as they were known at the position of an export."""

    def __init__(self, currency: str, rates: RateHistory) -> None:
        self._currency, self._rates = currency, rates

    def of_items(self, began_on: Mapping[str, date]) -> Value:
        """Return the function that values amounts of items, by the day on which each began; by the digits of its id.

        It raises :class:`ExportRateMissing`.
        """
        return partial(self._of_item, began_on)

    def _of_item(self, began_on: Mapping[str, date], minor: int, currency: str, item_id: str) -> int:
        day = began_on.get(item_id[4:])
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
