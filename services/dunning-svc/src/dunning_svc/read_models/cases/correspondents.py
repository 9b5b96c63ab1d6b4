"""Queries on replies, and on customers by their addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from dunning_svc.domain.reply.state import ReplyStatus
from dunning_svc.read_models.cases.debtors import customers_of
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.rows.parties import DebtorRow
from encours.reading.merges import records_of
from encours.reading.moment import View
from encours.reading.pages import Page
from encours.reading.read_db import ReadDb
from encours.reading.where import ViewWhere

ReplyKindFilter = Literal["reply", "bounce", "receipt", "automatic", "unreadable"]
_LAST_MAX = 50

_REPLY = """(
  select reply_id, position, customer_id, entity_id, kind, document, seen as judged,
         case when coalesce(closed_position <= {position} and closed_on <= {as_of}, false)
              then 'done' else 'open' end as status
    from (select *, array(select entry from unnest(judged) entry where split_part(entry, ' ', 3)::bigint <= {position}
                             and split_part(entry, ' ', 4)::date <= {as_of}) as seen
            from {schema}.reply where position <= {position} and received_on <= {as_of}) r) r"""


class KnownCorrespondents:
    """Customers of a ledger by their addresses, in the state of the read model."""

    def __init__(self, db: ReadDb, ledger: str) -> None:
        self._db = db
        self._ledger = ledger

    async def last_mail_to(self, addresses: Sequence[str]) -> str | None:
        """Return the last e-mail reminder to the customer with one of these addresses; None for several customers."""
        wanted = [address.lower() for address in addresses]
        async with self._db.snapshot(MODEL, self._ledger) as (conn, schema, _):
            rows = await conn.fetch(
                f"""select r.reminder_id, r.customer_id from {schema}.reminder r
                     where r.channel = 'email' and r.status in ('sent', 'unconfirmed') and r.customer_id in (
                       select c.customer_id from {schema}.customer c where lower(c.email) = any($1) or exists (
                         select from unnest(c.people) entry where lower(split_part(entry, ' ', 2)) = any($1)))
                     order by r.position desc limit {_LAST_MAX}""",
                wanted,
            )
        customers = {row["customer_id"] for row in rows}
        found: str | None = rows[0]["reminder_id"] if len(customers) == 1 else None
        return found

    async def debtor(self, customer_id: str) -> DebtorRow | None:
        """Return a customer."""
        async with self._db.snapshot(MODEL, self._ledger) as (conn, schema, _):
            return (await customers_of(conn, schema, [customer_id])).get(customer_id)


async def replies(
    view: View,
    page: Page,
    *,
    customer_id: str | None,
    kind: ReplyKindFilter | None,
    status: ReplyStatus | None,
) -> list[Any]:
    """Return a page of incoming messages at the dates of the view."""
    where = ViewWhere(view)
    source = _REPLY.format(schema=view.schema, position=where.position, as_of=where.as_of)
    where.one_of("customer_id", await records_of(view, customer_id))
    where.equal("kind", kind).equal("status", status)
    return await where.page(page, "*", source)
