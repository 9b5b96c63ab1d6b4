"""What a question is about: which books, which currency, which day, known when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from encours.kernel.errors import Invalid


class Args(list[object]):
    """Values of a statement; :meth:`add` gives the placeholder."""

    def add(self, value: object) -> str:
        """``$1``, ``$2``, …"""
        self.append(value)
        return f"${len(self)}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose receivables. ``entities`` ``None`` is every entity of the ledger.

    ``segment`` and ``salesperson`` are those that the customers have now: a portfolio is followed as it is, also
    when it is asked about the past.
    """

    entities: tuple[str, ...] | None = None
    customer_id: str | None = None
    currency: str | None = None
    segment: str | None = None
    salesperson: str | None = None

    def sql(self, args: Args, alias: str, schema: str) -> str:
        """The condition on a table that has entity, customer_id and currency."""
        parts = ["true"]
        if self.entities is not None:
            parts.append(f"{alias}.entity = any({args.add(list(self.entities))}::text[])")
        if self.customer_id is not None:
            parts.append(f"{alias}.customer_id = {args.add(self.customer_id)}")
        if self.currency is not None:
            parts.append(f"{alias}.currency = {args.add(self.currency)}")
        for column, wanted in (("segment", self.segment), ("salesperson", self.salesperson)):
            if wanted is not None:
                theirs = f"select customer_id from {schema}.customer where {column} = {args.add(wanted)}"
                parts.append(f"{alias}.customer_id in ({theirs})")
        return " and ".join(parts)

    def within(self, currency: str) -> Scope:
        """The same in one currency."""
        return replace(self, currency=currency)


@dataclass(frozen=True, slots=True)
class Moment:
    """``as_of``: facts that count by that day. ``known_to``: recorded up to that position; ``None``: all that the
    model holds."""

    as_of: date
    known_to: int | None = None

    def sql(self, args: Args, alias: str) -> str:
        """The condition on a table of movements."""
        by_day = f"{alias}.effective_on <= {args.add(self.as_of)}::date"
        if self.known_to is None:
            return by_day
        return f"{by_day} and {alias}.position <= {args.add(self.known_to)}::bigint"


class SeveralCurrencies(Invalid):
    """Sums over currencies mean nothing: the caller names one (422)."""

    def __init__(self, currencies: list[str]) -> None:
        listed = ", ".join(sorted(currencies))
        super().__init__(
            f"The receivables asked for are in several currencies ({listed}); add currency=.",
            "/currency",
            code="currency-required",
        )
        self.extra = {"currencies": sorted(currencies)}
