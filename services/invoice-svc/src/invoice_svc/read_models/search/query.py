"""Ways in which the text of a search can match an invoice or a customer, the best first.

The list asks for one way after the other until the page is full, so that a text that fits a million invoices by their
number costs no look at their lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from encours.contracts.parties import Survivors
from encours.reading.merges import survivors_at
from encours.reading.where import ViewWhere
from invoice_svc.read_models.search.rows import CURRENT, WORDS
from invoice_svc.read_models.search.words import CURRENCIES, SearchText, one_line

if TYPE_CHECKING:
    from encours.reading.moment import View
    from encours.reading.where import Arguments

Matched = Literal["number", "amount", "reference", "customer", "text"]
_SETTINGS = """set local plan_cache_mode = force_custom_plan;
    set local pg_trgm.word_similarity_threshold = 0.4"""
"""A plan for each text: one for all would read every match of a word that all invoices have. Two letters
of six in the wrong order leave three of seven trigrams."""
_LEAST_MISSPELT = 4
"""Characters of a name from which on it may be misspelt. A shorter text has so few trigrams that each name of 20,000
would be compared (140 ms)."""
_WORDS_MATCH = f"{WORDS} @@ {{}}::tsquery"


@dataclass(frozen=True, slots=True)
class Way:
    """A way to match: a condition on ``listed`` invoices and their ``content``; ``{}`` in it stands for each value."""

    matched: Matched
    condition: str
    values: tuple[Any, ...]

    def sql(self, arguments: Arguments) -> str:
        """Return the condition with its values as arguments of a statement."""
        return f"({self.condition.format(*map(arguments.add, self.values))})"


async def ways(view: View, text: str) -> list[Way]:
    """Return the ways in which a text can match invoices; none if it has neither letters nor digits."""
    asked = SearchText.of(text)
    if asked is None:
        return []
    merged = await survivors_at(view)
    named = _records(merged, await customers_named(view, text))
    beside = _records(merged, await customers_named(view, asked.name_beside))
    exact, *others = [_number(query) for query in asked.numbers]
    found = [exact, *_beside(asked, beside), *_amount(asked.amounts)]
    found += [Way("reference", _WORDS_MATCH, (asked.reference,)), *others]
    found += [_of_customers(ids) for ids in named if ids]
    return [*found, Way("text", _WORDS_MATCH, (asked.text,))]


def of_content(view: View, where: ViewWhere, *, now: bool) -> str:
    """Return the condition that a row of ``content`` is that of its invoice at the dates of the view."""
    if now:
        return f"content.edition = {CURRENT}"
    return f"""content.from_position <= {where.position} and content.from_on <= {where.as_of} and not exists (
        select from {view.schema}.invoice_words later where later.invoice_id = content.invoice_id
            and later.from_position > content.from_position
            and later.from_position <= {where.position} and later.from_on <= {where.as_of})"""


async def customers_named(view: View, name: str) -> tuple[list[str], list[str]]:
    """Return ids of customers whose name holds the text, and of those whose name is like it."""
    name = one_line(name)
    if not name:
        return [], []
    await view.conn.execute(_SETTINGS)
    where = ViewWhere(view)
    where.add(f"from_position <= {where.position} and (edition = {CURRENT} or edition > {where.position})")
    held = re.sub(r"([\\%_])", r"\\\1", name)
    holds = f"name_key like {where.arguments.add(f'%{held}%')}"
    alike = f"name_key %> {where.arguments.add(name)}" if len(name) >= _LEAST_MISSPELT else "false"
    rows = await view.conn.fetch(
        f"""select customer_id, {holds} as holds from {view.schema}.customer_name
            where {where.sql} and ({holds} or {alike})""",
        *where.arguments,
    )
    return _ids(row for row in rows if row["holds"]), _ids(row for row in rows if not row["holds"])


def _records(merged: Survivors, named: tuple[list[str], list[str]]) -> tuple[list[str], list[str]]:
    """Return the customers with all records of the same debtors, each once."""
    held, alike = ([record for each in ids for record in merged.records(each)] for ids in named)
    return list(dict.fromkeys(held)), [each for each in dict.fromkeys(alike) if each not in set(held)]


def _ids(rows: Iterator[Any]) -> list[str]:
    return [row["customer_id"] for row in rows]


def _number(query: str) -> Way:
    return Way("number", f"listed.number is not null and {_WORDS_MATCH}", (query,))


def _of_customers(ids: Sequence[str]) -> Way:
    return Way("customer", "content.customer_id = any({}::text[])", (list(ids),))


def _beside(asked: SearchText, named: tuple[list[str], list[str]]) -> Iterator[Way]:
    """Yield the way by a customer's name with digits of a number, or an amount, beside it."""
    ids = [*named[0], *named[1]]
    if not ids:
        return
    beside = [_number(asked.digits), *_amount(asked.amounts_beside)]
    for way in beside:
        condition = f"content.customer_id = any({{}}::text[]) and ({way.condition})"
        yield Way("customer", condition, (ids, *way.values))


def _amount(minor_by_decimals: dict[int, int]) -> Iterator[Way]:
    if minor_by_decimals:
        one = "content.total_minor = {} and content.currency = any({}::text[])"
        values = [
            value for decimals, minor in minor_by_decimals.items() for value in (minor, CURRENCIES[decimals])
        ]
        yield Way("amount", " or ".join([f"({one})"] * len(minor_by_decimals)), tuple(values))
