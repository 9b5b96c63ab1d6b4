"""Identity of a line: the bank's reference if it gives one, else its content; and its place among equals of the day.

The same line has the same id in every file of the format that states it. Banks repeat references, so day and amount
belong to both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

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


class IdentifiedLine(NamedTuple):
    """A line with its id and its place among equals of the day, from 1."""

    line: StatedLine
    line_id: str
    place: int


def identify(
    account_id: str, announced: str | None, lines: Sequence[StatedLine], before: Mapping[LineKey, int]
) -> list[IdentifiedLine]:
    """Return the lines with their ids. ``before``: numbers of equal lines that stand before them on the day.

    ``announced`` is the kind of a report whose lines a statement books later; those are other lines.
    """
    places: Counter[LineKey] = Counter(before)
    found = []
    for line in lines:
        key = key_of(line)
        places[key] += 1
        line_id = derived_id("bln", account_id, announced or "", *key, places[key])
        found.append(IdentifiedLine(line, line_id, places[key]))
    return found
