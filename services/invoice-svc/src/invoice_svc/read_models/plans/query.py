"""Queries of the list of payment plans, and of the plans that a day may keep or break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from encours.contracts.parties import Survivors
from encours.contracts.settlement import Funds
from encours.reading.merges import merges, records_of
from encours.reading.read_db import ReadDb
from encours.reading.where import ViewWhere
from invoice_svc.domain.plan.state import PlanStatus

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View
    from encours.reading.pages import Page

NAME = "invoices"
_STATUS = """{{}} = (
    select s.status from {schema}.plan_status s
    where s.plan_id = plan.plan_id and s.position <= {position} and s.effective_on <= {as_of}
    order by s.position desc limit 1)"""
_STANDING = """
    select p.plan_id, p.entity_id, p.status, p.total_minor, p.settled_minor, p.grace_days, p.instalments,
        sum(i.outstanding_minor)::bigint as open_minor,
        sum(least(pi.amount_minor, greatest(0, i.outstanding_minor - i.disputed_minor)))::bigint as left_minor,
        sum(i.total_minor - i.paid_minor - greatest(0, i.outstanding_minor - i.disputed_minor))::bigint
            as reduced_minor
    from {schema}.plan p join {schema}.plan_invoice pi using (plan_id) join {schema}.invoice i using (invoice_id)
    where p.status = 'in_force' or (p.status = 'kept' and i.outstanding_minor > 0)
    group by p.plan_id order by p.plan_id
"""


async def plans(
    view: View,
    page: Page,
    *,
    entity_id: str | None,
    customer_id: str | None,
    invoice_id: str | None,
    status: PlanStatus | None,
) -> list[Any]:
    """Rows of a page of payment plans, as of the question's dates."""
    where = ViewWhere(view).equal("entity_id", entity_id)
    where.one_of("customer_id", await records_of(view, customer_id))
    where.add(f"from_position <= {where.position} and agreed_on <= {where.as_of}")
    if invoice_id is not None:
        where.add(
            f"plan_id in (select plan_id from {view.schema}.plan_invoice where invoice_id = {{}})", invoice_id
        )
    if status is not None:
        where.add(_STATUS.format(schema=view.schema, position=where.position, as_of=where.as_of), status)
    return await where.page(page, "plan_id", f"{view.schema}.plan plan")


async def plans_to_judge(conn: Conn, schema: str, day: date) -> list[tuple[str, str]]:
    """Ids of plans that a day may keep, break or bring into force again, and their entities.

    A plan whose payments cover all instalments that are past their grace is left out. Every reduction of its invoices
    that is no payment counts as one since the plan was agreed, so that some are listed in vain and none is forgotten.
    """
    rows = await conn.fetch(_STANDING.format(schema=schema))
    return [(row["plan_id"], row["entity_id"]) for row in rows if may_change(row, day)]


def may_change(row: Any, day: date) -> bool:
    """Return false only for a plan that a day neither keeps nor breaks, from the sums of its invoices."""
    if row["status"] == "kept" or row["open_minor"] <= 0:
        return True
    last_day = day - timedelta(days=row["grace_days"] + 1)
    asked: int = row["settled_minor"]
    for instalment in row["instalments"]:
        due_on, amount_minor = instalment.split(" ")
        if date.fromisoformat(due_on) <= last_day:
            asked += int(amount_minor)
    paid: int = row["total_minor"] - row["left_minor"] - row["reduced_minor"]
    return asked > max(0, paid)


@dataclass(frozen=True, slots=True)
class CashOfRecords:
    """Finds unapplied cash for a plan (:class:`invoice_svc.use_cases.money.plans.UnappliedCash`)."""

    db: ReadDb

    async def __call__(self, ledger: str, customer_id: str, currency: str) -> Sequence[Funds]:
        """Return the unapplied cash of all records of the customer, by payment."""
        async with self.db.snapshot(NAME, ledger) as (conn, schema, _):
            own = Survivors(await merges(conn, schema), date.max)
            rows = await conn.fetch(
                f"""select sum(cash_minor)::bigint as cash_minor, max(available_on) as available_on
                    from {schema}.cash where customer_id = any($1::text[]) and currency = $2
                    group by payment_id having sum(cash_minor) > 0""",
                own.records(own.of(customer_id)),
                currency,
            )
        return [Funds(row["available_on"], row["cash_minor"]) for row in rows]
