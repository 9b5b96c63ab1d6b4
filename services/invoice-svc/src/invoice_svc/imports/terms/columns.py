"""Conditions of one invoice in the columns of a CSV line."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import msgspec

from encours.contracts.common import EarlyDiscount
from encours.kernel.business_days import Shift
from encours.kernel.terms import DueKind
from invoice_svc.domain.terms import CalendarChoice
from invoice_svc.imports import values
from invoice_svc.imports.formats.amounts import NumberStyle
from invoice_svc.imports.formats.verdict import Fault
from invoice_svc.imports.terms.imported import (
    MAX_DAY_OF_MONTH,
    MAX_DAYS,
    MAX_MONTHS,
    ImportedTerms,
    within,
)

COLUMNS = (
    "terms_kind",
    "terms_days",
    "terms_months",
    "terms_day_of_month",
    "terms_business_day",
    "terms_calendar",
    "penalty_rate",
    "discount_rate",
    "discount_days",
)


def of_columns(
    raw: Callable[[str], str], column: Callable[[str], str], style: NumberStyle
) -> ImportedTerms | msgspec.UnsetType:
    """Return the conditions of one invoice in a CSV line, unset if it has none. Raises :class:`Fault`.

    ``raw`` gives the text of a target, ``column`` its name in the file.
    """
    if not any(raw(target) for target in COLUMNS):
        return msgspec.UNSET

    def whole(target: str, lowest: int, highest: int) -> int:
        try:
            return within(int(raw(target) or "0"), lowest, highest, column(target))
        except ValueError:
            raise Fault("invalid-value", "Write a whole number.", column(target)) from None

    if not (raw("terms_days") or raw("terms_months") or raw("terms_day_of_month")):
        raise Fault("missing-value", "Terms need their days.", column("terms_days"))
    discount = None
    if raw("discount_rate"):
        rate = values.percent_bps(raw("discount_rate"), column("discount_rate"), style)
        discount = EarlyDiscount(rate_bps=rate, days=whole("discount_days", 0, MAX_DAYS))
    penalty = raw("penalty_rate")
    return msgspec.convert(
        {
            "due_kind": values.one_of(raw("terms_kind") or "NET", get_args(DueKind), column("terms_kind")),
            "days": whole("terms_days", 0, MAX_DAYS),
            "months": whole("terms_months", 0, MAX_MONTHS),
            "day_of_month": whole("terms_day_of_month", 1, MAX_DAY_OF_MONTH)
            if raw("terms_day_of_month")
            else None,
            "business_day": values.one_of(
                raw("terms_business_day") or "none", get_args(Shift), column("terms_business_day")
            ),
            "calendar": values.one_of(
                raw("terms_calendar") or "TARGET", get_args(CalendarChoice), column("terms_calendar")
            ),
            "penalty_rate_bps": values.percent_bps(penalty, column("penalty_rate"), style)
            if penalty
            else None,
            "discount": discount,
        },
        ImportedTerms,
    )
