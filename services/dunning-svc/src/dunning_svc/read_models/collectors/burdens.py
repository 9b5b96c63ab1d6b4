"""Customers that count in a rebalancing, with the collectors whose portfolio they are in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from dunning_svc.domain.collector.commands import Rebalance
from dunning_svc.domain.collector.ownership import Team
from dunning_svc.domain.collector.rebalance import Burden, RebalanceRefused, shares
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.collectors.query import owners, team_on
from encours.ledger import Ledger
from encours.reading.merges import survivors_at
from encours.reading.moment import WAIT_S, PositionNotReached, TimeTravel, View
from encours.reading.read_db import ReadDb


@dataclass(frozen=True, slots=True)
class Burdens:
    """Weights of the collectors, and what they look after."""

    weights: Mapping[str, int]
    burdens: list[Burden]


async def burdens_on(ledger: Ledger, db: ReadDb, name: str, wanted: Rebalance, day: date) -> Burdens:
    """Return the customers with open invoices whose portfolio is that of a named collector on a day.

    Raises :class:`RebalanceRefused`, and ``position-not-reached`` if the read model lags: a collector may be new.
    """
    if wanted.by == "value" and wanted.currency is None:
        raise RebalanceRefused("The measure `value` needs a currency.", "/currency")
    head = await ledger.head(name)
    if not await db.wait_for(MODEL, name, head.position, timeout=WAIT_S):
        raise PositionNotReached(MODEL, head.position)
    async with db.snapshot(MODEL, name) as (conn, schema, position):
        view = View(conn, schema, TimeTravel(day, position, None, is_now=True), None)
        team = await team_on(view, day)
        weights = shares({code: _capacity(team, code) for code in wanted.collectors})
        open_minor = await _open(view, wanted.currency)
        owned = await owners(view, team, open_minor)
    found = [
        Burden(customer_id, owner.holder, amount_minor if wanted.by == "value" else 1)
        for customer_id, amount_minor in sorted(open_minor.items())
        if (owner := owned[customer_id]) is not None and owner.holder in weights
    ]
    return Burdens(weights, found)


def _capacity(team: Team, code: str) -> int | None:
    if code not in team.records:
        raise RebalanceRefused(f"The collector {code} is not in force on {team.day}.", "/collectors")
    return team.records[code].capacity


async def _open(view: View, currency: str | None) -> dict[str, int]:
    """Return the open amounts of customers, in one currency if one is given."""
    rows = await view.conn.fetch(
        f"""select customer_id, sum(open_minor)::bigint from {view.schema}.item
             where open_minor > 0 and ($1::text is null or currency = $1) group by 1""",
        currency,
    )
    merged = await survivors_at(view)
    found: dict[str, int] = {}
    for customer_id, amount_minor in rows:
        survivor = merged.of(customer_id)
        found[survivor] = found.get(survivor, 0) + amount_minor
    return found
