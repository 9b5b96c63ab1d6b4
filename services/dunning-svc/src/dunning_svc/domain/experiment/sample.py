"""Number of customers that an experiment needs, told before it starts.

Two means are compared, two-sided at 5 %, with customers as units. With a standard deviation s, a difference d and r
customers of the challenger for each of the champion, the champion needs

    n = (z(0.975) + z(power))² · s² · (1 + 1/r) / d²

and the challenger r · n, rounded up (Chow, Shao, Wang, *Sample Size Calculations in Clinical Research*, 2nd ed., 2008,
3.2.1). The share paid at 30 days is a mean per customer too. If each customer has one invoice, s is √(p(1 − p)), and
the formula is that of two proportions (same book, 4.2.1) under the hypothesis of no difference.
"""

from __future__ import annotations

from math import ceil
from statistics import NormalDist

ALPHA = 0.05
"""Probability of an interval that does not contain the true difference."""


def customers_needed(
    deviation: float, difference: float, power_percent: int, challenger_percent: int
) -> tuple[int, int]:
    """Return the customers that champion and challenger need, at least two each."""
    normal = NormalDist()
    z = normal.inv_cdf(1 - ALPHA / 2) + normal.inv_cdf(power_percent / 100)
    ratio = challenger_percent / (100 - challenger_percent)
    champion = z * z * deviation * deviation * (1 + 1 / ratio) / (difference * difference)
    return max(2, ceil(champion)), max(2, ceil(ratio * champion))
