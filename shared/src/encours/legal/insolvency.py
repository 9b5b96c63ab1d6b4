"""Last day on which claims are declared in insolvency proceedings, by country of the court (``insolvency.toml``)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from encours.kernel.business_days import NoBusinessCalendar, Shift, calendar_of_country
from encours.kernel.terms import months_after
from encours.legal.dated import in_force


@dataclass(frozen=True, slots=True)
class ClaimDeadlineRule:
    """Time for declaring claims after the publication of the opening judgment, for judgments from a day on."""

    country: str
    valid_from: date
    months: int
    months_abroad: int
    shift: Shift
    source: str

    def last_day(self, published_on: date, creditor_country: str) -> date:
        """Return the last day for a creditor.

        It has the number of the day of publication, or is the last of a shorter month (CPC 641). Outside the years
        whose holidays are on file it is not shifted, which errs on the safe side.
        """
        months = self.months if creditor_country == self.country else self.months_abroad
        last = months_after(published_on, months)
        try:
            return calendar_of_country(self.country).shifted(last, self.shift)
        except NoBusinessCalendar:
            return last


def claim_deadline_rule(country: str, opened_on: date) -> ClaimDeadlineRule | None:
    """Return the rule for proceedings opened by a court of the country on a day; ``None`` without one on file."""
    return in_force(_rules().get(country, ()), opened_on)


@cache
def claim_warning_days() -> tuple[int, ...]:
    """Return the numbers of days before the last one on which the creditor is warned."""
    return tuple(_data()["warning_days"])


@cache
def _rules() -> dict[str, tuple[ClaimDeadlineRule, ...]]:
    found: dict[str, tuple[ClaimDeadlineRule, ...]] = {}
    for row in sorted(_data()["claim_deadline"], key=lambda row: (row["country"], row["from"])):
        rule = ClaimDeadlineRule(valid_from=row.pop("from"), **row)
        found[rule.country] = (*found.get(rule.country, ()), rule)
    return found


def _data() -> dict[str, Any]:
    text = files("encours.legal").joinpath("insolvency.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
