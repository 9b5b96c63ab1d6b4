"""Promises to judge on a day, with what was received of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import structlog

from dunning_svc.domain.promise.decide import Received
from dunning_svc.read_models.cases.composition import Group
from dunning_svc.read_models.cases.due import Unserved
from dunning_svc.read_models.cases.fold.promises import received_of
from dunning_svc.read_models.cases.rows.access import select
from dunning_svc.read_models.cases.rows.promises import PromiseRow
from dunning_svc.read_models.cases.rows.receivables import AccountRow, ItemRow
from encours.contracts.parties import Survivors, related
from encours.projection.read_model import Conn
from encours.reading.merges import merges

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PromiseToJudge:
    """A promise and what was received of it; ``group``: customer, creditor, currency."""

    promise_id: str
    group: Group
    received: Received


Judging = tuple[list[PromiseToJudge], list[Unserved]]
"""Promises to judge, and customers with one that cannot be judged because of a fault."""


async def to_judge(conn: Conn, schema: str, day: date) -> Judging:
    """Return open promises whose days of grace are over, and judged ones with an invoice that moved since."""
    found = await select(
        conn,
        schema,
        PromiseRow,
        f"""where (status = 'open' and suspended_until < $1)
               or (status in ('kept', 'partly_kept', 'broken') and exists (
                     select from {schema}.item i where i.invoice_id = any(promise.invoice_ids)
                        and split_part(i.events, ' ', -1)::bigint > promise.judged_position))
            order by position""",
        day,
    )
    if not found:
        return [], []
    known = await merges(conn, schema)
    invoice_ids = sorted({each for row in found for each in row.invoice_ids})
    items = await select(conn, schema, ItemRow, "where invoice_id = any($1)", invoice_ids)
    records = sorted(related({row.customer_id for row in found}, known))
    accounts = await select(conn, schema, AccountRow, "where customer_id = any($1)", records)
    return judged_with(found, {row.invoice_id: row for row in items}, accounts, Survivors(known, day))


def judged_with(
    found: Sequence[PromiseRow],
    items: Mapping[str, ItemRow],
    accounts: Sequence[AccountRow],
    merged: Survivors,
) -> Judging:
    """Return promises with what was received of them, by rows; cash of all records of the debtor on the day counts.

    One that cannot be judged never stops the others.
    """
    made: list[PromiseToJudge] = []
    unserved: list[Unserved] = []
    for row in found:
        group = row.customer_id, row.entity_id, row.currency
        own = merged.records(row.customer_id)
        cash = sum(
            each.unapplied_minor
            for each in accounts
            if each.customer_id in own and (each.entity_id, each.currency) == (row.entity_id, row.currency)
        )
        about = [items[each] for each in row.invoice_ids if each in items]
        try:
            made.append(PromiseToJudge(row.promise_id, group, received_of(row, about, cash)))
        except Exception as error:  # whatever the fault is, the others are judged
            unserved.append(unjudged(row.promise_id, group, error))
    return made, unserved


def unjudged(promise_id: str, group: Group, error: Exception) -> Unserved:
    """Return the customer of a promise that cannot be judged, with the fault; it is logged."""
    log.error("promise.unjudged", promise_id=promise_id, exc_info=error)
    return Unserved.of(group, error, f"Promise {promise_id} cannot be judged: ")
