"""Scope of a report (entity, customer, currency, portfolio), and the conditions that it and the caller's grant make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Self

from encours.contracts.parties import Survivors
from encours.kernel.errors import Invalid
from encours.reading.where import Arguments, ViewWhere
from reporting_svc.domain.insured import InsuredParts
from reporting_svc.read_models.receivables.portfolio import portfolio_sql
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, ENTITY_ID

if TYPE_CHECKING:
    from encours.reading.moment import View


@dataclass(frozen=True, slots=True)
class Owners:
    """Code of the collector who owns each debtor on the day of the question, and the collectors' names by code."""

    codes: Mapping[str, str]
    names: Mapping[str, str]

    def records_of(self, collector: str, merged: Survivors) -> list[str]:
        """Return the records of the debtors that a collector owns."""
        owned = {debtor for debtor, code in self.codes.items() if code == collector}
        return [*owned, *(record for record, survivor in merged.merged.items() if survivor in owned)]


@dataclass(frozen=True, slots=True)
class Scope:
    """Receivables that a report covers, within the caller's grant. ``None`` restricts nothing."""

    entity_id: str | None = None
    customer_id: str | None = None
    currency: str | None = None
    segment: str | None = None
    salesperson: str | None = None
    collector: str | None = None
    """Collector who owns the customers at the dates of the question."""
    portfolio_on: date | None = None
    """Day of the customers' segments and salespersons, for sums of other days beside it; that of the question if
    ``None``."""
    merged: Survivors = field(default_factory=lambda: Survivors((), date.min))
    """Customers that are one debtor at the dates of the question: all records of ``customer_id`` are covered."""
    insured: InsuredParts | None = None
    """Insured parts of the customer, or of the ledger, for a report that shows them."""
    collectors: Owners | None = None
    """Owners of the customers, for a report that is grouped by them, or of one of them."""

    def everyone(self) -> Scope:
        """Return the scope with all its customers."""
        return replace(self, customer_id=None, segment=None, salesperson=None, collector=None)

    @property
    def is_of_all_or_one(self) -> bool:
        """True if it covers all customers of its entities, or one."""
        return self.segment is None and self.salesperson is None and self.collector is None

    def within(self, currency: str) -> Scope:
        """Return the scope in one currency."""
        return replace(self, currency=currency)


def answered_by_days(view: View, scope: Scope) -> bool:
    """Return true if sums by day answer the question: all that is known counts, of all customers."""
    return view.time.is_now and scope == scope.everyone()


_IS_ID = "~ '^cus_[0-9a-f]{{32}}$'"
"""Condition on a customer, with the braces of a template of :meth:`Where.add`."""


def _listed(customer_id: str, source: str, packed: bool) -> str:
    """SQL: the customers in ``source``; to pack them, those with an identifier of another form are left out, not cast.

    More conditions may follow.
    """
    if packed:
        return f"select substr({customer_id}, 5)::uuid from {source} where {customer_id} {_IS_ID}"
    return f"select {customer_id} from {source} where true"


class ScopeWhere(ViewWhere):
    """Conditions of a scope on a table with entity, customer_id and currency, of which ``alias`` is the name.

    ``packed``: the table holds both ids as 16 bytes.
    """

    def __init__(
        self,
        view: View,
        scope: Scope,
        alias: str,
        arguments: Arguments | None = None,
        *,
        packed: bool = False,
    ) -> None:
        entity_id, customer_id = (ENTITY_ID, CUSTOMER_ID) if packed else (None, None)
        self._alias = alias
        super().__init__(view, entity=f"{alias}.entity", packed=entity_id, arguments=arguments)
        self.equal(f"{alias}.entity", scope.entity_id, entity_id)
        if scope.customer_id is not None:
            records = scope.merged.records(scope.customer_id)
            self.one_of(f"{alias}.customer_id", records, customer_id)
        self.equal(f"{alias}.currency", scope.currency)
        wanted = {"segment": scope.segment, "salesperson": scope.salesperson}
        named = {column: value for column, value in wanted.items() if value is not None}
        if named:
            own = portfolio_sql(self.arguments, view, scope.merged, scope.portfolio_on)
            had = "".join(
                f" and {own.equal(each, self.arguments.add(value))}" for each, value in named.items()
            )
            self.add(f"{alias}.customer_id in ({_listed(own.customer_id, own.source, packed)}{had})")
        if scope.collector is not None:
            assert scope.collectors is not None  # who owns whom is looked up when a question arrives
            owned = _listed("owned", "unnest({}::text[]) as owned", packed)
            records = scope.collectors.records_of(scope.collector, scope.merged)
            self.add(f"{alias}.customer_id in ({owned})", records)

    def counted(self) -> Self:
        """Require that a movement counts by the day of the question and was known at its moment."""
        return self.add(self.counts(self._alias))


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
