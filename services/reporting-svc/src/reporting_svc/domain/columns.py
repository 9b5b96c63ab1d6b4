"""Columns of numbers: what is done with one value of a domain, it does with millions at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def ints(values: Iterable[int]) -> Ints:
    """Return whole numbers as a column."""
    return np.fromiter(values, np.int64)


def summed(places: Ints, minors: Ints, count: int) -> Ints:
    """Return the sums of amounts by place, exact to 2^53 minor units."""
    return np.bincount(places, minors, count).astype(np.int64)
