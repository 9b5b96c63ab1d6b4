"""Identity of a line: the bank's reference if it gives one, else its content; and its place among equals of the day.

The same line has the same id in every file of the format that states it. Banks repeat references, so day and amount
belong to both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from encours.kernel.ids import derived_id
from invoice_svc.domain.bank_statement.content import StatedLine

LineKey = tuple[object, ...]


def key_of(line: StatedLine) -> LineKey:
    """Return what makes a line the same in another file, without its place among equals."""
    day_and_amount = (line.is_booked, line.booked_on, line.amount_minor)
    if line.references.bank is not None:
        return (*day_and_amount, "reference", line.references.bank)
    references, party = line.references, line.party
    return (
        *day_and_amount, "content", line.value_on, references.end_to_end, references.creditor, party.name,
        party.account, line.text,
    )  # fmt: skip


def line_ids(
    account_id: str, announced: str | None, lines: Sequence[StatedLine], before: Mapping[LineKey, int]
) -> list[str]:
    """Return the ids of lines. ``before`` are how many equal lines stand before them on the day.

    ``announced`` is the kind of a report whose lines a statement books later; those are other lines.
    """
    places: Counter[LineKey] = Counter(before)
    found = []
    for key in map(key_of, lines):
        places[key] += 1
        found.append(derived_id("bln", account_id, announced or "", *key, places[key]))
    return found
