"""Exposure [encours] of a customer by component."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from encours.contracts.events.risk import ExposureSeen
from encours.kernel.errors import Invalid
from encours.kernel.exchange import QuotedRate


class ExposureInSeveralCurrencies(Invalid):
    """Amounts in several currencies cannot be compared: the caller names one (422)."""

    code = "currency-required"
    title = "Figures are in several currencies"
    remedy = "Add currency= with one of those listed in `currencies`."

    def __init__(self, currencies: list[str]) -> None:
        super().__init__(
            f"Customers have exposure in several currencies ({', '.join(currencies)}); add currency=, or sort by name.",
            "/currency",
        )
        self.extra = {"currencies": currencies}


@dataclass(frozen=True, slots=True)
class ExposurePart:
    """A debt with one due date, in minor units: an invoice, or an instalment of it."""

    due_on: date
    open_minor: int
    uncovered_minor: int
    """Part of what was owed that no funds of the customer cover, allocated or not; a write-off covers nothing."""
    settled_on: date | None
    """Day from which funds cover all that was owed; ``None`` while they do not, or if nothing was ever owed."""

    def days_past_due(self, day: date) -> int:
        """Return the calendar days since the due date; 0 or less while not late."""
        return (day - self.due_on).days

    def delay(self, day: date) -> int:
        """Return the days from the due date to the settlement, or until now; 0 in time, and where nothing was owed."""
        until = day if self.uncovered_minor > 0 else self.settled_on
        return max(0, self.days_past_due(until)) if until is not None else 0


@dataclass(frozen=True, slots=True)
class ExposureItem:
    """An invoice at a date, in minor units. Accepted claims whose credit note is still to come are left out."""

    invoice_id: str
    number: str
    issued_on: date
    due_on: date
    """Of an invoice in instalments that of the first one that is open, else of the last."""
    total_minor: int
    open_minor: int
    disputed_minor: int
    uncovered_minor: int
    """Part of what was owed that no funds of the customer cover, allocated or not; a write-off covers nothing."""
    settled_on: date | None
    """Day from which funds cover all that was owed; ``None`` while they do not, or if nothing was ever owed."""
    moved_on: date
    """Last day on which the open amount changed: of an unpaid invoice that is not open, that of its write-off."""
    is_penalty: bool = False
    """A penalty document, which claims interest and fees for invoices paid late."""
    instalments: tuple[ExposurePart, ...] = ()
    """Instalments of the schedule in force, in the order of their dates."""
    delay_before: int = 0
    """Longest delay in days by the due dates that it had before that schedule was agreed."""
    planned_minor: int = 0
    """Part of the open and undisputed amount that is on a payment plan in force."""

    @property
    def parts(self) -> tuple[ExposurePart, ...]:
        """Instalments; without a schedule the invoice itself."""
        whole = ExposurePart(self.due_on, self.open_minor, self.uncovered_minor, self.settled_on)
        return self.instalments or (whole,)

    def days_past_due(self, day: date) -> int:
        """Return the calendar days since the due date; 0 or less while not late."""
        return (day - self.due_on).days

    def overdue_minor(self, day: date) -> int:
        """Return the open amount that is past due."""
        if not self.instalments:  # most invoices: no part is made for them, of which a group has hundreds
            return self.open_minor if self.due_on < day else 0
        return sum(part.open_minor for part in self.parts if part.days_past_due(day) > 0)

    def delay(self, day: date) -> int:
        """Return the longest delay in days, by the due dates in force then; up to the day while it is uncovered."""
        return max(self.delay_before, *(part.delay(day) for part in self.parts))


def exposure(
    items: Iterable[ExposureItem],
    *,
    drafts_minor: int,
    unapplied_minor: int,
    day: date,
    reserved_minor: int = 0,
    delivered_minor: int = 0,
    guaranteed_minor: int = 0,
    insured_minor: int = 0,
) -> ExposureSeen:
    """Return the components in minor units.

    Total = not due + overdue + drafts + reserved + delivered − unapplied; what is disputed, on a plan or insured is a
    part of it, not added again, and guarantees are not deducted. Each instalment is due on its own date. The oldest
    days past due are those of an open part that no unapplied cash covers.
    """
    not_due = overdue = disputed = planned = oldest = 0
    for item in items:
        if item.open_minor <= 0:
            continue
        late = item.overdue_minor(day)
        overdue += late
        not_due += item.open_minor - late
        disputed += item.disputed_minor
        planned += item.planned_minor
        for part in item.parts:
            if part.open_minor > 0 and part.uncovered_minor > 0:
                oldest = max(oldest, part.days_past_due(day))
    return ExposureSeen(
        not_due_minor=not_due,
        overdue_minor=overdue,
        disputed_minor=disputed,
        drafts_minor=drafts_minor,
        unapplied_minor=unapplied_minor,
        total_minor=not_due + overdue + drafts_minor + reserved_minor + delivered_minor - unapplied_minor,
        oldest_days_past_due=oldest,
        reserved_minor=reserved_minor,
        delivered_minor=delivered_minor,
        guaranteed_minor=guaranteed_minor,
        on_plan_minor=planned,
        insured_minor=insured_minor,
    )


_PARTS_OF_OPEN = ("on_plan_minor", "insured_minor")
_AMOUNTS = (
    "not_due_minor", "overdue_minor", "disputed_minor", "drafts_minor", "unapplied_minor", "reserved_minor",
    "delivered_minor", "guaranteed_minor", *_PARTS_OF_OPEN,
)  # fmt: skip
"""Components in minor units; the total follows from them."""


@dataclass(frozen=True, slots=True)
class CurrencyShare:
    """The part of an exposure that is in one currency, as it is, and in the currency of the whole.

    ``rate`` is ``None`` for that currency itself. ``converted`` is ``None`` where no rate of the day is known.
    """

    currency: str
    seen: ExposureSeen
    rate: QuotedRate | None
    converted: ExposureSeen | None


@dataclass(frozen=True, slots=True)
class WholeExposure:
    """Exposure of all currencies in one of them."""

    currency: str
    shares: tuple[CurrencyShare, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Currencies without a rate; the exposure is unknown while there is one."""
        return tuple(share.currency for share in self.shares if share.converted is None)

    @property
    def known(self) -> ExposureSeen:
        """Sum of the shares that could be converted."""
        found = [share.converted for share in self.shares if share.converted is not None]
        return ExposureSeen(
            **{name: sum(getattr(each, name) for each in found) for name in (*_AMOUNTS, "total_minor")},
            oldest_days_past_due=max((share.seen.oldest_days_past_due for share in self.shares), default=0),
        )

    def in_whole(self, minor: int, currency: str) -> int | None:
        """Return an amount of an invoice in the currency of the whole; ``None`` without a rate."""
        if currency == self.currency or not minor:
            return minor
        rate = next((share.rate for share in self.shares if share.currency == currency), None)
        return rate.converted(minor, self.currency) if rate else None

    @property
    def at_least_known(self) -> bool:
        """Return True if the shares without a rate can only add to what is known, less guarantees."""
        unknown = [share.seen for share in self.shares if share.converted is None]
        return all(seen.total_minor >= seen.guaranteed_minor for seen in unknown)


def converted(seen: ExposureSeen, rate: QuotedRate, currency: str) -> ExposureSeen:
    """Return an exposure in another currency: each component by the rate, and the total as their sum."""
    amounts = {name: rate.converted(getattr(seen, name), currency) for name in _AMOUNTS}
    open_minor = amounts["not_due_minor"] + amounts["overdue_minor"]
    for part in _PARTS_OF_OPEN:
        # Not due and overdue are rounded each by itself, so the whole may round to more than their sum.
        amounts[part] = min(amounts[part], open_minor)
    pending = amounts["drafts_minor"] + amounts["reserved_minor"] + amounts["delivered_minor"]
    return ExposureSeen(
        **amounts,
        total_minor=open_minor + pending - amounts["unapplied_minor"],
        oldest_days_past_due=seen.oldest_days_past_due,
    )
