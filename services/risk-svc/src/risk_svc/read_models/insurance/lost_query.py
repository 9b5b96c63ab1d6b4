"""Lost claims of a past period, from the movements as of each deadline's last day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from msgspec.structs import replace as with_fields

from encours.contracts.insured.claims import InsuredBook, InsuredInvoice
from encours.reading.insured import insured_invoice
from encours.reading.merges import survivors
from risk_svc.domain.insurance.backtest import LostClaim, PassedDeadline, lost, passed_deadlines
from risk_svc.read_models.insurance.query import Moment, books, proceedings, schedules_of

_ISSUED = """
select i.customer_id, i.invoice_id, i.number, i.currency, i.issued_on, i.due_on, i.net_minor, i.total_minor,
       i.total_minor as open_minor, 0::bigint as disputed_minor
from {s}.invoice i join {s}.customer c on c.customer_id = i.customer_id
where c.entity_id = $1 and i.issued_position <= $2 and not i.is_penalty and i.currency = $5
  and i.due_on >= $3 and i.issued_on <= $4
order by i.due_on, i.invoice_id
"""
_OPEN_ON = """
select asked.invoice_id, asked.day, (sum(m.open_minor) - sum(m.conceded_minor))::bigint as open_minor,
       (sum(m.disputed_minor) - sum(m.conceded_minor))::bigint as disputed_minor
from unnest($1::text[], $2::date[]) as asked(invoice_id, day)
join {s}.invoice i on i.invoice_id = asked.invoice_id
join {s}.movement m on m.customer_id = i.customer_id and m.invoice_id = i.invoice_id
where m.effective_on <= asked.day and m.position <= $3
group by asked.invoice_id, asked.day
"""


async def lost_claims_of(
    moment: Moment, contract_id: str, first: date, last: date, *, assume_cover: bool
) -> tuple[str, list[LostClaim]]:
    """Return the currency of a contract, and its claims that the deadlines of a period have lost, earliest first.

    The contract is the one in force at the dates of the question, whatever it was at the time. A deadline that has not
    passed by then is none of them.
    """
    last = min(last, moment.as_of - timedelta(days=1))
    [book] = await books(moment, [contract_id])
    book = await _with_issued(moment, book, first, last)
    passed = passed_deadlines(book, first, last, assume_cover=assume_cover)
    open_on = await _open_on(moment, passed)
    return book.contract.currency, lost(book, passed, open_on, assume_cover=assume_cover)


async def _with_issued(moment: Moment, book: InsuredBook, first: date, last: date) -> InsuredBook:
    """Return the book with all invoices whose deadlines may lie in the period, paid ones too.

    Insolvency proceedings bring deadlines forward, so an invoice may be due after the period.
    """
    terms = book.contract.conditions
    back = timedelta(days=terms.longest_extension_days + max(terms.hand_over_days, terms.notice_days) + 31)
    rows = await moment.fetch(
        _ISSUED.format(s=moment.schema),
        book.contract.entity_id,
        moment.position,
        first - back,
        last,
        book.contract.currency,
    )
    merged = await survivors(moment.conn, moment.schema, moment.as_of, moment.position)
    schedules = await schedules_of(moment, [row["invoice_id"] for row in rows])
    invoices = tuple(
        insured_invoice(row, merged.of(row["customer_id"]), schedules.get(row["invoice_id"])) for row in rows
    )
    debtors = sorted({each.customer_id for each in invoices})
    return replace(book, invoices=invoices, insolvent_since=await proceedings(moment, debtors, merged))


async def _open_on(moment: Moment, passed: list[PassedDeadline]) -> dict[tuple[str, date], InsuredInvoice]:
    asked = {(each.invoice.invoice_id, each.last_day): each.invoice for each in passed}
    rows = await moment.fetch(
        _OPEN_ON.format(s=moment.schema),
        [key[0] for key in asked],
        [key[1] for key in asked],
        moment.position,
    )
    return {
        (row["invoice_id"], row["day"]): with_fields(
            asked[row["invoice_id"], row["day"]],
            open_minor=row["open_minor"],
            disputed_minor=row["disputed_minor"],
        )
        for row in rows
    }
