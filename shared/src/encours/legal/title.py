"""Enforceable title for uncontested commercial claims without a court (``title.toml``). To be confirmed by counsel."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

from encours.kernel.business_days import NoBusinessCalendar, Shift, calendar_of_country
from encours.kernel.money import parse_amount
from encours.kernel.terms import months_after
from encours.legal.dated import in_force


@dataclass(frozen=True, slots=True)
class TitleProcedure:
    """Procedure from a day on. ``min_minor``: smallest undisputed amount by currency; other currencies have none."""

    country: str
    valid_from: date
    silence_months: int
    record_days: int
    shift: Shift
    needs_notice: bool
    silent: bool
    source: str
    min_minor: Mapping[str, int]

    def contest_until(self, served_on: date) -> date:
        """Return the last day on which the debtor may contest a demand that was served on a day."""
        return self._shifted(months_after(served_on, self.silence_months))

    def record_from(self, served_on: date) -> date:
        """Return the first day on which non-contestation may be recorded."""
        return self._shifted(self.contest_until(served_on) + timedelta(days=self.record_days))

    def _shifted(self, day: date) -> date:
        try:
            return calendar_of_country(self.country).shifted(day, self.shift)
        except NoBusinessCalendar:
            return day


def title_procedure(country: str, day: date) -> TitleProcedure | None:
    """Return the procedure in force in a country on a day; ``None`` without one on file."""
    return in_force(_procedures().get(country, ()), day)


@cache
def _procedures() -> dict[str, tuple[TitleProcedure, ...]]:
    text = files("encours.legal").joinpath("title.toml").read_text(encoding="utf-8")
    found: dict[str, tuple[TitleProcedure, ...]] = {}
    for row in sorted(tomllib.loads(text)["title"], key=lambda row: (row["country"], row["from"])):
        smallest = {currency: parse_amount(each, currency) for currency, each in row.pop("min").items()}
        procedure = TitleProcedure(valid_from=row.pop("from"), min_minor=smallest, **row)
        found[procedure.country] = (*found.get(procedure.country, ()), procedure)
    return found
