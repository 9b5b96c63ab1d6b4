"""Sums of the movements that counted by the day of a question and were known at its moment.

They start from a chain of subtotals: the movements after it that count are added, and those within it that count only
after the day of the question, or were not known yet, are taken off. Without a chain they are sums of the movements
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from encours.reading.where import Arguments, ViewWhere
from reporting_svc.read_models.receivables.rows import APART, apart_sql
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.receivables.subtotals import (
    ACCOUNT_KEY,
    ON_ITEM,
    Basis,
    Chain,
    SubtotalRange,
    SubtotalTable,
    chain_for,
    known_to,
)
from reporting_svc.read_models.receivables.sums import DAY_KEY, DAY_SUMS, OF_DAY, ON_DAY, penalty_sql

if TYPE_CHECKING:
    from encours.reading.moment import View

_Columns = Callable[[str], str]
"""Columns of a select, with a sign for their amounts."""


async def counted(args: Arguments, view: View, scope: Scope, table: SubtotalTable) -> Counted:
    """Return the sums for a question, and prepare the transaction for them. ``table``: of which most rows are read."""
    return Counted(args, view, scope, await chain_for(view, scope, table))


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows that add up to what counted and was known, as SQL with the arguments of the statement."""

    args: Arguments
    view: View
    scope: Scope
    chain: Chain

    def items(self) -> str:
        """SQL: ``invoice_id`` and the amounts on invoices."""
        parts = [self._part(sign, part, "item", _on_item) for sign, part in self.chain.signed]
        return " union all ".join([*parts, *self._beside(_on_item, "m.invoice_id is not null")])

    def items_apart(self) -> str:
        """SQL: the rows of :meth:`items` of the invoices that were apart (:func:`apart_sql`) at the dates of the
        question, and of some others.
        """
        if self.scope.customer_id is not None:
            return self.items()
        schema, ends = self.view.schema, [part.upto for _, part in self.chain.signed]
        if not ends:
            upto = f"{self.args.add(known_to(self.view.time))}::bigint"
            return " union all ".join(self._beside(_on_item, apart_sql(schema, "m.invoice_id", upto)))
        # All that are marked anywhere have to be found everywhere, or their rows would not add up.
        upto = f"{self.args.add(max(ends))}::bigint"
        between = f"position > {self.args.add(min(ends))}::bigint and position <= {upto}"
        counts = ViewWhere(self.view, entity=None, arguments=self.args).counts("l")
        found = self._beside(
            lambda sign: f"{_on_item(sign)}, m.position, {APART} as is_apart", "m.invoice_id is not null"
        )
        parts = []
        for sign, part in self.chain.signed:
            parts.append(self._part(sign, part, "item", _on_item, "m.is_apart"))
            # Those that came apart after its last position have no mark. The offset keeps the planner from a join
            # that reads all rows.
            unmarked = self._part(
                sign, part, "item", _on_item, "not m.is_apart and m.invoice_id = l.invoice_id"
            )
            parts.append(
                f"select m.* from late l cross join lateral ({unmarked} offset 0) m where l.position > {part.upto}"
            )
        return f"""
            with beside as materialized ({" union all ".join(found)}),
            late as materialized (
                select invoice_id, max(position) as position from (
                    select invoice_id, position from {schema}.movement where {APART} and {between}
                    union all select invoice_id, position from {schema}.item_instalment where {between}
                    union all select invoice_id, position from beside where is_apart and position > {upto}
                    union all select l.invoice_id, l.position from {schema}.item_instalment l
                              where l.position > {upto} and {counts}
                ) each group by invoice_id
            )
            {" union all ".join(parts)}
            union all select {_on_item("")} from beside m
                      where m.invoice_id in (select invoice_id from late) or {apart_sql(schema, "m.invoice_id", upto)}
        """

    def spare(self) -> str:
        """SQL: what made funds spare at the end of the chain (:mod:`reporting_svc.read_models.debts.states`)."""
        columns = f"{', '.join(ACCOUNT_KEY)}, spare_id"
        parts = [
            self._part(sign, part, "spare", lambda sign: f"{columns}, {sign}times as times")
            for sign, part in self.chain.signed
        ]
        return " union all ".join(parts)

    def beside(self, columns: str, also: str) -> str:
        """SQL: columns of the movements that make the difference between the chain and the dates of the question, with
        ``sign`` 1 or -1.
        """
        return " union all ".join(self._beside(lambda sign: f"{columns}, {sign}1 as sign", also))

    def accounts(self) -> str:
        """SQL: the account (entity, customer_id, currency) with its cash and its balance."""
        parts = [self._part(sign, part, "account", _on_account) for sign, part in self.chain.signed]
        return " union all ".join([*parts, *self._beside(_on_account)])

    def days(self, *, penalties: bool) -> str:
        """SQL: rows with the columns of ``day_sum`` and the number of their ``entries``, up to the day of the question.

        ``penalties``: with ``penalty_minor``, for which each movement beside the chain is looked up.
        """
        penalty, also = (
            (penalty_sql(self.view.schema), f"{ON_DAY} or m.item_minor <> 0") if penalties else ("0", ON_DAY)
        )

        def of_movement(sign: str) -> str:
            return f"""{OF_DAY}, {sign}m.account_minor as account_minor, {sign}m.net_minor as net_minor,
                       {sign}({penalty}) as penalty_minor, {sign}({ON_DAY}::int) as entries"""

        def of_sums(sign: str) -> str:
            return ", ".join([DAY_KEY, *(f"{sign}m.{each} as {each}" for each in DAY_SUMS)])

        parts = [self._part(sign, part, "day", of_sums) for sign, part in self.chain.signed]
        rows = " union all ".join([*parts, *self._beside(of_movement, also)])
        # On later days the chain has what is taken off beside it.
        return f"select * from ({rows}) m where m.effective_on <= {self.args.add(self.view.time.as_of)}::date"

    def accounts_by_day(self, by: Basis, ends: Sequence[str]) -> str:
        """SQL: the rows of :meth:`accounts` with what is open of invoices, and what of it has a date ``by``
        (``past_0``) up to each of the days ``ends`` (``past_1`` …). An invoice that was never issued has none.
        """

        def summed(sign: str) -> str:
            sums, days = f"m.{by}_sums", f"m.{by}_days"
            places = [f"cardinality({sums})", *(f"width_bucket({end}::date, {days})" for end in ends)]
            past = [f"{sign}{sums}[{place}] as past_{n}" for n, place in enumerate(places)]
            return ", ".join([_on_account(sign), f"{sign}m.item_minor as item_minor", *past])

        item = f"{self.view.schema}.item i"
        if not self.chain.added:
            counts = ScopeWhere(self.view, self.scope, "m", self.args, packed=True).counted()
            source = f"""(select m.*, i.{by} as day from {self.view.schema}.movement m
                          left join {item} on i.invoice_id = m.invoice_id where {counts.sql})"""
            return f"select {_by_day(ends)} from {source} m"

        def dated(sign: str) -> str:
            # So few are left beside a chain that looking up their invoices takes less than a join, whatever the
            # planner expects.
            day = f"(select i.{by} from {item} where i.invoice_id = m.invoice_id)"
            return f"{_on_account(sign)}, {sign}m.item_minor as item_minor, {day} as day"

        parts = [self._part(sign, part, "account", summed) for sign, part in self.chain.signed]
        beside = " union all ".join(self._beside(dated))
        return " union all ".join([*parts, f"select {_by_day(ends)} from ({beside}) m"])

    def _part(
        self,
        sign: str,
        part: SubtotalRange,
        table: SubtotalTable | Literal["spare"],
        columns: _Columns,
        also: str = "true",
    ) -> str:
        where = ScopeWhere(self.view, self.scope, "m", self.args, packed=True).add(also)
        return (
            f"select {columns(sign)} from {self.view.schema}.subtotal_{part.part}_{table} m where {where.sql}"
        )

    def _beside(self, columns: _Columns, also: str = "true") -> list[str]:
        """SQL: the movements after the chain that count, and with the opposite sign those within it that do not."""
        source = f"{self.view.schema}.movement m"
        counts = ScopeWhere(self.view, self.scope, "m", self.args, packed=True).counted().add(also)
        if not self.chain.added:
            return [f"select {columns('')} from {source} where {counts.sql}"]
        counts.add("m.position > {}::bigint", self.chain.upto)
        later = self._within("m.effective_on > {}::date", self.view.time.as_of).add(also)
        found = [
            f"select {columns('')} from {source} where {counts.sql}",
            f"select {columns('-')} from {source} where {later.sql}",
        ]
        if self.chain.upto > (known := known_to(self.view.time)):
            unknown = self._within("m.position > {}::bigint", known).add(also)
            unknown.add("m.effective_on <= {}::date", self.view.time.as_of)
            found.append(f"select {columns('-')} from {source} where {unknown.sql}")
        return found

    def _within(self, condition: str, value: object) -> ScopeWhere:
        where = ScopeWhere(self.view, self.scope, "m", self.args, packed=True)
        return where.add("m.position <= {}::bigint", self.chain.upto).add(condition, value)


def _on_item(sign: str) -> str:
    return ", ".join(["m.invoice_id", *(f"{sign}m.{column} as {column}" for column in ON_ITEM)])


def _on_account(sign: str) -> str:
    key = [f"m.{column}" for column in ACCOUNT_KEY]
    return ", ".join([*key, f"{sign}m.cash_minor as cash_minor", f"{sign}m.account_minor as account_minor"])


def _by_day(ends: Sequence[str]) -> str:
    counts = ["m.day is not null", *(f"m.day <= {end}::date" for end in ends)]
    past = [f"case when {each} then m.item_minor end as past_{n}" for n, each in enumerate(counts)]
    return ", ".join([_on_account(""), "m.item_minor", *past])
