"""Legal rules as dated data with their source: the CSV files of this folder, read once, on first use.

A lawyer has to confirm them before production. A new rate or rule is a new line, never a change in code.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from encours.contracts.common import Terms
from encours.kernel.errors import Refusal


class NoLegalRate(Refusal):
    """The requested day is before the first entry of the tables (422)."""

    code = "no-legal-rate"
    title = "No legal rate on file"
    status = 422
    remedy = "Use a later date."


@dataclass(frozen=True, slots=True)
class Dated:
    """A value from a day on, and its source."""

    valid_from: date
    value: int
    source: str


def in_force(values: Sequence[Dated], day: date) -> Dated | None:
    """Return the last value that is valid from the day or earlier; ``values`` are in ascending order."""
    found = None
    for value in values:
        if value.valid_from > day:
            break
        found = value
    return found


@dataclass(frozen=True, slots=True)
class LatePaymentLaw:
    """C. com. L441-10 and D441-5 as of any day. Rates in hundredths of a percent, amounts in minor units."""

    mro_bps: tuple[Dated, ...]
    mro_known_until: date
    margin_bps: tuple[Dated, ...]
    default_days: tuple[Dated, ...]
    recovery_fee_eur_minor: tuple[Dated, ...]
    legal_interest_bps: tuple[Dated, ...]
    floor_multiple: tuple[Dated, ...]

    def default_rate(self, half_year_start: date) -> Dated:
        """Return the default penalty rate of a half-year: ECB main refinancing rate on its first day plus the margin.

        Raises ``no-legal-rate`` for half-years before the tables begin.
        """
        mro, margin = in_force(self.mro_bps, half_year_start), in_force(self.margin_bps, half_year_start)
        if mro is None or margin is None:
            raise NoLegalRate(f"No default penalty rate is on file for {half_year_start}.")
        source = f"{margin.source}: ECB MRO {mro.value / 100:.2f} % ({mro.valid_from}) + {margin.value / 100:.0f} pts"
        return Dated(half_year_start, mro.value + margin.value, source)

    def contract_floor(self, day: date) -> Dated | None:
        """Return the lowest rate that a contract may set: a multiple of the legal interest rate of the day's half-year.

        It binds contractual rates only, not the default rate. After the last half-year on file, the last known rate
        counts. ``None`` before the tables begin.
        """
        legal, multiple = in_force(self.legal_interest_bps, day), in_force(self.floor_multiple, day)
        if legal is None or multiple is None:
            return None
        source = f"{multiple.source}: {multiple.value} x {legal.value / 100:.2f} % ({legal.valid_from})"
        return Dated(legal.valid_from, multiple.value * legal.value, source)

    def floor_above(self, terms: Terms, day: date) -> Dated | None:
        """Return the floor of contractual rates if the terms set a lower one."""
        floor = self.contract_floor(day)
        rate = terms.penalty_rate_bps
        return floor if floor is not None and rate is not None and rate < floor.value else None

    def default_terms(self, issued_on: date, currency: str) -> Terms:
        """Return the terms without an agreement. The law sets the flat fee in euro; other currencies have none."""
        days, fee = in_force(self.default_days, issued_on), in_force(self.recovery_fee_eur_minor, issued_on)
        return Terms(
            due_kind="NET",
            days=days.value if days else 30,
            penalty_rate_bps=None,
            indemnity_minor=fee.value if fee and currency == "EUR" else 0,
        )


@cache
def late_payment_law() -> LatePaymentLaw:
    """Return the tables of this package."""
    rules = rows_of("late_payment.csv")
    mro = rows_of("ecb_mro.csv")
    return LatePaymentLaw(
        mro_bps=tuple(_dated(row) for row in mro if row["rule"] == "mro_bps"),
        mro_known_until=max(date.fromisoformat(row["valid_from"]) for row in mro),
        margin_bps=tuple(_dated(row) for row in rules if row["rule"] == "default_margin_bps"),
        default_days=tuple(_dated(row) for row in rules if row["rule"] == "default_days"),
        recovery_fee_eur_minor=tuple(_dated(row) for row in rules if row["rule"] == "recovery_fee_eur_minor"),
        legal_interest_bps=tuple(_dated(row) for row in rows_of("legal_interest.csv")),
        floor_multiple=tuple(_dated(row) for row in rules if row["rule"] == "floor_multiple"),
    )


@cache
def _closing() -> tuple[Dated, ...]:
    return tuple(_dated(row) for row in rows_of("closing.csv") if row["rule"] == "year_grace_days")


def year_grace_days(day: date) -> int:
    """Return the days after its end on which a calendar year closes unless the entity sets another date."""
    found = in_force(_closing(), day)
    assert found is not None, "the table begins before all documents"
    return found.value


def rows_of(name: str) -> list[dict[str, str]]:
    """Return the lines of a table of this folder, earliest first."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return sorted(csv.DictReader(text.splitlines()), key=lambda row: row["valid_from"])


def _dated(row: dict[str, str]) -> Dated:
    return Dated(date.fromisoformat(row["valid_from"]), int(row["value"]), row["source"])
