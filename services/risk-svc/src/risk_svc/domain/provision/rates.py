"""Loss rates by band from own roll rates (IFRS 9 B5.5.35, illustrative example 12).

Of the invoices that pass the end of a band within the window, the amount that nobody has paid by then over the amount
that had entered the band: that is its roll rate. The last band ends a year after the due date. The loss rate of a band
is the product of the roll rates from it on. A write-off pays nothing; a credit note and an accepted claim leave nothing
to pay. A band in which no invoice has a history keeps the whole amount, as nothing shows that any of it is paid; only
before the due date no rate is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from encours.kernel.bands import STANDARD
from encours.kernel.money import div_half_up

DEFINITION = "provision-matrix/1"
WINDOW_DAYS = 365
"""Days up to the closing in which invoices pass the ends of bands."""
LOSS_DAYS = 365
"""Days after the due date on which what is unpaid counts as lost."""
STEPS = (*STANDARD.thresholds, LOSS_DAYS)
"""Days after the due date whose end is passed, one for each band."""
WHOLE_PPM = 1_000_000
RateBasis = Literal["segment", "all_segments", "assumed"]
"""History that a roll rate comes from."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """Amounts of a segment, in minor units: for each band, what entered it, and what of that was unpaid at its end."""

    segment: str
    entered: tuple[int, ...]
    passed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BandRates:
    """Roll and loss rates of a segment by band, in millionths; ``None`` before the due date without a history."""

    roll_ppm: tuple[int | None, ...]
    loss_ppm: tuple[int | None, ...]
    basis: tuple[RateBasis, ...]


def loss_rates(rolled: Iterable[Rolled]) -> Mapping[str, BandRates]:
    """Return the rates by segment. A segment without a history in a band has the roll rate of all segments there."""
    known = list(rolled)
    bands = range(len(STEPS))
    entered = [sum(each.entered[b] for each in known) for b in bands]
    passed = [sum(each.passed[b] for each in known) for b in bands]
    together = [_ratio(passed[b], entered[b]) for b in bands]
    return {each.segment: _rates(each, together) for each in known}


def _rates(rolled: Rolled, together: list[Fraction | None]) -> BandRates:
    rolls: list[Fraction | None] = []
    basis: list[RateBasis] = []
    for band, (passed, entered) in enumerate(zip(rolled.passed, rolled.entered, strict=True)):
        own = _ratio(passed, entered)
        if own is not None:
            found: tuple[Fraction | None, RateBasis] = own, "segment"
        elif together[band] is not None:
            found = together[band], "all_segments"
        else:
            found = (None if band == 0 else Fraction(1)), "assumed"
        rolls.append(found[0])
        basis.append(found[1])
    losses: list[Fraction | None] = []
    product: Fraction | None = Fraction(1)
    for roll in reversed(rolls):
        product = None if roll is None or product is None else product * roll
        losses.insert(0, product)
    return BandRates(tuple(map(_ppm, rolls)), tuple(map(_ppm, losses)), tuple(basis))


def _ratio(passed_minor: int, entered_minor: int) -> Fraction | None:
    if entered_minor <= 0:
        return None
    return Fraction(max(0, min(passed_minor, entered_minor)), entered_minor)


def _ppm(rate: Fraction | None) -> int | None:
    return None if rate is None else div_half_up(rate.numerator * WHOLE_PPM, rate.denominator)
