"""Sums of entries by group of customers and period, from :mod:`reporting_svc.read_models.entries`.

The movements after the last row of columns that is known at the moment of the question are not in them: the caller adds
these itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from encours.reading.where import Arguments
from reporting_svc.domain.columns import Flags, Ints
from reporting_svc.domain.measures.states import summed_by
from reporting_svc.read_models.debts.columns import ACCOUNT_TABLE, NO_DAY, PACKED_FROM
from reporting_svc.read_models.entries.columns import ENTRY_TABLE
from reporting_svc.read_models.receivables.groups import Debtor, GroupBy, grouping
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, ENTITY_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.receivables.subtotals import PAST_WORK_MEM, known_to

if TYPE_CHECKING:
    from encours.reading.moment import View

_TYPES = {"account": ">i4", "day": ">i4", "due_on": ">i4", "kind": ">i2"}
_AMOUNT = ">i8"
_EPOCH = date(1970, 1, 1).toordinal()
_AT_ONCE = 2**20
"""Entries that are added up at once, so that memory is bounded."""
Period = Literal["day", "week", "month"]
Entries = dict[str, Ints]
"""Columns of entries: days as ordinals, ``due_on`` is 0 without one; amounts in minor units."""
Sums = dict[tuple[str | None, tuple[int, ...]], list[int]]
"""Amounts of each group and of what it is divided by."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Sums that are wanted: of which entries, divided by what, of which amounts; and the columns that these need."""

    columns: Sequence[str]
    which: Callable[[Entries], Flags]
    by: Callable[[Entries], Sequence[Ints]]
    amounts: Callable[[Entries], Sequence[Ints]]


@dataclass(frozen=True, slots=True)
class KeptSums:
    """Sums of the entries up to a position; 0 without any."""

    upto: int = 0
    sums: Sums = field(default_factory=dict)

    def add(self, value: str | None, by: Sequence[int], amounts: Sequence[int]) -> None:
        """Add amounts of a group."""
        own = self.sums.get(key := (value, tuple(by)))
        self.sums[key] = list(amounts) if own is None else [a + b for a, b in zip(own, amounts, strict=True)]


async def kept_sums(
    view: View, scope: Scope, first: date, by: GroupBy | Debtor | None, wanted: Wanted
) -> KeptSums:
    """Return the sums of entries from a day on to the question's day, by group.

    One customer's movements are found by an index: of these none are kept.
    """
    made: bool = await view.conn.fetchval(
        """select to_regclass($1) is not null from (select set_config('work_mem', $2, true),
             set_config('plan_cache_mode', 'force_custom_plan', true)) as settings""",
        f"{view.schema}.{ENTRY_TABLE}",
        PAST_WORK_MEM,
    )
    if not made or scope.customer_id is not None:
        return KeptSums()
    table, known = f"{view.schema}.{ENTRY_TABLE}", known_to(view.time)
    upto = await view.conn.fetchval(f"select max(upto) from {table} where upto <= $1", known)
    if upto is None:
        return KeptSums()
    groups = await _groups(view, scope, by)
    rows = await view.conn.fetch(
        f"""select account, day, {", ".join(wanted.columns)} from {table}
            where upto <= $1 and last_day >= $2 and first_day <= $3""",
        upto,
        first,
        view.time.as_of,
    )
    found = KeptSums(upto)
    await asyncio.to_thread(_add, found, rows, groups, first, view.time.as_of, wanted)
    return found


@dataclass(frozen=True, eq=False)
class _Groups:
    """Names of groups, and the place of the group of each account number; -1 out of scope."""

    names: Sequence[str | None]
    place: Ints


async def _groups(view: View, scope: Scope, by: GroupBy | Debtor | None) -> _Groups:
    args = Arguments()
    where = ScopeWhere(view, scope, "m", args, packed=True)
    group, table = grouping(args, view, scope, by, "p"), f"{view.schema}.{ACCOUNT_TABLE}"
    rows = await view.conn.fetch(
        f"""
        select p.number, {group.value} as value from (
            select m.number, {ENTITY_ID.sql("m.entity")} as entity, {CUSTOMER_ID.sql("m.customer_id")} as customer_id
            from {table} m where {where.sql}
        ) p {group.join}
        """,
        *args,
    )
    names = list(dict.fromkeys(value for _, value in rows))
    places = {name: place for place, name in enumerate(names)}
    place = np.full(await view.conn.fetchval(f"select max(number) + 1 from {table}"), -1)
    for number, value in rows:
        place[number] = places[value]
    return _Groups(names, place)


def _add(
    found: KeptSums, rows: Sequence[Any], groups: _Groups, first: date, last: date, wanted: Wanted
) -> None:
    parts, count = list[Entries](), 0
    for n, row in enumerate(rows, 1):
        entries: Entries = {
            name: np.frombuffer(row[name], _TYPES.get(name, _AMOUNT)) for name in ("day", *wanted.columns)
        }
        entries["day"] = entries["day"].astype(np.int64) + PACKED_FROM
        entries["group"] = groups.place[np.frombuffer(row["account"], _TYPES["account"])]
        if "due_on" in entries:
            due = entries["due_on"].astype(np.int64)
            entries["due_on"] = np.where(due == NO_DAY, 0, due + PACKED_FROM)
        counts = (entries["group"] >= 0) & (entries["day"] >= first.toordinal())
        counts &= (entries["day"] <= last.toordinal()) & wanted.which(entries)
        parts.append({name: values[counts] for name, values in entries.items()})
        count += int(np.count_nonzero(counts))
        if count >= _AT_ONCE or n == len(rows):
            joined = {
                name: np.concatenate([part[name] for part in parts]).astype(np.int64) for name in parts[0]
            }
            keys, amounts = wanted.by(joined), wanted.amounts(joined)
            for place, *rest in summed_by([joined["group"], *keys], amounts):
                found.add(groups.names[place], rest[: len(keys)], rest[len(keys) :])
            parts, count = [], 0


def starts_of(period: Period, days: Ints) -> Ints:
    """Return the first days of the periods of days. Weeks are ISO 8601."""
    match period:
        case "day":
            return days
        case "week":
            return days - (days - 1) % 7
        case "month":
            months = (days - _EPOCH).astype("datetime64[D]").astype("datetime64[M]")
            return months.astype("datetime64[D]").astype(np.int64) + _EPOCH
