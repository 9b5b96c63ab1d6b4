"""Instruments that bank lines may pay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from invoice_svc.domain.bank_line import decide
from invoice_svc.domain.bank_line.state import BankLine
from invoice_svc.domain.instrument.numbers import numbers_in

if TYPE_CHECKING:
    from encours.projection.read_model import Conn


async def instruments_of_lines(
    conn: Conn, schema: str, states: Iterable[BankLine]
) -> Mapping[str, tuple[str, ...]]:
    """Return the ids of instruments with number and amount of a line, by the line."""
    lines = {decide.stated(state).line_id: state for state in states}
    named = {line_id: numbers_in(decide.stated(state)) for line_id, state in lines.items()}
    rows = await conn.fetch(
        f"""select instrument_id, entity_id, number, currency, amount_minor from {schema}.instrument
            where entity_id = any($1::text[]) and number = any($2::text[])
              and status in ('in_hand', 'remitted', 'unconfirmed', 'cleared')""",
        list({state.entity_id for state in lines.values()}),
        list({number for numbers in named.values() for number in numbers}),
    )
    found = {}
    for line_id, state in lines.items():
        line = decide.stated(state)
        amount = (state.entity_id, line.currency, line.amount_minor)
        found[line_id] = tuple(
            row["instrument_id"]
            for row in rows
            if (row["entity_id"], row["currency"], row["amount_minor"]) == amount
            and row["number"] in named[line_id]
        )
    return found
