"""Figures of several currencies in one: by the rates of the report's day, as they were known at its moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from encours.kernel.errors import Invalid
from encours.kernel.exchange import QuotedRate, RateHistory, rate_through
from encours.kernel.money import exponent
from encours.reading.rates import rate_histories, rates_known
from encours.reading.where import Arguments, ViewWhere
from reporting_svc.read_models.receivables.counted import Counted, counted
from reporting_svc.read_models.receivables.query import is_now, open_then
from reporting_svc.read_models.receivables.rows import ENTITY_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere, answered_by_days
from reporting_svc.read_models.receivables.subtotals import Chain
from reporting_svc.read_models.receivables.sums import OF_DAY

if TYPE_CHECKING:
    from encours.reading.moment import View


class ReportRateMissing(Invalid):
    """A currency of the figures has no rate to the report's currency (422)."""

    code = "exchange-rate-missing"
    title = "Exchange rate is missing"
    remedy = "PUT /v1/exchange-rates for the pairs in the detail, or ask for one currency with currency=."

    def __init__(self, missing: set[tuple[str, str]], currency: str, day: date) -> None:
        pairs = ", ".join(f"{code}/{currency} of {entity}" for entity, code in sorted(missing))
        super().__init__(f"No rate is published on {day} or before: {pairs}.", "/report_currency")


@dataclass(frozen=True, slots=True)
class ReportConversion:
    """Rates on a day to the currency of a report, by entity and currency. An entity's rates are its own."""

    currency: str
    day: date
    rates: Mapping[tuple[str, str], QuotedRate]
    books: Mapping[str, str]
    """Currency of each entity in scope."""

    def sql(self, arguments: Arguments) -> str:
        """SQL: a relation of entity, currency, and the factor of an amount in minor units."""
        factors = {
            key: rate.exact_per_unit(key[1]).scaleb(exponent(self.currency) - exponent(key[1]))
            for key, rate in self.rates.items()
        }
        factors |= {(entity, self.currency): Decimal(1) for entity in self.books}
        entities, currencies = ([key[n] for key in factors] for n in (0, 1))
        entity, currency, factor = map(arguments.add, (entities, currencies, list(factors.values())))
        columns = f"unnest({entity}::text[], {currency}::text[], {factor}::numeric[])"
        return f"(select * from {columns} as r(entity, currency, factor))"

    def converted(self, entity: str, currency: str, minor: int) -> int:
        """Return an amount of an entity in the currency of the report; the rate has to be there."""
        if currency == self.currency:
            return minor
        return self.rates[entity, currency].converted(minor, self.currency)

    def require(self, found: set[tuple[str, str]]) -> None:
        """Raise :class:`ReportRateMissing` for an entity and a currency without a rate."""
        known = self.rates.keys() | {(entity, self.currency) for entity in self.books}
        if missing := found - known:
            raise ReportRateMissing(missing, self.currency, self.day)


def total(rows: Iterable[Mapping[str, Any]], column: str, conversion: ReportConversion | None) -> int:
    """Return the sum of a column of rows by ``entity`` and ``currency``, converted if asked for; minor units."""
    if conversion is None:
        return sum(row[column] for row in rows)
    return sum(conversion.converted(row["entity"], row["currency"], row[column]) for row in rows)


@dataclass(frozen=True, slots=True)
class Unrealised:
    """Value of the open invoices at the rates of the report's day less that at their issue; minor units.

    ``None`` if a rate of an issue is missing, for the currencies in ``missing``.
    """

    difference_minor: int | None
    missing: tuple[str, ...] = ()


async def conversion_to(view: View, scope: Scope, currency: str) -> ReportConversion:
    """Return the conversion to a currency of all that the scope covers."""
    where = ViewWhere(view, entity="entity").equal("entity", scope.entity_id)
    rows = await view.conn.fetch(
        f"select entity, currency from {view.schema}.entity where {where.sql}", *where.arguments
    )
    books = {row["entity"]: row["currency"] for row in rows}
    day, position = view.time.as_of, view.time.position
    known = await rates_known(view.conn, view.schema, books, as_of=day, position=position)
    rates = {
        (entity, code): rate
        for entity, found in known.items()
        for code in {code for each in found for code in (each.base, each.quote)} - {currency}
        if (rate := rate_through(found, code, currency, day)) is not None
    }
    return ReportConversion(currency, day, rates, books)


async def require_every_rate(view: View, scope: Scope, conversion: ReportConversion) -> None:
    """Raise :class:`ReportRateMissing` for a currency that customers in scope ever had, also without a balance."""
    where = ScopeWhere(view, scope, "b")
    rows = await view.conn.fetch(
        f"select distinct entity, currency from {view.schema}.balance b where {where.sql}", *where.arguments
    )
    conversion.require({(row["entity"], row["currency"]) for row in rows})


async def unrealised(view: View, scope: Scope, conversion: ReportConversion) -> Unrealised:
    """Return the unrealised exchange difference of the open invoices in other currencies than the report's."""
    args = Arguments()
    if await is_now(view):
        where = ScopeWhere(view, scope, "i", args).add("i.open_minor <> 0")
        source = f"select i.*, i.open_minor as open_then from {view.schema}.item i where {where.sql}"
    else:
        source = f"""select i.*, o.open_minor as open_then
                     from ({await open_then(args, view, scope)}) o join {view.schema}.item i using (invoice_id)"""
    rows = await view.conn.fetch(
        f"""select entity, currency, issued_on, sum(open_then)::bigint as open_minor
            from ({source}) i where currency <> {args.add(conversion.currency)} group by 1, 2, 3""",
        *args,
    )
    conversion.require({(row["entity"], row["currency"]) for row in rows})
    histories = await _histories(view, conversion, {row["currency"] for row in rows})
    difference, missing = 0, set[str]()
    for row in rows:
        entity, currency = row["entity"], row["currency"]
        history = histories.get(entity)
        issue = history.on(currency, conversion.currency, row["issued_on"]) if history else None
        if issue is None:
            missing.add(currency)
            continue
        now = conversion.converted(entity, currency, row["open_minor"])
        difference += now - issue.converted(row["open_minor"], conversion.currency)
    return Unrealised(None if missing else difference, tuple(sorted(missing)))


async def _histories(
    view: View, conversion: ReportConversion, currencies: set[str]
) -> Mapping[str, RateHistory]:
    """Return the rates of all days between these currencies, the report's and those of the books."""
    if not currencies:
        return {}
    wanted = {*currencies, conversion.currency, *conversion.books.values()}
    return await rate_histories(
        view.conn,
        view.schema,
        conversion.books,
        wanted,
        as_of=conversion.day,
        position=view.time.position,
    )


async def moved_sql(
    args: Arguments,
    view: View,
    scope: Scope,
    conversion: ReportConversion | None = None,
    *,
    penalties: bool = False,
) -> str:
    """SQL: what moved the customers' account ``m`` by the day of the question, with the columns of ``day_sum`` and
    ``entries``; converted, entry by entry, if it is asked for.

    Sums by day where these answer: thousands of rows in place of millions. Of days whose entries were taken off again
    the ``entries`` add up to 0. ``penalty_minor`` is there with ``penalties`` alone, and not converted.
    """
    if conversion is None and answered_by_days(view, scope):
        where = ScopeWhere(view, scope, "m", args, packed=True).counted()
        return f"(select m.*, 1 as entries from {view.schema}.day_sum m where {where.sql}) m"
    if conversion is None:
        whole = scope == scope.everyone()
        sums = await counted(args, view, scope, "day") if whole else Counted(args, view, scope, Chain())
        return f"({sums.days(penalties=penalties)}) m"
    where = ScopeWhere(view, scope, "m", args, packed=True).counted()
    return f"""(
        select {OF_DAY}, 1 as entries,
               round(m.account_minor * r.factor) as account_minor, round(m.net_minor * r.factor) as net_minor
        from {view.schema}.movement m
        left join {conversion.sql(args)} r on r.entity = {ENTITY_ID.sql("m.entity")} and r.currency = m.currency
        where {where.sql}
    ) m"""
