"""Queries of the review: findings follow from the lists when they are asked for, so that none can be missed.

A finding is dismissed while a dismissal has the facts that it has now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from encours.contracts.events.sales.review import FindingKind
from encours.contracts.parties import Survivors
from encours.ledger import Ledger
from encours.reading.merges import merged_sql, survivors_at
from encours.reading.moment import WAIT_S, PositionNotReached, TimeTravel, View
from encours.reading.read_db import ReadDb
from encours.reading.where import ViewWhere
from invoice_svc.domain.review.decide import FoundNow
from invoice_svc.read_models.reviews.sources import AFTER, MERGED, SOURCES

if TYPE_CHECKING:
    from encours.reading.pages import Page

NAME = "invoices"
Severity = Literal["high", "medium", "low"]
FindingStatus = Literal["open", "dismissed"]
_FOUND = (
    "finding_id, kind, severity, entity_id, customer_id, currency, amount_minor, found_on, documents, positions, "
    "facts"
)
_COLUMNS = f"{_FOUND}, detail, dismissed_on, cause, actor"
_FINDINGS = """
    select found.*, dismissed.dismissed_on, dismissed.cause, dismissed.actor
    from (
        select 'fnd_' || md5(kind || ':' || subject) as finding_id,
            md5(concat_ws('|', array_to_string(positions, ','), amount_minor, state)) as facts, every.*
        from ({sources}) every
    ) found
    left join lateral (
        select d.dismissed_on, d.cause, d.actor from {schema}.dismissal d
        where d.finding_id = found.finding_id and d.facts = found.facts
            and d.position <= {position} and d.dismissed_on <= {as_of}
        order by d.position limit 1
    ) dismissed on true
"""


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Restrictions of a list of findings. ``document`` is one that a finding is about."""

    kind: FindingKind | None = None
    severity: Severity | None = None
    status: FindingStatus | None = None
    entity_id: str | None = None
    customer_id: str | None = None
    document: str | None = None
    after_days: int = 0


async def findings(view: View, page: Page, wanted: FindingFilter) -> list[Any]:
    """Rows of a page of findings at the question's dates."""
    merged = await survivors_at(view)
    where = ViewWhere(view).equal("entity_id", wanted.entity_id).equal("severity", wanted.severity)
    if wanted.customer_id is not None:
        where.one_of("customer_id", merged.records(wanted.customer_id))
    if wanted.document is not None:
        where.add("{} = any(documents)", wanted.document)
    if wanted.status is not None:
        where.add("dismissed_on is null" if wanted.status == "open" else "dismissed_on is not null")
    return await where.page(page, _COLUMNS, f"({_source(view, where, wanted, merged)}) listed")


def _source(view: View, where: ViewWhere, wanted: FindingFilter, merged: Survivors) -> str:
    dates = {"schema": view.schema, "position": where.position, "as_of": where.as_of}
    chosen = list(SOURCES.values()) if wanted.kind is None else [SOURCES[wanted.kind]]
    if any(AFTER in source for source in chosen):  # PostgreSQL refuses an argument that is not used
        dates["after"] = f"{where.arguments.add(wanted.after_days)}::int"
    if any(MERGED in source for source in chosen):
        dates["merged"] = merged_sql(merged, where.arguments)
    sources = " union all ".join(source.format(**dates) for source in chosen)
    return _FINDINGS.format(sources=sources, **dates)


@dataclass(frozen=True, slots=True)
class FindingsNow:
    """Finds a finding in the books of now (:class:`invoice_svc.use_cases.reviews.FindingOfNow`)."""

    db: ReadDb
    ledger: Ledger

    async def __call__(self, ledger: str, finding_id: str, today: date) -> FoundNow | None:
        """Return the finding, however few days old it is; ``None`` if there is none.

        The read model has to reach the ledger's head of this moment first. Raises :class:`PositionNotReached` if it
        does not within two seconds.
        """
        head = await self.ledger.head(ledger)
        if not await self.db.wait_for(NAME, ledger, head.position, timeout=WAIT_S):
            raise PositionNotReached(NAME, head.position)
        async with self.db.snapshot(NAME, ledger) as moment:
            time = TimeTravel(today, moment.position, None, is_now=True)
            view = View(moment.conn, moment.schema, time, granted=None)
            where = ViewWhere(view, entity=None).equal("finding_id", finding_id)
            source = _source(view, where, FindingFilter(), await survivors_at(view))
            row = await moment.conn.fetchrow(
                f"select {_FOUND} from ({source}) listed where {where.sql}", *where.arguments
            )
        return None if row is None else _found(row)


def _found(row: Any) -> FoundNow:
    return FoundNow(
        finding_id=row["finding_id"],
        kind=row["kind"],
        entity_id=row["entity_id"],
        customer_id=row["customer_id"],
        currency=row["currency"],
        amount_minor=row["amount_minor"],
        facts=row["facts"],
        documents=tuple(row["documents"]),
        positions=tuple(row["positions"]),
    )
