"""Lists of alert rules and alerts, and digests to send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from dunning_svc.read_models.alerts.candidates import rule_of
from dunning_svc.read_models.cases.rows.access import select
from dunning_svc.read_models.cases.rows.alerts import AlertDigestRow, AlertRow, AlertRuleRow
from encours.contracts import decode
from encours.contracts.events.dunning.alerts import AlertDigestRequested, AlertRaised, AlertRuleSet
from encours.projection.read_model import Conn
from encours.reading.merges import records_of
from encours.reading.moment import View
from encours.reading.pages import Page
from encours.reading.where import ViewWhere

AlertStatus = Literal["open", "acknowledged"]
_ALERT = """(
  select alert_id, rule_code, customer_id, entity_id, day, position, document,
         case when known then 'acknowledged' else 'open' end as status,
         case when known then acknowledged_on end as acknowledged_on, case when known then note end as note
    from (select *, coalesce(acknowledged_position <= {position} and acknowledged_on <= {as_of}, false) as known
            from {schema}.alert where position <= {position} and day <= {as_of}) a) a"""


async def alert_rules(view: View) -> list[AlertRuleSet]:
    """Return the rules at the dates of the view, by code."""
    rows = await select(
        view.conn,
        view.schema,
        AlertRuleRow,
        "where position <= $1 and recorded_on <= $2 order by rule_code, position",
        view.time.position,
        view.time.as_of,
    )
    return list({row.rule_code: rule_of(row.document) for row in rows}.values())


async def alerts(
    view: View, page: Page, *, customer_id: str | None, rule: str | None, status: AlertStatus | None
) -> list[Any]:
    """Return a page of alerts at the dates of the view."""
    where = ViewWhere(view)
    source = _ALERT.format(schema=view.schema, position=where.position, as_of=where.as_of)
    where.one_of("customer_id", await records_of(view, customer_id))
    where.equal("rule_code", rule).equal("status", status)
    return await where.page(page, "*", source)


def alert_of(document: str) -> AlertRaised:
    """Return the alert of a row."""
    data = decode(AlertRaised.TYPE, AlertRaised.VERSION, document.encode())
    assert isinstance(data, AlertRaised)
    return data


async def requested_digests(
    conn: Conn, schema: str, ledger: str, effects_from: int, channel: str, limit: int
) -> list[AlertDigestRequested]:
    """Return the oldest digests by a channel without an outcome that are due for a try, after a position."""
    rows = await select(
        conn,
        schema,
        AlertDigestRow,
        """d where status = 'requested' and position > $1 and document::jsonb #>> '{address,channel}' = $4
             and not exists (
               select from encours_effects.attempt a where a.ledger = $3 and a.reminder_id = d.digest_id
                  and a.state = 'deferred' and a.next_try_at > now()) order by position limit $2""",
        effects_from,
        limit,
        ledger,
        channel,
    )
    found = [
        decode(AlertDigestRequested.TYPE, AlertDigestRequested.VERSION, row.document.encode()) for row in rows
    ]
    return [each for each in found if isinstance(each, AlertDigestRequested)]


async def alerts_by_id(conn: Conn, schema: str, ids: Sequence[str]) -> list[AlertRaised]:
    """Return alerts in the order of the ledger."""
    rows = await select(conn, schema, AlertRow, "where alert_id = any($1) order by position", list(ids))
    return [alert_of(row.document) for row in rows]
