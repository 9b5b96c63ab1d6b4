"""Body of a cash target."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from dunning_svc.domain.collector.commands import SetTarget
from encours.http.models import Body, Currency
from encours.kernel.money import parse_amount

Month = Annotated[
    str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$"), Field(examples=["2026-06"])
]
AmountText = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,13}(\.[0-9]{1,3})?$"), Field(examples=["50000.00"])
]


def first_day_of(month: str) -> date:
    """Return the first day of a month that is written as ``2026-06``."""
    return date.fromisoformat(f"{month}-01")


class TargetBody(Body):
    """Cash that a collector is to bring in within a month."""

    month: Month
    amount: AmountText
    currency: Currency

    def to_command(self, code: str) -> SetTarget:
        """Return the command. Raises ``Invalid`` for an amount that the currency does not have."""
        minor = parse_amount(self.amount, self.currency, pointer="/amount")
        return SetTarget(code, first_day_of(self.month), self.currency, minor)
