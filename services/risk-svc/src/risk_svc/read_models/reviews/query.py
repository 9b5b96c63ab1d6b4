"""Query of the review diary: customers with a limit or with exposure, and what the file of each has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any

from encours.contracts.parties import Survivors
from encours.reading.merges import survivors_at
from encours.reading.moment import View
from encours.reading.pages import Page
from encours.reading.where import ViewWhere
from risk_svc.domain.picture import Picture
from risk_svc.domain.proposal.review import Renewal
from risk_svc.read_models.credit.query import pictures
from risk_svc.read_models.file.query import ToldFact, accounts_filed, unanswered_facts

_CLOSED = """
select customer_id, max(closed_on) as closed_on from {s}.financials
where customer_id = any($1) and position <= $2 and effective_on <= $3 group by customer_id
"""
_POSTPONED = """
select distinct on (customer_id) customer_id, until, position from {s}.postponed_review
where customer_id = any($1) and position <= $2 and effective_on <= $3 order by customer_id, position desc
"""
_RENEWALS = """
select customer_id, valid_from, valid_until from {s}.limit_request
where customer_id = any($1) and state = 'approved' and decided_position <= $2 and decided_on <= $3 and valid_from > $3
order by customer_id, valid_from, decided_position
"""
_AGREED = """
select distinct customer_id as record, null as guarantee_id from {s}.risk_terms
where customer_id = any($1) and accepted and answered_position <= $2 and answered_on <= $3
union all
select customer_id, guarantee_id from {s}.guarantee where customer_id = any($1) and taken_position <= $2
"""


@dataclass(frozen=True, slots=True)
class AcceptedTerms:
    """Records of a customer that have accepted terms, and the guarantees that it has given."""

    records: Sequence[str]
    guarantees: Sequence[str]


@dataclass(frozen=True, slots=True)
class Postponed:
    """The last postponement of a review, and the position at which it was made."""

    until: date
    position: int


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Customers that may need a review, with their figures."""

    rows: Sequence[Any]
    pictures: Mapping[str, Picture]
    closed_on: Mapping[str, date]
    postponed: Mapping[str, Postponed]
    renewals: Mapping[str, Sequence[Renewal]]
    told: Mapping[str, Sequence[ToldFact]]
    agreed: Mapping[str, AcceptedTerms]
    """By customer, of those that have accepted terms."""


async def reviewable(view: View, page: Page, *, entity_id: str | None) -> ReviewPage:
    """Return one page of the customers that have had a limit, exposure, a told fact or terms, ordered by their ids.

    Among them are those who pay for others or head a group: they hold the limit for exposure that is not their own.
    """
    merged = await survivors_at(view)
    where = ViewWhere(view).equal("entity_id", entity_id)
    where.add(f"from_position <= {where.position}")
    where.add(
        f"""(exists (select from {view.schema}.exposure x where x.customer_id = c.customer_id)
             or exists (select from {view.schema}.limit_request l where l.customer_id = c.customer_id)
             or exists (select from {view.schema}.roles r
                        where c.customer_id in (r.payer_id, r.group_id))
             or exists (select from {view.schema}.told_fact n where n.customer_id = c.customer_id)
             or exists (select from {view.schema}.risk_terms t
                        where t.customer_id = c.customer_id and t.accepted)
             or exists (select from {view.schema}.merge m where m.into_id = c.customer_id))"""
    )
    if merged.merged:
        where.add("customer_id not in (select unnest({}::text[]))", list(merged.merged))
    rows = await where.page(page, "customer_id", f"{view.schema}.customer c")
    shown = [row["customer_id"] for row in rows[: page.limit]]
    time = view.time
    records = [record for each in shown for record in merged.records(each)]
    asked = (records, time.position, time.as_of)
    closed: dict[str, date] = {}
    reported = [
        (row["customer_id"], row["closed_on"])
        for row in await view.conn.fetch(_CLOSED.format(s=view.schema), *asked)
    ]
    for record, day in (*reported, *(await accounts_filed(view, records)).items()):
        debtor = merged.of(record)
        closed[debtor] = max(day, closed.get(debtor, day))
    postponed = await view.conn.fetch(_POSTPONED.format(s=view.schema), *asked)
    renewals: defaultdict[str, list[Renewal]] = defaultdict(list)
    for row in await view.conn.fetch(_RENEWALS.format(s=view.schema), shown, time.position, time.as_of):
        renewals[row["customer_id"]].append(Renewal(row["valid_from"], row["valid_until"]))
    return ReviewPage(
        rows,
        await pictures(view.conn, view.schema, shown, as_of=time.as_of, position=time.position),
        closed,
        {
            merged.of(row["customer_id"]): Postponed(row["until"], row["position"])
            for row in sorted(postponed, key=itemgetter("position"))
        },
        renewals,
        await unanswered_facts(view, shown, merged),
        _agreed(await view.conn.fetch(_AGREED.format(s=view.schema), *asked), merged),
    )


def _agreed(rows: Sequence[Any], merged: Survivors) -> dict[str, AcceptedTerms]:
    records: defaultdict[str, list[str]] = defaultdict(list)
    guarantees: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        debtor, guarantee_id = merged.of(row["record"]), row["guarantee_id"]
        if guarantee_id is None:
            records[debtor].append(row["record"])
        else:
            guarantees[debtor].append(guarantee_id)
    return {debtor: AcceptedTerms(found, guarantees[debtor]) for debtor, found in records.items()}
