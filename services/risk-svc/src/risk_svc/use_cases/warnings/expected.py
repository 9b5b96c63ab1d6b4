"""Early warnings that should have been judged by now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

from encours.contracts import Recorded
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.credit_warning import WarningRulesSet
from encours.ledger import Ledger
from encours.projection.read_model import Conn
from encours.reading.moment import Granted
from risk_svc.domain.warning.unjudged import UnjudgedWork, rules_on, unjudged
from risk_svc.read_models.warnings.judged import UnjudgedCustomers, judged_until

_EVENTS_AT_ONCE = 1_000


async def unjudged_work(
    ledger: Ledger, name: str, conn: Conn, granted: Granted, model: str, customers: UnjudgedCustomers
) -> list[UnjudgedWork]:
    """Return what is overdue now in a ledger; nothing in a sandbox, whose time does not pass by itself.

    Rules and days are read from the ledger, so that a read model that stands still hides none.
    """
    info = await ledger.info(name, fresh=True)
    if info.kind != "live":
        return []
    rules = [
        (e.position, e.data)
        async for e in _all(ledger, name, WarningRulesSet.TYPE, 0)
        if isinstance(e.data, WarningRulesSet) and (granted is None or e.entity in granted)
    ]
    judged = await judged_until(conn, model, info)
    opened = [
        (e.position, e.data.day)
        async for e in _all(ledger, name, DayOpened.TYPE, judged)
        if isinstance(e.data, DayOpened)
    ]
    now = (await ledger.clock(name)).now.astimezone(ZoneInfo(info.time_zone))
    return list(unjudged(now, opened, rules_on(rules), await customers.listed(name)))


async def _all(ledger: Ledger, name: str, kind: str, after: int) -> AsyncIterator[Recorded]:
    while page := await ledger.read_types(name, [kind], after, _EVENTS_AT_ONCE):
        for each in page:
            yield each
        after = page[-1].position
