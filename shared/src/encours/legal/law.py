"""Late-payment law of one country as of any day: default interest, flat fee, ceilings of delays, floor of rates.

Rates in hundredths of a percent, amounts in minor units. What differs between countries is data, of these shapes:

* interest is a reference rate plus a margin, rounded up to a step. The reference rate of a half-year is that of its
  first day, or of the day before. It counts for the days of each half-year, or one rate for the whole delay: that of
  the due date, or of the first day of interest;
* the fee is flat, or depends on the size of the debt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from encours.contracts.common import Terms
from encours.kernel.errors import Refusal
from encours.kernel.terms import Ceiling
from encours.legal.dated import Dated, in_force

ReferenceDay = Literal["first_day", "day_before"]
"""Day whose reference rate counts for a half-year: its first, or the one before it."""
Applies = Literal["each_half_year", "due_day", "start_day"]
USUAL_DAYS = 30
"""Days of invoices whose creditor's country has no law on file."""
_ONE_DAY = timedelta(days=1)


class NoLegalRate(Refusal):
    """No default rate of late payment is on file for the creditor's country and the day (422)."""

    code = "no-legal-rate"
    title = "No legal rate on file"
    status = 422
    remedy = "Use a later date, or agree a penalty rate."


@dataclass(frozen=True, slots=True)
class ReferenceRate:
    """A published rate by date, and the last day for which it is known."""

    name: str
    values: tuple[Dated, ...]
    known_until: date


@dataclass(frozen=True, slots=True)
class LegalRate:
    """A yearly rate and its calculation; ``provisional`` if the reference rate of its day is not on file yet."""

    value: int
    source: str
    provisional: bool


@dataclass(frozen=True, slots=True)
class InterestRule:
    """Default interest from a day on."""

    valid_from: date
    reference: ReferenceRate
    margin_bps: int
    applies: Applies
    source: str
    reference_day: ReferenceDay = "first_day"
    round_up_to_bps: int = 1

    def rate(self, day: date) -> LegalRate | None:
        """Return the rate of the half-year of a day; ``None`` before the reference rate begins."""
        start = half_year_start(day)
        fixed_on = start if self.reference_day == "first_day" else start - _ONE_DAY
        found = in_force(self.reference.values, fixed_on)
        if found is None:
            return None
        step = self.round_up_to_bps
        value = -(-(found.value + self.margin_bps) // step) * step
        rounded = f", rounded up to {step / 100:.1f}" if step > 1 else ""
        text = f"{self.reference.name} {found.value / 100:.2f} % ({found.valid_from}) + {self.margin_bps / 100:.0f} pts"
        return LegalRate(value, f"{self.source}: {text}{rounded}", fixed_on > self.reference.known_until)


@dataclass(frozen=True, slots=True)
class FeeRule:
    """Flat recovery fee from a day on: the last tier whose ``above_minor`` is below the debt."""

    valid_from: date
    currency: str
    tiers: tuple[tuple[int, int], ...]
    source: str

    def fee_minor(self, debt_minor: int) -> int:
        """Return the fee of a debt."""
        return [fee for above, fee in self.tiers if debt_minor > above or above == 0][-1]


@dataclass(frozen=True, slots=True)
class CeilingRule:
    """Longest delays that may be agreed, from a day on."""

    valid_from: date
    ceiling: Ceiling
    source: str


@dataclass(frozen=True, slots=True)
class FloorRule:
    """Lowest rate that a contract may set, from a day on: a multiple of a reference rate."""

    valid_from: date
    reference: ReferenceRate
    multiple: int
    source: str


@dataclass(frozen=True, slots=True)
class LetterWords:
    """Words of letters about penalties and fee under the law of the country, in one language."""

    notice: str
    penalties: str
    default_rate: str
    fee_source: str
    without_vat: str


@dataclass(frozen=True, slots=True)
class LatePaymentLaw:
    """Late-payment law of a creditor's country; without rules for a country that has none on file."""

    country: str
    default_days: tuple[Dated, ...] = ()
    interest: tuple[InterestRule, ...] = ()
    fees: tuple[FeeRule, ...] = ()
    ceilings: tuple[CeilingRule, ...] = ()
    floors: tuple[FloorRule, ...] = ()
    letters: Mapping[str, LetterWords] | None = None

    def rates(self, first_day: date, last_day: date, due_on: date) -> Iterator[tuple[date, date, LegalRate]]:
        """Yield the days of a delay with their default rates; ``due_on`` is the due date of the debt.

        Raises ``no-legal-rate`` for days before the rules begin.
        """
        start = due_on + _ONE_DAY
        rule = in_force(self.interest, start)
        if rule is not None and rule.applies != "each_half_year":
            yield first_day, last_day, self._rate(due_on if rule.applies == "due_day" else start)
            return
        while first_day <= last_day:
            following = _next_half_year(first_day)
            yield first_day, min(last_day, following - _ONE_DAY), self._rate(first_day)
            first_day = following

    def _rate(self, day: date) -> LegalRate:
        rule = in_force(self.interest, day)
        rate = None if rule is None else rule.rate(day)
        if rate is None:
            raise NoLegalRate(f"No default penalty rate of {self.country} is on file for {day}.")
        return rate

    def fee_minor(self, day: date, currency: str, debt_minor: int | None = None) -> int:
        """Return the flat fee of the law for a debt, or its lowest; 0 in currencies in which it sets none."""
        rule = self._fee(day, currency)
        return 0 if rule is None else rule.fee_minor(0 if debt_minor is None else debt_minor)

    def fee_depends_on_size(self, day: date, currency: str) -> bool:
        """Return true if the fee of the law is not the same for every debt."""
        rule = self._fee(day, currency)
        return rule is not None and len(rule.tiers) > 1

    def statutory_fees(self, currency: str) -> frozenset[int]:
        """Return every fee that the law has set in a currency."""
        return frozenset(fee for rule in self.fees if rule.currency == currency for _, fee in rule.tiers)

    def _fee(self, day: date, currency: str) -> FeeRule | None:
        return in_force([rule for rule in self.fees if rule.currency == currency], day)

    def default_terms(self, issued_on: date, currency: str, debt_minor: int | None = None) -> Terms:
        """Return the terms without an agreement."""
        days = in_force(self.default_days, issued_on)
        return Terms(
            due_kind="NET",
            days=days.value if days else USUAL_DAYS,
            penalty_rate_bps=None,
            indemnity_minor=self.fee_minor(issued_on, currency, debt_minor),
        )

    def ceiling(self, day: date) -> Ceiling | None:
        """Return the longest delays that may be agreed; ``None`` where no ceiling is on file."""
        rule = in_force(self.ceilings, day)
        return None if rule is None else rule.ceiling

    def floor_above(self, terms: Terms, day: date) -> Dated | None:
        """Return the floor of contractual rates if the terms set a lower one.

        It binds contractual rates only, not the default rate. After the last half-year on file, the last known rate
        counts.
        """
        rule, rate = in_force(self.floors, day), terms.penalty_rate_bps
        legal = None if rule is None else in_force(rule.reference.values, day)
        if rule is None or legal is None or rate is None or rate >= rule.multiple * legal.value:
            return None
        source = f"{rule.source}: {rule.multiple} x {legal.value / 100:.2f} % ({legal.valid_from})"
        return Dated(legal.valid_from, rule.multiple * legal.value, source)


def half_year_start(day: date) -> date:
    """Return 1 January or 1 July of the day's half-year."""
    return date(day.year, 1 if day.month <= 6 else 7, 1)


def _next_half_year(day: date) -> date:
    return date(day.year, 7, 1) if day.month <= 6 else date(day.year + 1, 1, 1)
