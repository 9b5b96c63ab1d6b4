"""Invoices that debtors promised to pay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from encours.http.answers import Json
from encours.reading.moment import View
from invoice_svc.domain.invoice.status import promised
from invoice_svc.read_models.promises.query import ever_promised, promised_until


async def with_promises(view: View, invoices: Sequence[Json]) -> bool:
    """Set the collection status of answers to ``promised`` where a promise is in force on their day.

    Returns True if none of the invoices was ever promised, so that their streams say all.
    """
    ids = [each["id"] for each in invoices]
    if not await ever_promised(view, ids):
        return True
    until = await promised_until(view, ids)
    for each in invoices:
        status = each["status"]
        day = date.fromisoformat(each["as_of"])
        each["status"] = status | {"collection": promised(status["collection"], until.get(each["id"]), day)}
    return False
