"""Thank-yous: fold, and queries of the run of a day, of the outbox and of lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

from msgspec.structs import replace

from dunning_svc.read_models.cases.composition import Group
from dunning_svc.read_models.cases.rows.access import Rows, existing, select
from dunning_svc.read_models.cases.rows.thanks import ThankedRow, ThanksRow
from encours.contracts import Recorded, decode, encode
from encours.contracts.events.dunning.thanks import (
    ThanksFailed,
    ThanksRequested,
    ThanksSent,
    ThanksSuppressed,
    ThanksUnconfirmed,
)
from encours.projection.read_model import Conn
from encours.reading.merges import records_of
from encours.reading.moment import View
from encours.reading.pages import Page
from encours.reading.where import ViewWhere

ThanksStatus = Literal["requested", "sent", "failed", "unconfirmed", "suppressed"]
ThanksOutcome = ThanksSuppressed | ThanksSent | ThanksFailed | ThanksUnconfirmed
_STATUS: Mapping[type[ThanksOutcome], ThanksStatus] = {
    ThanksSuppressed: "suppressed",
    ThanksSent: "sent",
    ThanksFailed: "failed",
    ThanksUnconfirmed: "unconfirmed",
}
_PAGE = 500


def thanks_requested(e: Recorded, data: ThanksRequested, rows: Rows) -> None:
    """Store a thank-you, and the settlements that it is for."""
    rows.put(
        ThanksRow(
            thanks_id=data.thanks_id,
            customer_id=data.customer_id,
            entity_id=e.entity,
            day=data.day,
            position=e.position,
            document=encode(data).decode(),
        )
    )
    for each in data.invoices:
        rows.put(ThankedRow(invoice_id=each.invoice_id, settled_at=each.settled_at))


def thanks_concluded(e: Recorded, data: ThanksOutcome, rows: Rows) -> None:
    """Store the outcome. The settlements of one that was suppressed may be thanked for later."""
    row = existing(rows, ThanksRow, data.thanks_id)
    if isinstance(data, ThanksSuppressed):
        row = replace(row, cause=data.cause, because=" ".join(map(str, data.because)))
        for each in request_of(row.document).invoices:
            rows.put(ThankedRow(invoice_id=each.invoice_id, settled_at=each.settled_at, suppressed=True))
    else:
        evidence = "" if isinstance(data, ThanksUnconfirmed) else data.evidence
        row = replace(row, message_id=data.message_id, evidence=evidence or None)
    status = _STATUS[type(data)]
    rows.put(replace(row, status=status, outcome_position=e.position, outcome_on=e.effective_on))


def request_of(document: str) -> ThanksRequested:
    """Return the decision of a row."""
    data = decode(ThanksRequested.TYPE, ThanksRequested.VERSION, document.encode())
    assert isinstance(data, ThanksRequested)
    return data


async def settled_groups(
    conn: Conn, schema: str, first_day: date, after: str
) -> Mapping[Group, Sequence[str]]:
    """Return the invoices settled since the opening of a day and not thanked for, of the customers after one.

    In the order of customers, at most some hundred of them; empty at the end.
    """
    rows = await conn.fetch(
        f"""with since as (select min(position) as position from {schema}.run where day >= $1),
                 settled as (
                   select i.customer_id, i.entity_id, i.currency, i.invoice_id
                     from {schema}.item i, since
                    where i.settled_at > since.position and i.settled_at > 0 and i.customer_id > $2
                      and not exists (select from {schema}.thanked t
                                       where t.invoice_id = i.invoice_id and t.settled_at = i.settled_at
                                          and not t.suppressed)),
                 page as (select distinct customer_id from settled order by customer_id limit {_PAGE})
            select customer_id, entity_id, currency, array_agg(invoice_id order by invoice_id) as invoices
              from settled join page using (customer_id) group by 1, 2, 3 order by 1, 2, 3""",
        first_day,
        after,
    )
    return {(row[0], row[1], row[2]): row["invoices"] for row in rows}


async def requested_thanks(
    conn: Conn, schema: str, ledger: str, effects_from: int, limit: int
) -> Sequence[ThanksRow]:
    """Return the oldest thank-yous without an outcome that are due for a try, after a position: loaded history is not
    sent."""
    return await select(
        conn,
        schema,
        ThanksRow,
        """t where status = 'requested' and position > $1 and not exists (
             select from encours_effects.attempt a where a.ledger = $3 and a.reminder_id = t.thanks_id
                and a.state = 'deferred' and a.next_try_at > now()) order by position limit $2""",
        effects_from,
        limit,
        ledger,
    )


_THANKS = """(
  select thanks_id, customer_id, entity_id, day, position, document,
         case when known then status else 'requested' end as status, case when known then cause end as cause,
         case when known then because else '' end as because, case when known then message_id end as message_id,
         case when known then evidence end as evidence, case when known then outcome_on end as outcome_on
    from (select *, coalesce(outcome_position <= {position} and outcome_on <= {as_of}, false) as known
            from {schema}.thanks where position <= {position} and day <= {as_of}) t) t"""


async def thank_yous(
    view: View, page: Page, *, customer_id: str | None, status: ThanksStatus | None
) -> list[Any]:
    """Return a page of thank-yous at the dates of the view."""
    where = ViewWhere(view)
    source = _THANKS.format(schema=view.schema, position=where.position, as_of=where.as_of)
    where.one_of("customer_id", await records_of(view, customer_id)).equal("status", status)
    return await where.page(page, "*", source)
