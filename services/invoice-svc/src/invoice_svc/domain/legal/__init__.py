"""Rules of documents as dated data with their source: the CSV files of this folder, read once, on first use.

The law of late payment is in :mod:`encours.legal`, as letters state it too.

A lawyer has to confirm them before production. A new rate or rule is a new line, never a change in code.
"""

from __future__ import annotations

import csv
from datetime import date
from functools import cache
from importlib.resources import files

from encours.legal.dated import Dated, in_force


@cache
def _rule(table: str, rule: str) -> tuple[Dated, ...]:
    return tuple(_dated(row) for row in rows_of(table) if row["rule"] == rule)


def _value(table: str, rule: str, day: date) -> int:
    found = in_force(_rule(table, rule), day)
    assert found is not None, "the table begins before all documents"
    return found.value


def grace_days(day: date) -> int:
    """Return the days after its end on which a period of VAT returns closes unless the entity sets another date."""
    return _value("closing.csv", "grace_days", day)


def max_rate_deviation_bps(day: date) -> int:
    """Return the distance of an agreed exchange rate from the published one beyond which a person has to confirm it."""
    return _value("exchange.csv", "max_deviation_bps", day)


def max_rate_age_days(day: date) -> int:
    """Return the days for which a published exchange rate converts payments, unless a later one replaces it."""
    return _value("exchange.csv", "max_age_days", day)


def advice_days(day: date) -> int:
    """Return the days after an announced payment is expected for which it joins its remittance advice."""
    return _value("remittance.csv", "advice_days", day)


def rows_of(name: str) -> list[dict[str, str]]:
    """Return the lines of a table of this folder, earliest first."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return sorted(csv.DictReader(text.splitlines()), key=lambda row: row["valid_from"])


def _dated(row: dict[str, str]) -> Dated:
    return Dated(date.fromisoformat(row["valid_from"]), int(row["value"]), row["source"])
