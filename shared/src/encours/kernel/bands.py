"""Ageing bands: closed intervals of days past due that leave no day out and count none twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from encours.kernel.errors import Invalid

MAX_BANDS = 12
MAX_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Bands:
    """``edges`` are the last days of the closed bands: (30, 60) is not due (≤ 0) · 1–30 · 31–60 · 61+."""

    edges: tuple[int, ...]

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in pairwise(self.edges))
        if not self.edges or not rising or self.edges[0] < 1 or self.edges[-1] > MAX_DAYS:
            raise Invalid(
                f"Bands are rising numbers of days from 1 to {MAX_DAYS}, such as 30,60,90.", "/bands"
            )
        if len(self.edges) > MAX_BANDS:
            raise Invalid(f"At most {MAX_BANDS} bands.", "/bands")

    @classmethod
    def parse(cls, text: str) -> Bands:
        """``30,60,90``. Raises :class:`Invalid`."""
        parts = text.split(",")
        if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
            raise Invalid("Write bands as days separated by commas, such as 30,60,90.", "/bands")
        return cls(tuple(int(part) for part in parts))

    @property
    def names(self) -> tuple[str, ...]:
        """``not_due``, ``1-30``, … ``121+``, youngest first."""
        closed = [f"{low + 1}-{high}" for low, high in pairwise((0, *self.edges))]
        return ("not_due", *closed, f"{self.edges[-1] + 1}+")

    def index(self, days_past_due: int) -> int:
        """The place in :attr:`names` of that many days past due."""
        return sum(days_past_due > edge for edge in self.thresholds)

    @property
    def thresholds(self) -> tuple[int, ...]:
        """A debt moves one band on when its days past due exceed each of these: 0, then the edges."""
        return (0, *self.edges)


STANDARD = Bands((30, 60, 90, 120))
"""not due · 1–30 · 31–60 · 61–90 · 91–120 · 121+."""


def days_past_due(due_on: date, on: date) -> int:
    """Calendar days; 0 on the due date itself, negative before it."""
    return (on - due_on).days
