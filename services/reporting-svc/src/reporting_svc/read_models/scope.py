"""Scope of a report (entities, customer, currency, portfolio) and the two dates of its question."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from encours.kernel.errors import Invalid
from encours.reading.where import Arguments


@dataclass(frozen=True, slots=True)
class Scope:
    """Receivables that a report covers. ``entities`` ``None`` is every entity of the ledger.

    ``segment`` and ``salesperson`` are those that the customers have now: a question about the past
    takes the portfolio as it is today.
    """

    entities: tuple[str, ...] | None = None
    customer_id: str | None = None
    currency: str | None = None
    segment: str | None = None
    salesperson: str | None = None

    def sql(self, args: Arguments, alias: str, schema: str, *, packed: bool = False) -> str:
        """Return the condition on a table that has entity, customer_id and currency.

        ``packed``: the table holds both ids as 16 bytes.
        """
        ids = _packed if packed else str
        parts = ["true"]
        if self.entities is not None:
            granted = ids(f"select unnest({args.add(list(self.entities))}::text[]) as id")
            parts.append(f"{alias}.entity = any(array({granted}))")
        if self.customer_id is not None:
            wanted_one = ids(f"select {args.add(self.customer_id)}::text as id")
            parts.append(f"{alias}.customer_id = ({wanted_one})")
        if self.currency is not None:
            parts.append(f"{alias}.currency = {args.add(self.currency)}")
        for column, wanted in (("segment", self.segment), ("salesperson", self.salesperson)):
            if wanted is not None:
                theirs = (
                    f"select customer_id as id from {schema}.customer where {column} = {args.add(wanted)}"
                )
                parts.append(f"{alias}.customer_id in ({ids(theirs)})")
        return " and ".join(parts)

    def within(self, currency: str) -> Scope:
        """The same in one currency."""
        return replace(self, currency=currency)


@dataclass(frozen=True, slots=True)
class Moment:
    """``as_of``: events that count by that day. ``known_to``: those recorded up to that position; ``None``: all that
    the model holds."""

    as_of: date
    known_to: int | None = None

    def sql(self, args: Arguments, alias: str) -> str:
        """The condition on a table of movements."""
        by_day = f"{alias}.effective_on <= {args.add(self.as_of)}::date"
        if self.known_to is None:
            return by_day
        return f"{by_day} and {alias}.position <= {args.add(self.known_to)}::bigint"


def _packed(texts: str) -> str:
    # An id of another form owns nothing: it is left out, not cast.
    return f"select substr(id, 5)::uuid from ({texts}) texts where id ~ '^[a-z]{{3}}_[0-9a-f]{{32}}$'"


class SeveralCurrencies(Invalid):
    """The scope has several currencies, which cannot be added: the caller names one (422)."""

    code = "currency-required"
    title = "Figures are in several currencies"
    remedy = "Add currency= with one of those listed in `currencies`."

    def __init__(self, currencies: list[str]) -> None:
        listed = ", ".join(sorted(currencies))
        super().__init__(
            f"The receivables asked for are in several currencies ({listed}); add currency=.",
            "/currency",
        )
        self.extra = {"currencies": sorted(currencies)}
